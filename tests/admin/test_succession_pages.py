"""A manager prepares a succession, looks at the rehearsal, lets it run, and closes or reverses it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.formatting import day
from core.models import StaffAction
from loyalty.models import Conversion, Lot, Programme, Succession
from loyalty.purchases.record import record_purchases
from loyalty.succession.counterparts import CounterpartLine, record_counterparts
from tests.admin.conftest import ROLES, WHY, client_of, make_colleague
from tests.factories import (
    Cardholder,
    bring_back,
    buy,
    make_cardholder,
    make_issuer,
    make_line,
    make_member,
    order,
)
from tests.kept_fixtures import kept
from tests.loyalty.ledger_state import balance, everything
from tests.loyalty.succession.conftest import Programmes, make_programmes, walk
from tests.tampering import tamper

pytestmark = pytest.mark.django_db

MANAGER, _MARKETING, CALL_CENTRE, FINANCE, *_OTHERS = ROLES
TERMS = {"new_points": "1", "old_points": "3", "rounding": "down", "rounded_over": "account"}
TODAY = timezone.localdate()


@kept()
def programmes() -> Programmes:
    """Return both programmes."""
    return make_programmes()


@kept()
def alice(programmes: Programmes) -> Cardholder:
    """Return a member with 100 points, beside Bob who owes 10."""
    bob = make_cardholder(programmes.old, first_name="Bob")
    buy(programmes.old, bob.card.token, euros=10, reference="B")
    order(programmes.old, bob.account, points=10)
    bring_back(programmes.old, bob.card.token, reference="B", euros=10)
    return make_cardholder(programmes.old, first_name="Alice", points=100)


@kept()
def manager(programmes: Programmes) -> Client:
    """Return the browser of a programme manager."""
    assert programmes.old.pk
    return client_of(make_colleague(MANAGER))


def page(name: str, succession: Succession, *more: str) -> str:
    return reverse(f"admin:loyalty_succession_{name}", args=[succession.pk, *more])


def prepared(manager: Client, programmes: Programmes, until: str = "2099-01-31") -> Succession:
    fields = {"source": programmes.old.pk, "target": programmes.new.pk, "late_returns_until": until}
    answer = manager.post(reverse("admin:loyalty_succession_add"), TERMS | fields)
    succession = Succession.objects.latest("pk")
    assert answer.headers["Location"] == page("change", succession)
    return succession


def rehearsed(manager: Client, programmes: Programmes, until: str = "2099-01-31") -> Succession:
    succession = prepared(manager, programmes, until)
    manager.post(page("rehearse", succession))
    return walk(succession, at=timezone.now())


def running(manager: Client, programmes: Programmes, until: str = "2099-01-31") -> Succession:
    succession = rehearsed(manager, programmes, until)
    manager.post(page("begin", succession), {"points": "100"})
    return walk(succession, at=timezone.now())


def text_of(client: Client, address: str) -> str:
    return " ".join(client.get(address).content.decode().split())


def actions() -> list[tuple[str, str]]:
    return list(StaffAction.objects.order_by("pk").values_list("action", "reason"))


@pytest.mark.usefixtures("alice")
def test_a_draft_is_written_down_with_its_terms_and_moves_nothing(
    manager: Client, programmes: Programmes
) -> None:
    before = everything()
    succession = prepared(manager, programmes)
    assert everything() == before
    assert (succession.state, succession.old_points, succession.created_by is not None) == ("draft", 3, True)
    assert actions() == [("succession.prepared", WHY)]
    shown = text_of(manager, page("change", succession))
    assert "3 points → 1 point<" in shown.replace(" <", "<")
    assert "Rehearse: what each account becomes, to the point" in shown


def test_a_draft_that_is_sent_twice_is_there_once(manager: Client, programmes: Programmes) -> None:
    draft = prepared(manager, programmes)

    assert prepared(manager, programmes).pk == draft.pk

    assert "This draft is there already." in text_of(manager, page("change", draft))
    assert Succession.objects.count() == 1
    assert actions() == [("succession.prepared", WHY)]


def told_by(manager: Client, name: str, succession: Succession, **fields: str) -> str:
    """Press a button of a succession once more; return what is said on its page, without that button."""
    answer = manager.post(page(name, succession), fields, follow=True)
    assert answer.redirect_chain == [(page("change", succession), 302)]
    shown = " ".join(answer.content.decode().split())
    assert page(name, succession) not in shown
    return shown


@pytest.mark.usefixtures("alice")
def test_steps_that_are_taken_twice_are_told_as_done(manager: Client, programmes: Programmes) -> None:
    succession = running(manager, programmes)
    deeds = len(actions())
    assert "The succession runs already" in told_by(manager, "begin", succession, points="100")
    late = "the state of this succession is “running” by now."
    assert late in told_by(manager, "terms", succession)
    assert late in told_by(manager, "abandon", succession)
    manager.post(page("reverse", succession))

    again = told_by(manager, "reverse", succession)

    assert "The succession is reversed already, or about to be." in again
    assert len(actions()) == deeds + 1


def test_a_second_draft_and_terms_that_make_no_sense_are_refused_on_the_form(
    manager: Client, programmes: Programmes
) -> None:
    prepared(manager, programmes)
    fields = {"source": programmes.old.pk, "target": programmes.new.pk, "late_returns_until": "2099-01-30"}
    answer = manager.post(reverse("admin:loyalty_succession_add"), TERMS | fields)
    assert "This programme has a succession already." in answer.content.decode()
    answer = manager.post(reverse("admin:loyalty_succession_add"), TERMS | fields | {"old_points": "0"})
    assert "greater than or equal to 1" in answer.content.decode()
    assert Succession.objects.count() == 1


@pytest.mark.usefixtures("alice")
def test_what_does_not_reconcile_is_told_and_does_not_run(manager: Client, programmes: Programmes) -> None:
    tamper("UPDATE loyalty_pointaccount SET balance_points = 105 WHERE balance_points = 100")
    succession = rehearsed(manager, programmes)

    assert "do not reconcile with the points of their lots (difference: 5)" in text_of(
        manager, page("change", succession)
    )
    told = manager.post(page("begin", succession), {"points": "100"}, follow=True).content.decode()

    assert "Prove the ledger (verify_ledger) before anything moves" in told
    assert Succession.objects.get().state == "rehearsed"
    assert Conversion.objects.count() == 0


@pytest.mark.usefixtures("alice")
def test_the_rehearsal_is_shown_to_the_point(manager: Client, programmes: Programmes) -> None:
    succession = rehearsed(manager, programmes)
    shown = text_of(manager, page("change", succession))
    assert "What the rehearsal found" in shown
    for name, points in (
        ("Balance in the ledger", "90"),
        ("Arrives in all", "30"),
        ("Rounding difference", ">0<"),
    ):
        assert points in shown.partition(name)[2][:200], name
    assert Conversion.objects.count() == 0


@pytest.mark.usefixtures("alice")
def test_a_walk_under_way_is_watched(manager: Client, programmes: Programmes) -> None:
    succession = prepared(manager, programmes)
    manager.post(page("rehearse", succession))
    shown = text_of(manager, page("change", succession))
    assert 'http-equiv="refresh"' in shown
    assert "0 of 2 accounts" in shown
    Succession.objects.update(attempts=1, last_error="OperationalError")
    shown = text_of(manager, page("change", succession))
    assert 'http-equiv="refresh"' not in shown
    assert "A chunk failed and is tried again" in shown
    assert "failing" in shown


@pytest.mark.usefixtures("alice")
def test_other_terms_make_it_a_draft_again(manager: Client, programmes: Programmes) -> None:
    succession = rehearsed(manager, programmes)
    assert 'value="3"' in text_of(manager, page("terms", succession))
    answer = manager.post(
        page("terms", succession), TERMS | {"old_points": "2", "late_returns_until": "2099-01-31"}
    )
    assert answer.headers["Location"] == page("change", succession)
    succession.refresh_from_db()
    assert (succession.state, succession.old_points) == ("draft", 2)
    assert actions()[-1] == ("succession.changed", WHY)


def test_whoever_has_not_looked_cannot_let_it_run(
    manager: Client, programmes: Programmes, alice: Cardholder
) -> None:
    succession = rehearsed(manager, programmes)
    question = text_of(manager, page("begin", succession))
    assert (
        "2 members of Smiles move. 0 members stay. 100 points become 33 points of Galeries Lafayette."
        " 10 points owed move as well. Late purchases and returns are taken through 31 January 2099."
    ) in question
    answer = manager.post(page("begin", succession), {"points": "99"})
    assert "This is not the number of points that move." in answer.content.decode()
    assert balance(alice.account) == (100, 0)
    manager.post(page("begin", succession), {"points": "100"})
    succession = walk(succession, at=timezone.now())
    assert (succession.state, balance(alice.account)) == ("running", (0, 0))
    assert actions()[-1] == ("succession.run", WHY)
    shown = text_of(manager, page("change", succession))
    assert "What moved so far" in shown
    assert "points owed moved" in shown


@pytest.mark.usefixtures("alice")
def test_what_came_late_is_moved_at_once_when_asked_for(
    manager: Client, programmes: Programmes, alice: Cardholder
) -> None:
    succession = running(manager, programmes)
    line = make_line(alice.card.token, cents=900, purchased_at=timezone.now())
    record_purchases([line], programme=programmes.old, at=timezone.now())
    manager.post(page("follow", succession))
    walk(succession, at=timezone.now())
    assert balance(alice.account) == (0, 0)
    assert actions()[-1] == ("succession.followed", WHY)


@pytest.mark.usefixtures("alice")
def test_the_last_day_is_moved_and_then_the_old_programme_is_closed(
    manager: Client, programmes: Programmes
) -> None:
    succession = running(manager, programmes)
    answer = manager.post(page("close", succession), follow=True)
    assert "The old programme still takes late purchases and returns." in answer.content.decode()
    past = (TODAY - timedelta(days=1)).isoformat()
    answer = manager.post(page("extend", succession), {"until": past}, follow=True)
    assert "today or later" in answer.content.decode()
    manager.post(page("extend", succession), {"until": TODAY.isoformat()})
    assert Programme.objects.get(code="smiles").lines_end_on == TODAY
    Succession.objects.update(late_returns_until=TODAY - timedelta(days=1))
    manager.post(page("close", succession), {"leave_behind": "on"})
    succession = walk(succession, at=timezone.now())
    assert succession.state == "closed"
    assert actions()[-1] == ("succession.closed", WHY)
    assert "The old programme is closed already" in told_by(manager, "close", succession)
    late = "the state of this succession is “closed” by now."
    for name in ("reverse", "extend", "follow"):
        assert late in told_by(manager, name, succession)


def test_closing_over_points_that_came_since_the_last_walk_is_refused_and_the_page_tells_what_stays(
    manager: Client, programmes: Programmes, alice: Cardholder
) -> None:
    issuer = make_issuer("elsewhere", "Elsewhere")
    Programme.objects.filter(pk=programmes.new.pk).update(issuer=issuer)
    succession = rehearsed(manager, programmes)
    manager.post(page("begin", succession), {"points": "0"})
    succession = walk(succession, at=timezone.now())
    carol = make_cardholder(programmes.old, first_name="Carol")
    make_member(issuer=issuer, reference="NEW")
    record_counterparts([CounterpartLine(alice.member.reference, "NEW")], programme=programmes.old)
    line = make_line(carol.card.token, cents=900, purchased_at=timezone.now())
    record_purchases([line], programme=programmes.old, at=timezone.now())
    Succession.objects.update(late_returns_until=TODAY - timedelta(days=1))
    unknown = "This member has no counterpart in the programme that follows."
    running = text_of(manager, page("change", succession))
    assert "Whose counterpart is imported before the old programme is closed moves as well." in running
    assert f'{unknown}</th> <td class="is-number">100</td> <td class="is-number">10</td>' in running

    answer = manager.post(page("close", succession), follow=True)
    assert "once it is closed they cannot move any more" in answer.content.decode()
    assert "They stay in the old programme for good." in text_of(manager, page("close", succession))
    manager.post(page("close", succession), {"leave_behind": "on"})
    assert "What stays in the old programme" not in text_of(manager, page("change", succession))
    walk(succession, at=timezone.now())

    closed = text_of(manager, page("change", succession))
    assert (
        "The old programme is closed: no counterpart is taken any more, and this stays where it is." in closed
    )
    assert f'{unknown}</th> <td class="is-number">9</td> <td class="is-number">10</td>' in closed


def test_it_is_reversed_with_a_reason(manager: Client, programmes: Programmes, alice: Cardholder) -> None:
    succession = running(manager, programmes)
    manager.post(page("reverse", succession), {"reason": ""})
    succession.refresh_from_db()
    assert succession.state == "running"
    manager.post(page("reverse", succession))
    walk(succession, at=timezone.now())
    assert balance(alice.account) == (100, 0)
    assert actions()[-1] == ("succession.reversed", WHY)
    assert "reversed" in text_of(manager, page("change", succession))


def test_a_draft_is_abandoned_with_a_reason_and_another_one_prepared(
    manager: Client, programmes: Programmes
) -> None:
    draft = prepared(manager, programmes)
    manager.post(page("abandon", draft))
    draft.refresh_from_db()
    assert (draft.state, actions()[-1]) == ("abandoned", ("succession.abandoned", WHY))
    assert "abandoned" in text_of(manager, page("change", draft))
    assert "The succession is abandoned already." in told_by(manager, "abandon", draft)
    assert prepared(manager, programmes).pk != draft.pk


def test_of_an_abandoned_one_nobody_takes_a_file_and_the_page_says_how_far_it_had_come(
    manager: Client, programmes: Programmes
) -> None:
    succession = rehearsed(manager, programmes)
    manager.post(page("abandon", succession))

    shown = manager.get(page("change", succession))

    assert [step["is_done"] for step in shown.context["steps"]] == [True, True, False, False]
    assert shown.context["files"] == []
    assert manager.post(page("file", succession, "letters")).status_code == 403


@pytest.mark.usefixtures("alice")
@pytest.mark.parametrize(
    ("part", "action", "heading"),
    [
        ("accounts", "succession.exported", "Member reference,What becomes of it,Why it stays,"),
        ("months", "succession.exported", "Month of expiry,Old points that move,New points,Opening lots"),
        ("letters", "succession.letters", "Member reference,Title,First name,Last name,Address,"),
    ],
)
def test_files_leave_with_a_reason_and_are_written_down(
    manager: Client, programmes: Programmes, part: str, action: str, heading: str
) -> None:
    succession = rehearsed(manager, programmes)
    address = page("file", succession, part)
    assert "The file has these columns" in text_of(manager, address)
    answer = manager.post(address)
    content = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined] # a streaming response
    assert content.removeprefix("\ufeff").startswith(heading)
    assert actions()[-1] == (action, WHY)
    assert StaffAction.objects.latest("pk").details == {"table": part}
    assert manager.get(page("file", succession, "else")).status_code == 404


@pytest.mark.usefixtures("alice")
def test_names_that_look_like_formulas_are_disarmed_in_the_letters(
    manager: Client, programmes: Programmes, alice: Cardholder
) -> None:
    alice.member.first_name = "=cmd|' /C calc'!A0"
    alice.member.save()
    succession = rehearsed(manager, programmes)
    answer = manager.post(page("file", succession, "letters"))
    content = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined] # a streaming response
    assert ",'=cmd|' /C calc'!A0," in content


@pytest.mark.usefixtures("alice")
def test_who_may_look_takes_only_the_files_they_may(manager: Client, programmes: Programmes) -> None:
    succession = rehearsed(manager, programmes)
    finance, agent = (client_of(make_colleague(role)) for role in (FINANCE, CALL_CENTRE))
    assert finance.get(page("file", succession, "accounts")).status_code == 200
    assert finance.get(page("file", succession, "letters")).status_code == 403
    assert agent.get(page("file", succession, "accounts")).status_code == 403
    operator = client_of(make_colleague("Operator"))
    assert operator.get(page("file", succession, "accounts")).status_code == 403
    shown = text_of(finance, page("change", succession))
    assert "Each account, to the point" in shown
    assert "Letters to members" not in shown
    assert finance.get(reverse("admin:loyalty_succession_add")).status_code == 403
    assert finance.get(page("begin", succession)).status_code == 403


@pytest.mark.usefixtures("alice")
def test_conversions_and_counterparts_are_looked_at(manager: Client, programmes: Programmes) -> None:
    succession = running(manager, programmes)
    conversion = Conversion.objects.filter(succession=succession, left_points=100).get()
    shown = text_of(manager, reverse("admin:loyalty_conversion_change", args=[conversion.pk]))
    lot = Lot.objects.get(account__programme=programmes.old, granted_points=100)
    assert f"{day(lot.expires_on)}: 100 → 33" in shown
    names = f"{programmes.old.name} → {programmes.new.name}"
    assert names in shown
    assert names in text_of(manager, reverse("admin:loyalty_conversion_changelist"))
    assert manager.get(reverse("admin:loyalty_counterpart_changelist")).status_code == 200
    listed = text_of(manager, reverse("admin:loyalty_succession_changelist"))
    assert "90 → 30" in listed


def test_the_page_names_both_programmes_and_its_state(manager: Client, programmes: Programmes) -> None:
    succession = rehearsed(manager, programmes)

    shown = text_of(manager, page("change", succession))

    assert f"{programmes.old.name} → {programmes.new.name}" in shown
    assert ">rehearsed<" in shown.replace("> ", ">").replace(" <", "<")
    assert "31 January 2099" in shown


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_state_without_a_colour_is_shown_in_words(
    manager: Client, programmes: Programmes, language: str
) -> None:
    succession = prepared(manager, programmes)
    manager.post(page("rehearse", succession))

    told = text_of(
        client_of(make_colleague(FINANCE), language), reverse("admin:loyalty_succession_changelist")
    )

    assert {"fr": "en répétition", "en": "being rehearsed"}[language] in told
    assert "rehearsing" not in told


def test_a_succession_that_is_not_there_is_not_found(manager: Client) -> None:
    assert manager.get(reverse("admin:loyalty_succession_file", args=[7, "accounts"])).status_code == 404
    assert manager.get(reverse("admin:loyalty_succession_change", args=[7])).status_code == 302
