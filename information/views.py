"""Pages that inform everybody, signed in or not."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from loyalty.requests import ProgrammeRequest


@require_safe
def where(request: ProgrammeRequest) -> HttpResponse:
    """Say where purchases earn points and gift cards are accepted."""
    return render(request, "information/where.html")


@require_safe
def questions(request: ProgrammeRequest) -> HttpResponse:
    """Answer what members ask most."""
    return render(request, "information/questions.html")


@require_safe
def terms(request: ProgrammeRequest) -> HttpResponse:
    """Show the terms of the programme."""
    return render(request, "information/terms.html")


@require_safe
def privacy(request: ProgrammeRequest) -> HttpResponse:
    """Say what is kept about people, why and for how long."""
    return render(request, "information/privacy.html")


@require_safe
def accessibility(request: ProgrammeRequest) -> HttpResponse:
    """Say how far everybody can use the site."""
    return render(request, "information/accessibility.html")


@require_safe
def contact(request: ProgrammeRequest) -> HttpResponse:
    """Say how to reach people who answer."""
    return render(request, "information/contact.html")
