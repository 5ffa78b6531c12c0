"""Addresses of the profile. All of them ask for a sign-in."""

from django.urls import path

from members.profile import data_views, views

urlpatterns = [
    path("profile/", views.profile, name="profile"),
    path("profile/contact/", views.contact, name="profile_contact"),
    path("profile/email/", views.email, name="profile_email"),
    path("profile/email/code/", views.email_code, name="profile_email_code"),
    path("profile/choices/", views.choices, name="profile_choices"),
    path("profile/data/", data_views.data, name="profile_data"),
    path("profile/delete/", data_views.delete, name="profile_delete"),
    path("profile/deleted/", data_views.deleted, name="profile_deleted"),
]
