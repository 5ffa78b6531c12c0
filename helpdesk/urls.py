"""Addresses of the call centre, below the admin's."""

from django.urls import path

from helpdesk import views

urlpatterns = [
    path("", views.search, name="helpdesk"),
    path("members/<uuid:public_id>/", views.member, name="helpdesk_member"),
    path("members/<uuid:public_id>/note/", views.add_note, name="helpdesk_note"),
]
