"""What staff type by a slip of the hand, or send with a tampered page, is refused with a sentence."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from campaigns.models import Promotion
from loyalty.models import Agreement, Programme
from partners.models import Store
from rewards.models import GiftCardProduct
from tests.admin.conftest import ADMINISTRATOR, Story, client_of, make_colleague
from tests.admin.test_programme_pages import PROGRAMME, PROMOTION, errors_of
from tests.factories import make_store
from tests.kept_fixtures import kept

HOST_NAMES = "Write host names with letters, digits, dots and hyphens only, such as points.example.com."
PHONE = "Write a phone number, such as 09 69 32 00 00."
PRODUCT = {"price_points": "1400", "validity_months": "12", "is_offered": "on"}


@kept()
def administrator(story: Story) -> Client:
    assert story.programme.pk
    return client_of(make_colleague(ADMINISTRATOR))


@pytest.mark.parametrize(
    ("date", "field"),
    [
        ("0001-01-01", "starts_at"),
        ("1999-12-31", "starts_at"),
        ("2101-01-01", "ends_at"),
        ("9999-12-31", "ends_at"),
    ],
)
def test_a_promotion_of_another_age_is_refused_and_the_site_stays_up(
    date: str, field: str, administrator: Client, story: Story
) -> None:
    fields = PROMOTION | {"programme": str(story.programme.pk), f"{field}_0": date}

    errors = errors_of(administrator, reverse("admin:campaigns_promotion_add"), fields)

    assert errors == {field: ["The year must be between 2000 and 2100."]}
    assert not Promotion.objects.filter(slug="soldes").exists()
    assert Client().get("/promotions/").status_code == 200


def test_a_promotion_may_last_from_the_first_to_the_last_plausible_day(
    administrator: Client, story: Story
) -> None:
    dates = {"starts_at_0": "2000-01-01", "ends_at_0": "2100-12-31", "ends_at_1": "23:59"}
    fields = PROMOTION | {"programme": str(story.programme.pk)} | dates

    assert administrator.post(reverse("admin:campaigns_promotion_add"), fields).status_code == 302


@pytest.mark.parametrize(
    "changes",
    [
        {"starts_at": datetime(1999, 12, 30, tzinfo=UTC)},
        {"ends_at": datetime(2101, 1, 3, tzinfo=UTC)},
    ],
)
def test_the_database_keeps_no_promotion_of_another_age(changes: dict[str, datetime], story: Story) -> None:
    with pytest.raises(IntegrityError, match="promotion_is_of_our_time"), transaction.atomic():
        Promotion.objects.filter(pk=story.promotion.pk).update(**changes)


def test_agreements_and_stores_have_plausible_years(administrator: Client, story: Story) -> None:
    agreement = Agreement.objects.filter(programme=story.programme).earliest("pk")
    store = make_store()
    agreement_page = reverse("admin:loyalty_agreement_change", args=[agreement.pk])
    store_page = reverse("admin:partners_store_change", args=[store.pk])
    shop = {"name": "Lyon", "channel": "store"}

    assert errors_of(administrator, agreement_page, {"starts_on": "0001-01-01", "ends_on": "2101-01-01"}) == {
        "starts_on": ["The year must be between 2000 and 2100."],
        "ends_on": ["The year must be between 2000 and 2100."],
    }
    assert errors_of(
        administrator, store_page, shop | {"opened_on": "1799-12-31", "closed_on": "2101-01-01"}
    ) == {
        "opened_on": ["The year must be between 1800 and 2100."],
        "closed_on": ["The year must be between 1800 and 2100."],
    }
    assert administrator.post(store_page, shop | {"opened_on": "1912-10-08"}).status_code == 302
    assert Store.objects.filter(opened_on="1912-10-08").count() == 1


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("points_validity_years", "21", "Ensure this value is less than or equal to 20."),
        ("verified_email_points", "100001", "Ensure this value is less than or equal to 100000."),
        ("host_names", "-points.example", HOST_NAMES),
        ("host_names", "points.example:8000", HOST_NAMES),
        ("host_names", "points٣.example", HOST_NAMES),
        ("host_names", "points..example", HOST_NAMES),
        ("host_names", "https://points.example", HOST_NAMES),
        ("contact_phone", "call me", PHONE),
        ("contact_phone", "()- .", PHONE),
        ("contact_phone", "٠٩٦٩٣٢٠٠٠٠", PHONE),
    ],
)
def test_settings_out_of_bounds_are_refused(
    field: str, value: str, sentence: str, administrator: Client, story: Story
) -> None:
    address = reverse("admin:loyalty_programme_change", args=[story.programme.pk])

    assert errors_of(administrator, address, PROGRAMME | {field: value}) == {field: [sentence]}
    assert Programme.objects.get().points_validity_years == 4


def test_settings_at_their_bounds_are_kept(administrator: Client, story: Story) -> None:
    bounds = {
        "points_validity_years": "20",
        "verified_email_points": "100000",
        "host_names": "Points-2.example,localhost",
        "contact_phone": "+33 (0)9 69 32 00 00",
    }

    administrator.post(
        reverse("admin:loyalty_programme_change", args=[story.programme.pk]), PROGRAMME | bounds
    )

    programme = Programme.objects.get()
    assert (programme.points_validity_years, programme.verified_email_points) == (20, 100_000)
    assert programme.host_names == ["points-2.example", "localhost"]
    assert programme.contact_phone == "+33 (0)9 69 32 00 00"


@pytest.mark.parametrize(
    ("field", "value", "most"),
    [("price_points", "10000001", "10000000"), ("validity_months", "121", "120")],
)
def test_a_gift_card_out_of_bounds_is_refused(
    field: str, value: str, most: str, administrator: Client, story: Story
) -> None:
    product = GiftCardProduct.objects.get(programme=story.programme, code="gift-card-15")
    address = reverse("admin:rewards_giftcardproduct_change", args=[product.pk])

    assert errors_of(administrator, address, PRODUCT | {field: value}) == {
        field: [f"Ensure this value is less than or equal to {most}."]
    }
    assert GiftCardProduct.objects.get(pk=product.pk).price_points == 1500


def test_a_face_value_out_of_bounds_is_refused(administrator: Client, story: Story) -> None:
    new = {
        "programme": str(story.programme.pk),
        "code": "big",
        "face_value_cents": "1000001",
        "currency": "EUR",
    }

    errors = errors_of(administrator, reverse("admin:rewards_giftcardproduct_add"), PRODUCT | new)

    assert errors == {"face_value_cents": ["Ensure this value is less than or equal to 1000000."]}


def test_the_database_keeps_programmes_and_gift_cards_within_reason(story: Story) -> None:
    programmes = Programme.objects.filter(pk=story.programme.pk)
    products = GiftCardProduct.objects.filter(programme=story.programme)

    for field, value in (("points_validity_years", 21), ("verified_email_points", 100_001)):
        with pytest.raises(IntegrityError, match="programme_stays_within_reason"), transaction.atomic():
            programmes.update(**{field: value})
    for field, value in (
        ("validity_months", 0),
        ("validity_months", 121),
        ("price_points", 10_000_001),
    ):
        with pytest.raises(IntegrityError, match="gift_card_product_within_reason"), transaction.atomic():
            products.update(**{field: value})
    dear = {"code": "dear", "face_value_cents": 1_000_001, "price_points": 1, "currency": "EUR"}
    with pytest.raises(IntegrityError, match="gift_card_product_within_reason"), transaction.atomic():
        products.create(programme=story.programme, **dear)


@pytest.mark.parametrize("sent", ["abc", "²", "٩٩٩٩٩٩٩", "-1", "999999999999999999999999"])
@pytest.mark.parametrize(
    ("page", "field"),
    [
        ("campaigns_promotion", "partner"),
        ("campaigns_promotion", "programme"),
        ("loyalty_agreement", "partner"),
        ("loyalty_membergroup", "programme"),
        ("loyalty_programme", "issuer"),
        ("partners_store", "partner"),
        ("rewards_giftcardproduct", "programme"),
        ("members_user", "groups"),
    ],
)
def test_a_tampered_choice_is_an_error_of_the_form(
    page: str, field: str, sent: str, administrator: Client
) -> None:
    errors = errors_of(administrator, reverse(f"admin:{page}_add"), {field: sent})

    assert "is not" in errors[field][0]
    assert "choice" in errors[field][0] or "valid value" in errors[field][0]
