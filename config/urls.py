"""Addresses. Each app brings its own; the demo's exist only where the demo runs."""

from importlib.util import find_spec

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("langue/", include("django.conf.urls.i18n")),
    path("compte/", include("allauth.urls")),
]
urlpatterns += [
    path("", include(module))
    for module in ("members.urls", "loyalty.urls", "rewards.urls", "campaigns.urls")
    if find_spec(module)
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("demo.urls")))
