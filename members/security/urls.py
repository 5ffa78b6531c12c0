"""Addresses of everything that keeps an account safe. allauth looks most of them up by these names."""

from django.urls import path

from members.security import views

urlpatterns = [
    path("security/", views.security, name="security"),
    path("accounts/prove/", views.prove, name="account_reauthenticate"),
]
