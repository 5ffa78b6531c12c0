"""Addresses of the look of a site and of what makes it an app. The worker must stand at the root."""

from django.urls import path

from loyalty.brand import views
from loyalty.brand.living import living_page

urlpatterns = [
    path("brand/<slug:version>/colours.css", views.stylesheet, name="brand_stylesheet"),
    path("brand/<slug:version>/mark.svg", views.mark, name="brand_mark"),
    path("brand/<slug:version>/icon.svg", views.icon, name="brand_icon"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("offline/", views.offline, name="offline"),
    path("service-worker.js", views.service_worker, name="service_worker"),
    path("living/", living_page, name="living_page"),
]
