"""Addresses of the pages about gift cards."""

from django.urls import path

from rewards import views

urlpatterns = [
    path("gift-cards/", views.gift_cards, name="gift_cards"),
    path("gift-cards/orders/", views.orders, name="orders"),
    path("gift-cards/orders/<uuid:public_id>/", views.order_steps, name="order_steps"),
    path("gift-cards/<slug:code>/", views.order, name="order"),
    path("wallet/", views.wallet, name="wallet"),
    path("wallet/history/", views.history, name="wallet_history"),
    path("wallet/<uuid:public_id>/till/", views.till, name="till"),
    path("wallet/<uuid:public_id>/", views.gift_card, name="gift_card"),
]
