"""Addresses of the promotion pages."""

from django.urls import path

from campaigns import views

urlpatterns = [
    path("promotions/", views.promotions, name="promotions"),
    path("promotions/<slug:slug>/", views.promotion, name="promotion"),
]
