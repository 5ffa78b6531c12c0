"""Addresses of the pages that inform everybody."""

from django.urls import path

from information import views

urlpatterns = [
    path("where/", views.where, name="where"),
    path("questions/", views.questions, name="questions"),
    path("terms/", views.terms, name="terms"),
    path("privacy/", views.privacy, name="privacy"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("contact/", views.contact, name="contact"),
]
