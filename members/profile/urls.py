"""Addresses of the profile. All of them ask for a sign-in."""

from django.urls import path

from members.profile import views

urlpatterns = [path("profile/", views.profile, name="profile")]
