"""Whatever is sensitive asks why, and who changed what from what to what can be read for ever."""

from django.test import Client
from django.urls import reverse

from campaigns.models import Promotion
from core.models import StaffAction
from loyalty.earning.versions import digest_of
from loyalty.models import EarningRule, PointAccount, Programme
from members.models import User
from partners.models import Store
from rewards.models import GiftCardProduct, OrderState
from tests.admin.conftest import WHY, Story, client_of, make_colleague
from tests.admin.test_programme_pages import PROGRAMME
from tests.kept_fixtures import kept

NO_REASON = {"reason": "  "}


@kept()
def manager(story: Story) -> Client:
    assert story.programme.pk
    StaffAction.objects.none()
    return client_of(make_colleague("Programme manager"))


def newest() -> StaffAction:
    """Return what was written down last."""
    return StaffAction.objects.latest("pk")


def test_the_settings_of_a_programme_change_only_with_a_reason(manager: Client, story: Story) -> None:
    address = reverse("admin:loyalty_programme_change", args=[story.programme.pk])
    before = StaffAction.objects.count()

    refused = manager.post(address, PROGRAMME | NO_REASON)

    assert refused.context["adminform"].form.errors["reason"] == ["This field is required."]
    assert Programme.objects.get().points_validity_years == 4
    assert StaffAction.objects.count() == before

    assert manager.post(address, PROGRAMME).status_code == 302
    done = newest()
    assert (done.action, done.subject_type, done.subject_id, done.reason) == (
        "programme.changed",
        "loyalty.programme",
        story.programme.pk,
        WHY,
    )
    assert done.actor_id == User.objects.get(email="programme@staff.example.com").pk
    assert done.details == {
        "changes": {
            "points_validity_years": [4, 3],
            "expiry_rounding": ["day", "month"],
            "days_until_available": [0, 14],
        }
    }


def test_a_form_sent_again_unchanged_is_no_change(manager: Client, story: Story) -> None:
    address = reverse("admin:loyalty_programme_change", args=[story.programme.pk])
    manager.post(address, PROGRAMME)
    before = StaffAction.objects.count()

    assert manager.post(address, PROGRAMME).status_code == 302

    assert StaffAction.objects.count() == before


def test_whoever_forges_what_the_form_showed_before_is_written_down_all_the_same(
    manager: Client, story: Story
) -> None:
    address = reverse("admin:loyalty_programme_change", args=[story.programme.pk])
    manager.post(address, PROGRAMME)

    new = {"host_names": "points.example", "expiry_reminder_days": "7"}
    forged = {f"initial-{name}": value for name, value in new.items()}
    assert manager.post(address, PROGRAMME | new | forged).status_code == 302

    assert Programme.objects.get().host_names == ["points.example"]
    assert newest().details == {
        "changes": {"host_names": ["", "points.example"], "expiry_reminder_days": ["14, 60", "7"]}
    }


def test_a_reason_with_a_card_number_is_refused(manager: Client, story: Story) -> None:
    address = reverse("admin:loyalty_programme_change", args=[story.programme.pk])

    refused = manager.post(address, PROGRAMME | {"reason": "Card 4111 1111 1111 1111"})

    assert "full card number" in refused.context["adminform"].form.errors["reason"][0]
    assert Programme.objects.get().points_validity_years == 4


def test_a_price_a_store_and_an_agreement_ask_why(manager: Client, story: Story) -> None:
    product = GiftCardProduct.objects.get(code="gift-card-15")
    store = Store.objects.order_by("pk")[0]
    pages = [
        ("rewards_giftcardproduct", product.pk, {"price_points": "1600", "validity_months": "24"}),
        ("partners_store", store.pk, {"name": "Lyon", "channel": "store"}),
        ("loyalty_agreement", story.programme.agreements.order_by("pk")[0].pk, {"ends_on": "2027-01-01"}),
    ]
    for page, number, fields in pages:
        address = reverse(f"admin:{page}_change", args=[number])
        before = StaffAction.objects.count()
        assert manager.post(address, fields | NO_REASON).status_code == 200
        assert StaffAction.objects.count() == before
        assert manager.post(address, fields).status_code == 302
        assert (newest().subject_id, newest().reason) == (number, WHY)
    assert newest().details == {"changes": {"ends_on": [None, "2027-01-01"]}}


