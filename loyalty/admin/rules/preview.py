"""The preview: this purchase by this member would earn so much, because. It writes nothing."""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.formatting import signed_points, whole_amount
from core.plausible import YearBetween
from loyalty.admin.rules.fields import AmountField
from loyalty.admin.rules.form import MOST_CENTS, Several, dress
from loyalty.admin.rules.stores import StoreSearch, chosen_in, numbers_in, search_stores
from loyalty.dates import instant_of
from loyalty.earning.example import USUAL_CENTS
from loyalty.earning.outcome import Line
from loyalty.models import EarningRule, PointAccount, Programme
from loyalty.selectors.network import partners_taking_part
from loyalty.selectors.rule_example import day_with_weekday
from loyalty.selectors.rule_preview import Imagined, Preview, preview
from loyalty.selectors.rules_shown import title_of
from members.errors import CardNumberTyped, NothingToSearch
from members.lookup import find_members
from members.models import Card, CardProduct, CardStatus, Member
from partners.models import Channel, Partner, Store

MAY_SEE_MEMBERS = "members.view_member"
MOST_SHOWN = 10


class ShownLine(NamedTuple):
    """What a rule would give, as people read it."""

    title: str
    sentence: str
    points: str
    reasons: tuple[str, ...]
    address: str


class PreviewForm(forms.Form):
    """A purchase that nobody made."""

    who = forms.CharField(
        label=_("Member"),
        required=False,
        max_length=100,
        help_text=_("Reference, name or e-mail. Empty: somebody without purchases so far."),
    )
    member = forms.ModelChoiceField(
        Member.objects.none(),
        label=_("Which of them"),
        required=False,
        widget=forms.RadioSelect,
        empty_label=None,
    )
    card = forms.ModelChoiceField(Card.objects.none(), label=_("Card"), required=False, empty_label=None)
    card_product = forms.ModelChoiceField(
        CardProduct.objects.none(), label=_("Card product"), required=False, empty_label=None
    )
    partner = forms.ModelChoiceField(Partner.objects.none(), label=_("Partner brand"), empty_label=None)
    store = forms.ModelChoiceField(
        Store.objects.none(),
        label=_("Store"),
        required=False,
        widget=forms.RadioSelect,
        empty_label=None,
    )
    channel = forms.ChoiceField(
        label=_("In store or online"),
        choices=Channel.choices,
        initial=Channel.STORE,
        widget=forms.RadioSelect,
    )
    amount = AmountField(label=_("Amount"), most=MOST_CENTS)
    day = forms.DateField(
        label=_("Day"),
        input_formats=["%Y-%m-%d"],
        validators=[YearBetween(2000, 2100)],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    hour = forms.TimeField(
        label=_("Time"),
        input_formats=["%H:%M", "%H:%M:%S"],
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )
    drafts = Several(label=_("With these drafts"), help_text=_("As if they were scheduled already."))

    def __init__(
        self,
        data: QueryDict | None,
        *,
        programme: Programme,
        drafts: list[EarningRule],
        may_see_members: bool,
        at: datetime,
        **options: Any,  # noqa: ANN401 - Django's own
    ) -> None:
        super().__init__(data, **options)
        self.programme, self.at = programme, at
        self.account: PointAccount | None = None
        self.candidates: list[Member] = []
        dress(self)
        choices: Any = self.fields
        choices["amount"].currency = programme.currency
        choices["drafts"].choices = [(draft.pk, title_of(draft)) for draft in drafts]
        choices["partner"].queryset = Partner.objects.filter(agreements__programme=programme).order_by(
            "name", "pk"
        )
        choices["store"].queryset = Store.objects.filter(partner__agreements__programme=programme)
        choices["card_product"].queryset = CardProduct.objects.filter(issuer=programme.issuer_id).order_by(
            "pk"
        )
        if may_see_members:
            choices["member"].queryset = Member.objects.filter(issuer=programme.issuer_id)
            choices["card"].queryset = Card.objects.filter(issuer=programme.issuer_id).select_related(
                "product"
            )
        else:
            for name in ("who", "member", "card"):
                del self.fields[name]
        if not drafts:
            del self.fields["drafts"]

    def clean(self) -> dict[str, Any]:
        """Find the member, and refuse a store of another partner and a card of another member."""
        cleaned = super().clean() or {}
        store, partner = cleaned.get("store"), cleaned.get("partner")
        if store is not None and partner is not None and store.partner_id != partner.pk:
            self.add_error("store", gettext("This store belongs to another partner."))
        cleaned["purchased_at"] = self._instant(cleaned.get("day"), cleaned.get("hour"))
        member = self._member(cleaned)
        if member is not None:
            self._choose(member, cleaned)
        return cleaned

    def _instant(self, day: date | None, hour: time | None) -> datetime | None:
        if day is None or hour is None:
            return None
        instant = instant_of(day, hour, self.programme.zone)
        if instant is None:
            self.add_error("hour", gettext("On that day the clock leaps over this time."))
        return instant

    def _member(self, cleaned: dict[str, Any]) -> Member | None:
        text = cleaned.get("who", "")
        if not text or "who" not in self.fields:
            return None
        try:
            found = [one for one in find_members(text).members if one.issuer_id == self.programme.issuer_id]
        except CardNumberTyped:
            self.add_error("who", gettext("This looks like a full card number; nobody is looked up by it."))
            return None
        except NothingToSearch:
            found = []
        if not found:
            self.add_error("who", gettext("Nobody is found by this."))
            return None
        chosen: Member | None = cleaned.get("member")
        if chosen in found:
            return chosen
        if len(found) == 1:
            return found[0]
        self.candidates = found[:MOST_SHOWN]
        self.add_error("member", gettext("Several members are found: choose one."))
        return None

    def _choose(self, member: Member, cleaned: dict[str, Any]) -> None:
        self.account = (
            PointAccount.objects.select_related("member")
            .filter(member=member, programme=self.programme)
            .first()
        )
        if self.account is None:
            self.add_error("who", gettext("This member has no account in the programme."))
            return
        if (card := cleaned.get("card")) is None or card.member_id != member.pk:
            active = sorted(self.cards(), key=lambda one: one.status != CardStatus.ACTIVE)
            cleaned["card"] = active[0] if active else None

    def cards(self) -> Iterable[Card]:
        """Return the cards of the member who was found."""
        if self.account is None:
            return ()
        cards = Card.objects.filter(member=self.account.member_id)
        return cards.select_related("product").order_by("-status_on", "pk")

    def imagined(self) -> Imagined:
        """Return the purchase that the form describes."""
        given = self.cleaned_data
        product = given.get("card_product")
        return Imagined(
            programme=self.programme,
            amount_cents=given["amount"],
            purchased_at=given["purchased_at"],
            partner_id=given["partner"].pk,
            store=given.get("store"),
            channel=given["channel"],
            account=self.account,
            card=given.get("card") if self.account else None,
            card_product_id=product.pk if product else 0,
            draft_ids=frozenset(given.get("drafts", ())),
        )


class PreviewPages:
    """The page of the preview."""

    def preview_urls(self: Any) -> list[URLPattern]:
        """Return the pages of this module."""
        return [self.page("preview/", self.preview_view, "preview")]

    def preview_view(self: Any, request: HttpRequest) -> HttpResponse:
        """Ask for a purchase and say what it would earn."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        programmes = self.programmes()
        programme = self.chosen_programme(request, programmes)
        context = self.admin_site.each_context(request) | {
            "title": _("Preview"),
            "opts": self.opts,
            "programmes": programmes,
            "chosen": programme,
        }
        if programme is not None:
            context |= _answer(request, programme)
        return TemplateResponse(request, "admin/loyalty/rules/preview.html", context)


def _answer(request: HttpRequest, programme: Programme) -> dict[str, Any]:
    at = timezone.now()
    is_sent = request.method == "POST"
    drafts = list(EarningRule.objects.filter(programme=programme, scheduled_at__isnull=True).order_by("-pk"))
    form = PreviewForm(
        request.POST if is_sent else None,
        programme=programme,
        drafts=drafts,
        may_see_members=request.user.has_perm(MAY_SEE_MEMBERS),
        at=at,
        initial=_first_questions(request, programme, at),
    )
    shown: Preview | None = preview(form.imagined(), at=at) if is_sent and form.is_valid() else None
    return {
        "form": form,
        "stores": _stores(request, programme),
        "preview": shown,
        "account": form.account,
        "candidates": form.candidates,
        "cards": list(form.cards()),
        "chosen_card": form.cleaned_data.get("card") if is_sent else None,
        "purchase": _purchase(form) if shown else "",
        "lines": [_shown_line(line, shown) for line in shown.outcome.applied] if shown else [],
        "others": [_shown_line(line, shown) for line in shown.outcome.not_applied] if shown else [],
    }


def _first_questions(request: HttpRequest, programme: Programme, at: datetime) -> dict[str, Any]:
    """Return what the form begins with: a purchase of now, with the draft that the address names."""
    now = at.astimezone(programme.zone)
    partners = partners_taking_part(programme, on=now.date())
    return {
        "partner": partners[0] if partners else None,
        "channel": Channel.STORE,
        "amount": USUAL_CENTS,
        "day": now.date(),
        "hour": time(now.hour, now.minute),
        "drafts": numbers_in(request.GET.getlist("draft")),
    }


def _purchase(form: PreviewForm) -> str:
    """Say which purchase the form describes."""
    imagined = form.imagined()
    store = imagined.store
    return gettext("A purchase of %(amount)s at %(place)s on %(day)s, %(hour)s") % {
        "amount": whole_amount(imagined.amount_cents, imagined.programme.currency),
        "place": store.name if store else form.cleaned_data["partner"].name,
        "day": day_with_weekday(imagined.purchased_at.date()),
        "hour": f"{imagined.purchased_at:%H:%M}",
    }


def _stores(request: HttpRequest, programme: Programme) -> StoreSearch:
    is_sent = request.method == "POST"
    return search_stores(
        programme,
        text=request.POST.get("store_search", "") if is_sent else "",
        chosen=chosen_in(request.POST, "store")[:1] if is_sent else [],
        partners=chosen_in(request.POST, "partner")[:1] if is_sent else [],
    )


def _shown_line(line: Line, shown: Preview) -> ShownLine:
    number = line.rule.rule_id
    return ShownLine(
        title=shown.titles[number],
        sentence=shown.sentences[number],
        points=signed_points(line.points),
        reasons=line.reasons,
        address=reverse("admin:loyalty_earningrule_change", args=[number]),
    )
