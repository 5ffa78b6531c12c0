"""What managers and marketing edit: programmes, rules, agreements, the catalogue and promotions."""

from datetime import datetime, timedelta
from http import HTTPStatus

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Promotion
from loyalty.earning.versions import RuleInUse, draft_next_version, schedule_rule
from loyalty.models import Agreement, EarningRule, Programme
from rewards.models import GiftCardProduct
from rewards.services.orders import order_gift_card
from tests.admin.conftest import Story, client_of, make_colleague
from tests.factories import NOW, make_cardholder, make_programme
from tests.kept_fixtures import kept
from tests.proofs import violations

PROGRAMME = {
    "name": "Happy Card",
    "host_names": "",
    "time_zone": "Europe/Paris",
    "points_validity_years": "3",
    "approval_hours": "72",
    "reinstatement_days": "90",
    "reinstated_validity_days": "60",
    "leaving_policy": "lost",
    "household_size": "0",
    "expiry_rounding": "month",
    "days_until_available": "14",
    "verified_email_points": "50",
    "expiry_reminder_days": "60,14",
    "contact_phone": "",
    "contact_email": "",
}
PROMOTION = {
    "slug": "soldes",
    "illustration": "gift",
    "title_fr": "Soldes",
    "title_en": "Sales",
    "summary_fr": "Tout à moitié prix",
    "summary_en": "Everything at half price",
    "body_fr": "",
    "body_en": "",
    "starts_at_0": "2046-12-01",
    "starts_at_1": "00:00",
    "ends_at_0": "2046-12-31",
    "ends_at_1": "00:00",
    "is_published": "on",
}


@kept()
def manager(story: Story) -> Client:
    assert story.programme.pk
    return client_of(make_colleague("Programme manager"))


@kept()
def marketing(story: Story) -> Client:
    assert story.programme.pk
    return client_of(make_colleague("Marketing"))


def live_rule() -> EarningRule:
    """Return the version that has no end."""
    return EarningRule.objects.get(scheduled_at__isnull=False, applies_until__isnull=True)


def errors_of(client: Client, address: str, fields: dict[str, str]) -> dict[str, list[str]]:
    """Send a form that is refused and return what it says about each field."""
    response = client.post(address, fields)
    assert response.status_code == 200
    errors = response.context["adminform"].form.errors
    return {field: [str(error) for error in messages] for field, messages in errors.items()}


def test_the_settings_of_a_programme_change_and_its_code_and_currency_do_not(
    manager: Client, story: Story
) -> None:
    address = reverse("admin:loyalty_programme_change", args=[story.programme.pk])

    response = manager.post(address, PROGRAMME | {"code": "other", "currency": "USD", "name": "Carte Happy"})

    assert response.status_code == 302
    programme = Programme.objects.get()
    assert (programme.name, programme.points_validity_years, programme.expiry_rounding) == (
        "Carte Happy",
        3,
        "month",
    )
    assert (programme.code, programme.currency) == ("happy-card", "EUR")


@pytest.mark.parametrize(("typed", "days"), [("14, 90,14", [90, 14]), ("", [])])
def test_the_days_of_reminders_change(typed: str, days: list[int], manager: Client, story: Story) -> None:
    address = reverse("admin:loyalty_programme_change", args=[story.programme.pk])

    assert manager.post(address, PROGRAMME | {"expiry_reminder_days": typed}).status_code == 302

    assert Programme.objects.get().expiry_reminder_days == days


def test_a_programme_begins_to_have_households(manager: Client, story: Story) -> None:
    address = reverse("admin:loyalty_programme_change", args=[story.programme.pk])

    assert manager.post(address, PROGRAMME | {"household_size": "4"}).status_code == 302

    assert Programme.objects.get().household_size == 4


def test_a_list_is_typed_on_one_line_and_an_address_in_brackets_is_a_host(
    manager: Client, story: Story
) -> None:
    address = reverse("admin:loyalty_programme_change", args=[story.programme.pk])
    names = ["localhost", "127.0.0.1", "[::1]"]

    assert manager.post(address, PROGRAMME | {"host_names": ",".join(names)}).status_code == 302

    assert Programme.objects.get().host_names == names
    page = manager.get(address).content.decode()
    assert page.count("<textarea") == 0
    for wrong in ("[::1", "[::1%eth0]", "[points.example]", "[]"):
        errors = errors_of(manager, address, PROGRAMME | {"host_names": wrong})
        assert "Write host names with letters" in errors["host_names"][0], wrong