def test_a_rule_goes_live_only_with_a_reason(manager: Client, story: Story) -> None:
    address = reverse("admin:loyalty_earningrule_schedule", args=[story.draft.pk])
    story.draft.refresh_from_db()
    answers = {"when": "now", "seen": digest_of(story.draft)}

    assert manager.post(address, answers | NO_REASON).status_code == 200
    assert EarningRule.objects.get(pk=story.draft.pk).scheduled_at is None

    assert manager.post(address, answers).status_code == 302
    assert EarningRule.objects.get(pk=story.draft.pk).scheduled_at is not None
    assert (newest().action, newest().subject_id, newest().reason) == (
        "earningrule.scheduled",
        story.draft.pk,
        WHY,
    )


def test_a_member_leaves_and_an_order_is_cancelled_only_with_a_reason(manager: Client, story: Story) -> None:
    leave = reverse("admin:loyalty_pointaccount_leave", args=[story.alice.account.pk])
    cancel = reverse("admin:rewards_order_cancel", args=[story.order.pk])

    manager.post(leave, {"told": "lost"} | NO_REASON)
    manager.post(cancel, NO_REASON)
    story.order.refresh_from_db()
    assert PointAccount.objects.get(pk=story.alice.account.pk).left_on is None
    assert story.order.state == OrderState.FULFILLED

    manager.post(cancel, {"reason": "Ordered twice"})
    assert (newest().action, newest().reason) == ("order.cancelled", "Ordered twice")
    manager.post(leave, {"told": "lost", "reason": "Asked by letter"})
    assert (newest().action, newest().reason) == ("pointaccount.left", "Asked by letter")


def test_a_promotion_is_deleted_only_with_a_reason_and_what_it_held_stays(story: Story) -> None:
    marketing = client_of(make_colleague("Marketing"))
    address = reverse("admin:campaigns_promotion_delete", args=[story.promotion.pk])

    assert marketing.post(address, {"post": "yes"} | NO_REASON).status_code == 200
    assert Promotion.objects.count() == 1

    assert marketing.post(address)["Location"] == reverse("admin:campaigns_promotion_changelist")
    assert Promotion.objects.count() == 0
    assert (newest().action, newest().subject_id, newest().details["slug"]) == (
        "promotion.deleted",
        story.promotion.pk,
        "noel",
    )
    again = marketing.post(address, follow=True)
    assert again.redirect_chain == [(reverse("admin:campaigns_promotion_changelist"), 302)]
    assert "It is no longer there: what is deleted is gone for good." in again.content.decode()
    assert StaffAction.objects.filter(action="promotion.deleted").count() == 1


def test_names_and_addresses_of_people_are_not_kept_for_ever(story: Story) -> None:
    assert story.programme.pk
    operator = client_of(make_colleague("Operator"))
    colleague = make_colleague("Finance")
    address = reverse("admin:members_user_change", args=[colleague.pk])

    operator.post(address, {"first_name": "Florence", "is_active": "on", "is_staff": "on", "groups": []})

    assert newest().details == {"changes": {"groups": ["Finance", ""]}, "also_changed": ["first_name"]}


def test_the_history_of_a_row_says_who_changed_what_and_why(manager: Client, story: Story) -> None:
    manager.post(reverse("admin:loyalty_programme_change", args=[story.programme.pk]), PROGRAMME)

    page = manager.get(reverse("admin:loyalty_programme_history", args=[story.programme.pk]))
    text = page.content.decode()

    assert "programme@staff.example.com" in text
    assert WHY in text
    assert "years that points live: 4 → 3" in text
    assert "Change: programme" in text
    manager.cookies["django_language"] = "fr"
    page = manager.get(reverse("admin:loyalty_programme_history", args=[story.programme.pk]))
    assert "Modification\N{NO-BREAK SPACE}: programme" in page.content.decode()


def test_whoever_only_looks_is_asked_nothing(story: Story) -> None:
    finance = client_of(make_colleague("Finance"))

    page = finance.get(reverse("admin:loyalty_programme_change", args=[story.programme.pk]))

    assert page.status_code == 200
    assert 'name="reason"' not in page.content.decode()
