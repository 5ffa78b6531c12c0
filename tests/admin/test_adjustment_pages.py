"""In the admin a second person finds what waits, reads why, and approves or declines it."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from core.models import StaffAction
from loyalty.adjustments.decisions import approve_adjustment, decline_adjustment, withdraw_adjustment
from loyalty.merging.merge import merge_members
from loyalty.models import (
    AdjustmentKind,
    AdjustmentLimit,
    AdjustmentReason,
    AdjustmentRequest,
    AdjustmentState,
    Entry,
    EntryKind,
    Programme,
)
from members.models import User
from tests.admin.conftest import ADMINISTRATOR, Story, client_of, make_colleague
from tests.factories import NOW, make_cardholder
from tests.kept_fixtures import kept
from tests.loyalty.adjusting import SAID, ask, make_agent, make_manager
from tests.loyalty.ledger_state import balance
from tests.proofs import violations


@kept()
def waiting(story: Story) -> AdjustmentRequest:
    """Return the request that waits: 40 points for Alice."""
    return AdjustmentRequest.objects.get(account=story.alice.account)


@pytest.fixture(autouse=True)
def _now_is_the_day_of_the_story() -> Iterator[None]:
    """Let the request of the story wait still."""
    with time_machine.travel(NOW, tick=False):
        yield


def page(name: str, *arguments: object) -> str:
    return reverse(f"admin:loyalty_{name}", args=arguments)


def read(client: Client, address: str) -> str:
    return " ".join(client.get(address, follow=True).content.decode().split())


def test_the_first_page_counts_what_waits_and_leads_there(story: Story) -> None:
    cache.clear()
    manager = client_of(make_colleague("Programme manager"))

    first = manager.get(reverse("admin:index"))

    (card,) = [one for one in first.context["cards"] if one.title == "Points that wait for a second person"]
    (figure,) = card.figures
    assert (figure.value, figure.is_alert) == ("1", True)
    assert card.table is not None
    assert card.table.rows == [
        ["+40 points", "Purchase not reported by the brand", "Happy Card", "25 November 2026, 11:00"]
    ]
    listed = manager.get(figure.address).context["cl"].result_list
    assert [one.account_id for one in listed] == [story.alice.account.pk]


def test_nothing_waits_and_the_card_says_so(story: Story, waiting: AdjustmentRequest) -> None:
    cache.clear()
    client_of(make_colleague("Programme manager")).post(
        page("adjustmentrequest_approve", waiting.pk), {"comment": ""}
    )

    first = client_of(make_manager("pauline")).get(reverse("admin:index"))

    (card,) = [one for one in first.context["cards"] if one.title == "Points that wait for a second person"]
    assert [(figure.value, figure.is_alert) for figure in card.figures] == [("0", False)]
    assert card.table is None
    assert story.order.pk


def test_a_manager_approves_and_the_points_move(story: Story, waiting: AdjustmentRequest) -> None:
    manager = make_colleague("Programme manager")
    client = client_of(manager)
    shown = read(client, page("adjustmentrequest_change", waiting.pk))
    for text in ("asks@staff.example.com", "Purchase not reported by the brand", SAID, "+40 points"):
        assert text in shown, text
    question = read(client, page("adjustmentrequest_approve", waiting.pk))
    for text in (
        f"+40 points for {story.alice.member}: Purchase not reported by the brand",
        "asks@staff.example.com",
        SAID,
        "You vouch for it",
    ):
        assert text in question, text
    assert not Entry.objects.filter(kind=EntryKind.ADJUSTMENT).exists()

    answer = client.post(
        page("adjustmentrequest_approve", waiting.pk), {"comment": "Seen the receipt"}, follow=True
    )

    assert "The points have moved." in answer.content.decode()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.decided_by_id, waiting.decision_comment) == (
        AdjustmentState.POSTED,
        manager.pk,
        "Seen the receipt",
    )
    assert balance(story.alice.account) == (552, 0)
    assert StaffAction.objects.filter(action="adjustment.approved", actor_id=manager.pk).count() == 1
    after = read(client, page("adjustmentrequest_change", waiting.pk))
    assert ">approved and posted<" in after.replace("> ", ">").replace(" <", "<")
    assert manager.email in after
    entry = Entry.objects.get(kind=EntryKind.ADJUSTMENT)
    movements = after.split('id="entries-group"')[1]
    assert f'href="{page("entry_change", entry.pk)}"' in movements
    assert "+40 points" in movements
    assert page("adjustmentrequest_approve", waiting.pk) not in after
    assert violations() == []


def test_whoever_approves_reads_what_the_member_would_have_or_owe(story: Story) -> None:
    agent, client = make_agent(), client_of(make_colleague("Programme manager"))
    twin = make_cardholder(story.programme, points=88)
    given = ask(twin.account, agent, points=700)
    merge_members(survivor=story.alice.member, merged=twin.member, at=NOW)
    taken = ask(story.alice.account, agent, points=800, code="too-many-points")

    question = read(client, page("adjustmentrequest_approve", given.pk))
    assert "Balance today: 600 points; afterwards: 1,300 points." in question
    question = read(client, page("adjustmentrequest_approve", taken.pk))
    assert "Balance today: 600 points; afterwards: 200 points owed." in question
    assert "afterwards" not in read(client, page("adjustmentrequest_decline", taken.pk))


def test_an_approval_that_is_sent_twice_is_told_as_done(story: Story, waiting: AdjustmentRequest) -> None:
    manager = client_of(make_colleague("Programme manager"))
    address = page("adjustmentrequest_approve", waiting.pk)
    manager.post(address, {})

    again = manager.post(address, {}, follow=True)

    assert again.redirect_chain == [(page("adjustmentrequest_change", waiting.pk), 302)]
    assert "The request is approved already: the points have moved." in again.content.decode()
    assert balance(story.alice.account) == (552, 0)
    assert StaffAction.objects.filter(action="adjustment.approved").count() == 1


def test_what_a_colleague_decided_otherwise_is_told_as_it_ended(
    story: Story, waiting: AdjustmentRequest
) -> None:
    managers = [client_of(make_manager(name)) for name in ("martin", "pauline")]
    managers[0].post(page("adjustmentrequest_decline", waiting.pk), {"comment": "Nobody knows of it"})

    for name in ("approve", "decline"):
        told = managers[1].post(page(f"adjustmentrequest_{name}", waiting.pk), {"comment": SAID}, follow=True)
        assert "The request is declined already: nothing has moved." in told.content.decode()
        (message,) = told.context["messages"]
        assert message.level_tag == ("warning" if name == "approve" else "info")

    assert balance(story.alice.account) == (512, 0)
    assert not StaffAction.objects.filter(action="adjustment.approved").exists()


def test_a_manager_declines_with_a_reason(story: Story, waiting: AdjustmentRequest) -> None:
    client = client_of(make_colleague("Programme manager"))
    address = page("adjustmentrequest_decline", waiting.pk)

    silent = client.post(address, {"comment": ""})
    client.post(address, {"comment": "The store knows nothing of it"})

    assert "This field is required." in silent.content.decode()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.decision_comment) == (
        AdjustmentState.DECLINED,
        "The store knows nothing of it",
    )
    assert balance(story.alice.account) == (512, 0)


def test_ones_own_request_is_withdrawn_and_never_approved(story: Story) -> None:
    manager = make_colleague("Programme manager")
    own = ask(story.alice.account, manager, points=5000)
    client = client_of(manager)

    for name in ("approve", "decline"):
        assert client.post(page(f"adjustmentrequest_{name}", own.pk), {"comment": SAID}).status_code == 403
    shown = read(client, page("adjustmentrequest_change", own.pk))
    client.post(page("adjustmentrequest_withdraw", own.pk))

    assert page("adjustmentrequest_withdraw", own.pk) in shown
    assert page("adjustmentrequest_approve", own.pk) not in shown
    again = client.post(page("adjustmentrequest_withdraw", own.pk), follow=True).content.decode()
    assert "The request is withdrawn already: nothing has moved." in again
    own.refresh_from_db()
    assert own.state == AdjustmentState.WITHDRAWN
    assert balance(story.alice.account) == (512, 0)


def test_a_refusal_of_the_rules_is_told(story: Story, waiting: AdjustmentRequest) -> None:
    User.objects.filter(pk=waiting.requested_by_id).update(is_active=False)
    client = client_of(make_colleague("Programme manager"))

    answer = client.post(page("adjustmentrequest_approve", waiting.pk), {"comment": ""}, follow=True)

    assert "may not move these points any more" in answer.content.decode()
    waiting.refresh_from_db()
    assert waiting.state == AdjustmentState.REQUESTED
    assert balance(story.alice.account) == (512, 0)


def test_a_card_number_in_a_comment_is_refused_by_the_form(waiting: AdjustmentRequest) -> None:
    client = client_of(make_colleague("Programme manager"))

    answer = client.post(
        page("adjustmentrequest_approve", waiting.pk), {"comment": "Card 4111 1111 1111 1111"}
    )

    assert "This looks like a full card number" in answer.content.decode()
    waiting.refresh_from_db()
    assert waiting.state == AdjustmentState.REQUESTED


@pytest.mark.parametrize(
    ("standing", "found"),
    [
        ("", 6),
        ("waiting", 1),
        ("lapsed", 1),
        ("alone", 1),
        ("approved", 1),
        ("declined", 1),
        ("withdrawn", 1),
        ("nonsense", 6),
    ],
)
def test_requests_are_found_by_where_they_stand(
    story: Story, waiting: AdjustmentRequest, standing: str, found: int
) -> None:
    agent, manager = make_agent(), make_manager()
    account = story.alice.account
    ask(account, agent, points=10)
    ask(account, agent, points=400, at=NOW - timedelta(days=4))
    approve_adjustment(request=ask(account, agent, points=301), actor=manager, at=NOW)
    decline_adjustment(request=ask(account, agent, points=302), actor=manager, comment=SAID, at=NOW)
    withdraw_adjustment(request=ask(account, agent, points=303), actor=agent, at=NOW)

    listed = client_of(manager).get(page("adjustmentrequest_changelist"), {"standing": standing})

    assert listed.context["cl"].result_count == found
    assert waiting.pk


def test_finance_sees_no_words_about_members(waiting: AdjustmentRequest) -> None:
    address = page("adjustmentrequest_change", waiting.pk)

    for role, sees in (("Finance", False), ("Auditor", True)):
        assert (SAID in read(client_of(make_colleague(role)), address)) is sees


def test_a_colleague_whose_sign_in_is_gone_is_a_number(waiting: AdjustmentRequest) -> None:
    User.objects.filter(pk=waiting.requested_by_id).delete()

    shown = read(client_of(make_colleague("Auditor")), page("adjustmentrequest_change", waiting.pk))

    assert f"#{waiting.requested_by_id}" in shown


def test_an_approver_whose_sign_in_is_gone_is_a_number(waiting: AdjustmentRequest) -> None:
    manager = make_manager("pauline")
    client_of(manager).post(page("adjustmentrequest_approve", waiting.pk), {"comment": ""})
    User.objects.filter(pk=manager.pk).delete()

    shown = read(client_of(make_colleague("Auditor")), page("adjustmentrequest_change", waiting.pk))

    assert f"#{manager.pk}" in shown


def test_the_account_leads_to_the_page_on_which_points_are_moved(story: Story) -> None:
    account = story.alice.account
    address = page("pointaccount_points", account.pk)

    answer = client_of(make_colleague("Call centre")).get(address)

    assert answer.status_code == 302
    assert answer["Location"] == (
        reverse("helpdesk_points", args=[account.member.public_id]) + "?programme=happy-card"
    )
    assert client_of(make_colleague("Finance")).get(address).status_code == 403


def test_finance_sets_the_limits_and_gives_no_points(story: Story) -> None:
    limit = AdjustmentLimit.objects.get(role="Call centre", kind=AdjustmentKind.GOODWILL)
    client = client_of(make_colleague("Finance"))

    shown = read(client, page("adjustmentlimit_change", limit.pk))
    wrong = client.post(
        page("adjustmentlimit_change", limit.pk), {"points_a_day": "500", "points_alone": "501"}
    )
    client.post(page("adjustmentlimit_change", limit.pk), {"points_a_day": "500", "points_alone": "50"})

    assert "Call centre" in shown
    assert "This cannot be more than for the whole day." in wrong.content.decode()
    limit.refresh_from_db()
    assert (limit.points_a_day, limit.points_alone, limit.role) == (500, 50, "Call centre")
    assert StaffAction.objects.filter(action="adjustmentlimit.changed").count() == 1
    assert client.get(reverse("helpdesk_points", args=[story.alice.member.public_id])).status_code == 403


def test_a_limit_is_added_for_a_group_and_let_go_again(story: Story) -> None:
    client = client_of(make_colleague("Finance"))
    form = client.get(page("adjustmentlimit_add")).content.decode()
    assert re.search(r'<option value="Marketing"', form)

    client.post(
        page("adjustmentlimit_add"),
        {
            "programme": str(story.programme.pk),
            "role": "Marketing",
            "kind": str(AdjustmentKind.GOODWILL.value),
            "points_a_day": "100",
            "points_alone": "100",
        },
    )
    limit = AdjustmentLimit.objects.get(role="Marketing")
    client.post(page("adjustmentlimit_delete", limit.pk))

    assert not AdjustmentLimit.objects.filter(role="Marketing").exists()
    assert StaffAction.objects.filter(action__startswith="adjustmentlimit.").count() == 2


def test_a_reason_keeps_what_it_does_and_may_change_its_words(story: Story) -> None:
    reason = AdjustmentReason.objects.get(programme=story.programme, code="thanks")
    client = client_of(make_colleague("Programme manager"))

    client.post(
        page("adjustmentreason_change", reason.pk),
        {
            "name_fr": "Merci",
            "name_en": "Thank you",
            "sentence_fr": "Merci à vous.",
            "sentence_en": "Thank you.",
            "takes_points": "on",
            "kind": "9",
        },
    )

    reason.refresh_from_db()
    assert (reason.name_en, reason.sentence_fr, reason.kind, reason.takes_points, reason.is_offered) == (
        "Thank you",
        "Merci à vous.",
        AdjustmentKind.GOODWILL,
        False,
        False,
    )


def test_a_new_programme_begins_with_the_usual_reasons_and_limits(story: Story) -> None:
    client = client_of(make_colleague(ADMINISTRATOR))

    client.post(
        page("programme_add"),
        {
            "name": "New",
            "code": "new",
            "issuer": str(story.programme.issuer_id),
            "currency": "EUR",
            "points_validity_years": "4",
            "expiry_rounding": "day",
            "verified_email_points": "0",
            "time_zone": "Europe/Paris",
            "approval_hours": "48",
            "reinstatement_days": "90",
            "reinstated_validity_days": "60",
            "leaving_policy": "lost",
            "household_size": "0",
            "days_until_available": "0",
        },
    )

    programme = Programme.objects.get(code="new")
    assert programme.approval_hours == 48
    assert programme.adjustment_reasons.count() == 16
    assert programme.adjustment_limits.count() == 6
