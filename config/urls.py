"""Addresses. Each app brings its own; the demo's exist only where the demo runs."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    # Staff sign in like everybody, by an e-mailed code; the admin's own password page is never shown.
    path("admin/login/", secure_admin_login(admin.site.login)),
    path("admin/helpdesk/", include("helpdesk.urls")),
    path("admin/", admin.site.urls),
    path("", include("members.urls")),
    path("", include("loyalty.urls")),
    path("", include("loyalty.brand.urls")),
    path("", include("rewards.urls")),
    path("", include("campaigns.urls")),
    path("", include("information.urls")),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("demo.urls")))
