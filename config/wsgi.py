"""The door for gunicorn and other WSGI servers."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 - loads the pages, which would otherwise wait for the first request

# What is loaded by now stays as long as the server runs. Looking for garbage in it would make requests wait,
# and would copy memory that the workers have in common when the server loads before it forks.
gc.collect()
gc.freeze()
