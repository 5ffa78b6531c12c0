"""The profile: what is held about the member, and what they may change of it."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from members.requests import IssuerRequest


@never_cache
@require_safe
@login_required
def profile(request: IssuerRequest) -> HttpResponse:
    """Show what is held about the member."""
    return render(request, "members/profile/profile.html")
