"""The portal's addresses and one empty page for signed-in members."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from config.urls import urlpatterns as portal


@login_required
def empty(request: HttpRequest) -> HttpResponse:
    """Show the frame of every page with nothing in it."""
    return render(request, "bench/empty.html")


urlpatterns = [*portal, path("bench/empty/", empty)]
