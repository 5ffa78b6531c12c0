"""Addresses of the call centre, below the admin's."""

from django.urls import path

from helpdesk import household, points, views

urlpatterns = [
    path("", views.search, name="helpdesk"),
    path("members/<uuid:public_id>/", views.member, name="helpdesk_member"),
    path("members/<uuid:public_id>/note/", views.add_note, name="helpdesk_note"),
    path("members/<uuid:public_id>/points/", points.give_points, name="helpdesk_points"),
    path("members/<uuid:public_id>/household/", household.household, name="helpdesk_household"),
    path("members/<uuid:public_id>/expired/", points.bring_back, name="helpdesk_bring_back"),
    path("members/<uuid:public_id>/points/<int:number>/withdraw/", points.withdraw, name="helpdesk_withdraw"),
]