def test_the_page_of_a_rule_says_which_version_it_shows(manager: Client, story: Story) -> None:
    rule = EarningRule.objects.get(programme=story.programme, version=1)

    page = manager.get(reverse("admin:loyalty_earningrule_change", args=[rule.pk])).content.decode()

    assert f"{rule.name_en} v{rule.version}" in page


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("points_validity_years", "0", "Points live for at least one year."),
        ("points_validity_years", "-1", "greater than or equal to 0"),
        ("host_names", "points.example", "One of these host names belongs to Other."),
        ("expiry_reminder_days", "60,0", "Write whole days from 1 to 365"),
        ("expiry_reminder_days", "400", "Write whole days from 1 to 365"),
        ("expiry_reminder_days", "soon", "Write whole days from 1 to 365"),
        ("expiry_reminder_days", "1,2,3,4,5,6", "no more than 5"),
        ("contact_email", "nobody", "Enter a valid email address."),
        ("household_size", "1", "0 means none."),
        ("household_size", "11", "less than or equal to 10"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    field: str, value: str, sentence: str, manager: Client, story: Story
) -> None:
    make_programme("other", name="Other", host_names=["points.example"])
    address = reverse("admin:loyalty_programme_change", args=[story.programme.pk])

    errors = errors_of(manager, address, PROGRAMME | {field: value})

    assert sentence in errors[field][0]
    assert Programme.objects.get(code="happy-card").points_validity_years == 4


def test_the_time_zone_stays_once_there_are_accounts_whose_days_it_decides(
    manager: Client, story: Story
) -> None:
    other = make_programme("other", name="Other")
    for programme in (story.programme, other):
        address = reverse("admin:loyalty_programme_change", args=[programme.pk])
        fields = PROGRAMME | {"time_zone": "America/Martinique", "name": programme.name}
        assert manager.post(address, fields).status_code == 302

    zones = dict(Programme.objects.values_list("code", "time_zone"))
    assert zones == {"happy-card": "Europe/Paris", "other": "America/Martinique"}


def test_a_time_zone_that_is_none_is_refused(manager: Client, story: Story) -> None:  # noqa: ARG001 - signs in
    other = make_programme("other", name="Other")
    address = reverse("admin:loyalty_programme_change", args=[other.pk])

    errors = errors_of(manager, address, PROGRAMME | {"time_zone": "Paris"})

    assert "This is not a time zone" in errors["time_zone"][0]


def test_a_new_version_has_the_terms_of_the_old_and_there_is_one_draft_at_a_time(story: Story) -> None:
    live = live_rule()

    assert (story.draft.version, story.draft.points, story.draft.per_cents) == (2, 1, 100)
    assert draft_next_version(rule=live) == story.draft
    schedule_rule(rule=story.draft, at=NOW)
    for scheduled in (live, story.draft):
        with pytest.raises(RuleInUse):
            schedule_rule(rule=scheduled, at=NOW)
    assert live_rule() == story.draft
    assert draft_next_version(rule=live).version == 3


def test_an_agreement_that_ends_before_it_starts_is_refused(manager: Client, story: Story) -> None:
    agreement = Agreement.objects.filter(programme=story.programme).earliest("pk")
    address = reverse("admin:loyalty_agreement_change", args=[agreement.pk])

    errors = errors_of(manager, address, {"starts_on": "2026-12-01", "ends_on": "2026-11-30"})

    assert errors["ends_on"] == ["The last day must not be before the first."]


def test_a_price_changes_and_a_face_value_does_not(manager: Client, story: Story) -> None:
    product = GiftCardProduct.objects.get(programme=story.programme, code="gift-card-15")
    address = reverse("admin:rewards_giftcardproduct_change", args=[product.pk])
    fields = {"price_points": "1400", "validity_months": "12", "is_offered": "on", "face_value_cents": "9900"}

    assert manager.post(address, fields).status_code == 302
    product.refresh_from_db()
    assert (product.price_points, product.face_value_cents) == (1400, 1500)
    assert errors_of(manager, address, fields | {"price_points": "0"}) == {
        "price_points": ["This must be more than zero."]
    }


def test_an_order_is_right_by_the_terms_of_its_time_as_the_page_wrote_them_down(
    manager: Client, story: Story
) -> None:
    product = GiftCardProduct.objects.get(programme=story.programme, code="gift-card-15")
    address = reverse("admin:rewards_giftcardproduct_change", args=[product.pk])
    rich, now = make_cardholder(story.programme, points=3000), timezone.now()

    def order_at(at: datetime) -> int:
        return order_gift_card(account=rich.account, product=product, request_key=f"{at}", at=at).points

    assert order_at(now - timedelta(hours=1)) == 1500
    fields = {"price_points": "1400", "validity_months": "6", "is_offered": "on"}
    assert manager.post(address, fields).status_code == 302
    assert order_at(now + timedelta(hours=1)) == 1400

    assert [one for one in violations() if one.rule == "price of an order"] == []


