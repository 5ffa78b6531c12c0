"""The door for gunicorn and other WSGI servers."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

application = get_wsgi_application()

# What is loaded by now stays as long as the server runs. Looking for garbage in it would make requests wait,
# and would copy memory that the workers have in common when the server loads before it forks.
gc.collect()
gc.freeze()
