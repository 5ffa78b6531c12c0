"""Addresses of the pages about points."""

from django.urls import path

from loyalty import leaving, views
from loyalty.households import views as household_views

urlpatterns = [
    path("", views.home, name="home"),
    path("profile/leave/", leaving.leave, name="leave"),
    path("profile/household/", household_views.household, name="household"),
    path("profile/household/join/", household_views.join, name="household_join"),
    path("profile/household/leave/", household_views.leave, name="household_leave"),
    path("statement/", views.statement, name="statement"),
    path("statement/movements.csv", views.statement_csv, name="statement_csv"),
    path("statement/documents/", views.documents, name="documents"),
    path("statement/documents/statement.pdf", views.statement_pdf, name="statement_pdf"),
    path("statement/not-counted/", views.uncounted, name="uncounted"),
    path("statement/expiry/", views.expiry, name="expiry"),
    path("statement/expiry/calendar.ics", views.expiry_ics, name="expiry_ics"),
]
