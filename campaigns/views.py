"""Public pages about promotions."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from campaigns.pages import promotion_page
from campaigns.selectors import begun_promotion, current_promotions, partners_of
from loyalty.requests import ProgrammeRequest


@require_safe
def promotions(request: ProgrammeRequest) -> HttpResponse:
    """List the promotions under way, or those of one partner."""
    every = current_promotions(request.programme, at=timezone.now())
    partners = partners_of(every)
    wanted = request.GET.get("partner", "")
    chosen = next((partner for partner in partners if partner.code == wanted), None)
    context = {
        "promotions": [promotion for promotion in every if chosen is None or promotion.partner == chosen],
        "partners": partners,
        "chosen": chosen,
        "has_none_wanted": bool(wanted) and chosen is None and bool(every),
    }
    return render(request, "campaigns/promotions.html", context)


@require_safe
def promotion(request: ProgrammeRequest, slug: str) -> HttpResponse:
    """Show a promotion; one that is over says so, one to come is not there yet."""
    at = timezone.now()
    found = begun_promotion(request.programme, slug=slug, at=at)
    if found is None:
        raise Http404
    return promotion_page(request, found, at=at)
