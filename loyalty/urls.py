"""Addresses of the pages about points."""

from django.urls import path

from loyalty import views

urlpatterns = [
    path("", views.home, name="home"),
    path("statement/", views.statement, name="statement"),
    path("statement/not-counted/", views.uncounted, name="uncounted"),
    path("statement/expiry/", views.expiry, name="expiry"),
]