def test_a_gift_card_that_was_added_on_the_page_is_ordered_by_its_terms(
    manager: Client, story: Story
) -> None:
    new = {"programme": str(story.programme.pk), "code": "ten", "face_value_cents": "1000", "currency": "EUR"}
    fields = {"price_points": "1000", "validity_months": "6", "is_offered": "on"}
    rich = make_cardholder(story.programme, points=3000)

    assert manager.post(reverse("admin:rewards_giftcardproduct_add"), new | fields).status_code == 302
    product = GiftCardProduct.objects.get(code="ten")
    order = order_gift_card(account=rich.account, product=product, request_key="1", at=timezone.now())

    assert (order.points, order.gift_card.face_value_cents) == (1000, 1000)
    assert [one for one in violations() if one.rule == "price of an order"] == []


def test_a_new_price_leaves_alone_what_a_colleague_changes_meanwhile(manager: Client, story: Story) -> None:
    product = GiftCardProduct.objects.get(programme=story.programme, code="gift-card-15")
    fields = {"price_points": "1400", "validity_months": "12", "is_offered": "on"}

    with CaptureQueriesContext(connection) as queries:
        manager.post(reverse("admin:rewards_giftcardproduct_change", args=[product.pk]), fields)

    (update,) = [one["sql"] for one in queries if one["sql"].startswith('UPDATE "rewards_giftcardproduct"')]
    assert update.split(" WHERE ")[0] == 'UPDATE "rewards_giftcardproduct" SET "price_points" = 1400'


def test_a_preset_is_loaded_once(manager: Client) -> None:
    address = reverse("admin:rewards_giftcardproduct_confirm_preset", args=["happy-card"])
    Programme.objects.filter(code="happy-card").update(code="earlier")

    assert manager.post(address, {"reason": ""}).status_code == 200
    assert Programme.objects.filter(code="happy-card").count() == 0
    first = manager.post(address, follow=True).content.decode()
    again = manager.post(address, follow=True).content.decode()

    assert "The programme Happy Card is loaded." in first
    assert "Happy Card was loaded before" in again
    assert Programme.objects.filter(code="happy-card").count() == 1


def test_a_preset_that_there_is_not_is_not_found_and_one_is_loaded_by_managers_only(manager: Client) -> None:
    unknown, known = (
        reverse("admin:rewards_giftcardproduct_confirm_preset", args=[code])
        for code in ("no-such-preset", "happy-card")
    )

    assert manager.get(unknown).status_code == HTTPStatus.NOT_FOUND
    assert client_of(make_colleague("Call centre")).get(known).status_code == HTTPStatus.FORBIDDEN


def test_a_preset_that_nobody_edited_says_that_nothing_changed(db: None) -> None:
    assert db is None
    client = client_of(make_colleague("Programme manager"))
    address = reverse("admin:rewards_giftcardproduct_confirm_preset", args=["happy-card"])
    client.post(address)

    again = client.post(address, follow=True).content.decode()

    assert "Happy Card was loaded before; nothing changed." in again


def test_a_promotion_is_written_changed_and_deleted(marketing: Client, story: Story) -> None:
    fields = PROMOTION | {"programme": str(story.programme.pk)}

    assert marketing.post(reverse("admin:campaigns_promotion_add"), fields).status_code == 302
    promotion = Promotion.objects.get(slug="soldes")
    change = reverse("admin:campaigns_promotion_change", args=[promotion.pk])
    assert marketing.post(change, fields | {"title_en": "Winter sales"}).status_code == 302
    promotion.refresh_from_db()
    assert (promotion.title_en, promotion.is_published) == ("Winter sales", True)
    marketing.post(reverse("admin:campaigns_promotion_delete", args=[promotion.pk]), {"post": "yes"})
    assert not Promotion.objects.filter(slug="soldes").exists()


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"ends_at_0": "2046-11-30"}, "ends_at", "The promotion must end after its start."),
        ({"ends_at_0": "2046-12-01"}, "ends_at", "The promotion must end after its start."),
        ({"title_en": ""}, "title_en", "This field is required."),
        ({"summary_fr": ""}, "summary_fr", "This field is required."),
        ({"body_fr": "Venez"}, "body_en", "Write the text in both languages, or in neither."),
        ({"body_en": "Come"}, "body_fr", "Write the text in both languages, or in neither."),
    ],
)
def test_a_promotion_that_cannot_be_shown_to_everybody_is_refused(
    changes: dict[str, str], field: str, sentence: str, marketing: Client, story: Story
) -> None:
    fields = PROMOTION | {"programme": str(story.programme.pk)} | changes

    errors = errors_of(marketing, reverse("admin:campaigns_promotion_add"), fields)

    assert errors == {field: [sentence]}
    assert not Promotion.objects.filter(slug="soldes").exists()


def test_two_promotions_of_a_programme_cannot_share_an_address(marketing: Client, story: Story) -> None:
    fields = PROMOTION | {"programme": str(story.programme.pk), "slug": "noel"}

    assert errors_of(marketing, reverse("admin:campaigns_promotion_add"), fields)
    assert Promotion.objects.get(slug="noel").starts_at == NOW
