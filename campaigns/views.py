"""Public pages about promotions."""

from http import HTTPStatus

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from campaigns.selectors import begun_promotion, current_promotions
from loyalty.requests import ProgrammeRequest


@require_safe
def promotions(request: ProgrammeRequest) -> HttpResponse:
    """List the promotions under way."""
    return render(
        request,
        "campaigns/promotions.html",
        {"promotions": current_promotions(request.programme, at=timezone.now())},
    )


@require_safe
def promotion(request: ProgrammeRequest, slug: str) -> HttpResponse:
    """Show a promotion; one that is over says so, one to come is not there yet."""
    at = timezone.now()
    found = begun_promotion(request.programme, slug=slug, at=at)
    if found is None:
        raise Http404
    is_over = found.ends_at <= at
    return render(
        request,
        "campaigns/promotion.html",
        {"promotion": found, "is_over": is_over},
        status=HTTPStatus.GONE if is_over else HTTPStatus.OK,
    )
