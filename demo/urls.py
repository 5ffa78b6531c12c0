"""Addresses of the demo, mounted only where settings.DEMO is true."""

from django.urls import path

from demo import views

app_name = "demo"
urlpatterns = [
    path("mailbox/", views.mailbox, name="mailbox"),
    path("mailbox/<str:file_name>/<int:position>/", views.message, name="message"),
    path("mailbox/<str:file_name>/<int:position>/designed/", views.designed, name="designed"),
]
