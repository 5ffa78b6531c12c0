"""A succession goes from step to step; what is out of turn is refused and leaves everything as it was."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings

from core.jobs import StepOutcome, sweep_all
from loyalty.models import Conversion, Programme, Succession
from loyalty.succession import background, walks
from loyalty.succession.background import run_succession, wake_successions
from loyalty.succession.errors import (
    DayIsOver,
    NotRehearsed,
    NotRunning,
    PredecessorUnderWay,
    ProgrammeClosed,
    SameProgramme,
    SuccessionUnderWay,
    SuccessorEnds,
    SuccessorPrepared,
    TermsFixed,
    ZonesDiffer,
)
from loyalty.succession.service import (
    abandon_succession,
    begin_rehearsal,
    begin_succession,
    change_terms,
    close_succession,
    extend_late_returns,
    follow_up,
    prepare_succession,
    reverse_succession,
)
from loyalty.succession.walks import step_succession
from tests.factories import NOW, buy, make_cardholder, make_programme
from tests.loyalty.ledger_state import balance, everything
from tests.loyalty.succession.conftest import (
    Programmes,
    new_account,
    prepare,
    rehearse,
    run,
    terms,
    walk,
)
from tests.tampering import full_disk_under

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=10)


def states() -> list[str]:
    return list(Succession.objects.order_by("pk").values_list("state", flat=True))


def test_a_programme_has_one_succession_at_a_time(programmes: Programmes) -> None:
    prepare(programmes)
    with pytest.raises(SuccessionUnderWay):
        prepare(programmes)
    assert states() == ["draft"]


def test_no_programme_follows_itself_or_one_that_ends(programmes: Programmes) -> None:
    with pytest.raises(SameProgramme):
        prepare(Programmes(programmes.old, programmes.old))
    succession = rehearse(prepare(programmes))
    with pytest.raises(SuccessorPrepared):
        prepare(Programmes(programmes.new, programmes.old))
    begin_succession(succession=succession, at=NOW)
    with pytest.raises(SuccessorEnds):
        prepare(Programmes(make_programme("third", name="Third"), programmes.old))
    assert states() == ["running"]


def test_programmes_whose_days_begin_at_other_instants_do_not_follow_each_other(
    programmes: Programmes,
) -> None:
    Programme.objects.filter(pk=programmes.old.pk).update(time_zone="Asia/Tokyo")
    programmes.old.refresh_from_db()

    with pytest.raises(ZonesDiffer):
        prepare(programmes)

    assert states() == []


def test_a_closed_programme_follows_nobody(programmes: Programmes) -> None:
    Programme.objects.filter(pk=programmes.new.pk).update(closed_at=NOW)
    programmes.new.refresh_from_db()
    with pytest.raises(ProgrammeClosed):
        prepare(programmes)


def test_other_terms_make_it_a_draft_again_and_the_same_terms_change_nothing(programmes: Programmes) -> None:
    succession = rehearse(prepare(programmes))
    assert change_terms(succession=succession, terms=terms(), at=NOW).state == "rehearsed"
    changed = change_terms(succession=succession, terms=terms(1, 3), at=NOW)
    assert (changed.state, changed.rehearsal, changed.old_points) == ("draft", {}, 3)
    with pytest.raises(NotRehearsed):
        begin_succession(succession=changed, at=NOW)


def test_nothing_moves_before_it_was_rehearsed(programmes: Programmes) -> None:
    make_cardholder(programmes.old, points=10)
    draft = prepare(programmes)
    before = everything()
    with pytest.raises(NotRehearsed):
        begin_succession(succession=draft, at=NOW)
    begun = begin_rehearsal(succession=draft, at=NOW)
    assert begin_rehearsal(succession=draft, at=LATER).moved_at == begun.moved_at
    assert everything() == before


def test_terms_are_fixed_once_it_runs(programmes: Programmes) -> None:
    succession = run(prepare(programmes))
    with pytest.raises(TermsFixed):
        change_terms(succession=succession, terms=terms(2, 1), at=NOW)
    with pytest.raises(TermsFixed):
        begin_rehearsal(succession=succession, at=NOW)
    assert begin_succession(succession=succession, at=NOW).walks == 1


def test_what_never_ran_can_be_abandoned_for_another_one(programmes: Programmes) -> None:
    make_cardholder(programmes.old, points=10)
    before = everything()
    rehearsing = begin_rehearsal(succession=prepare(programmes), at=NOW)
    abandoned = abandon_succession(succession=rehearsing, at=NOW)
    assert abandon_succession(succession=rehearsing, at=LATER).ended_at == NOW
    assert step_succession(abandoned.pk, at=NOW) is StepOutcome.NOTHING
    with pytest.raises(TermsFixed):
        change_terms(succession=abandoned, terms=terms(2, 1), at=NOW)
    assert everything() == before
    # Neither programme ends by it: even the other way round is possible now.
    prepare_succession(source=programmes.new, target=programmes.old, terms=terms(1, 1), at=NOW)
    assert states() == ["abandoned", "draft"]


def test_what_ran_is_reversed_and_not_abandoned(programmes: Programmes) -> None:
    succession = run(prepare(programmes))
    with pytest.raises(TermsFixed):
        abandon_succession(succession=succession, at=NOW)
    assert states() == ["running"]


@pytest.mark.parametrize("until", [None, date(2026, 11, 21)])
def test_it_needs_a_last_day_for_late_lines_that_is_to_come(
    programmes: Programmes, until: date | None
) -> None:
    with pytest.raises(DayIsOver):
        prepare(programmes, terms(until=until))
    assert states() == []
    succession = rehearse(prepare(programmes))
    with pytest.raises(DayIsOver):
        change_terms(succession=succession, terms=terms(until=until), at=NOW)
    Succession.objects.update(late_returns_until=until)
    with pytest.raises(DayIsOver):
        begin_succession(succession=succession, at=NOW)
    assert states() == ["rehearsed"]


def test_another_last_day_must_be_to_come_too(programmes: Programmes) -> None:
    succession = run(prepare(programmes))
    with pytest.raises(DayIsOver):
        extend_late_returns(succession=succession, until=date(2026, 11, 1), at=NOW)


def test_only_what_runs_is_followed_or_reversed(programmes: Programmes) -> None:
    draft = prepare(programmes)
    with pytest.raises(NotRunning):
        follow_up(succession=draft, at=NOW)
    with pytest.raises(NotRunning):
        reverse_succession(succession=draft, at=NOW)
    draft.pk = 0
    with pytest.raises(NotRunning):
        close_succession(succession=draft, at=NOW)


def test_reversing_twice_is_reversing_once(programmes: Programmes) -> None:
    succession = run(prepare(programmes))
    reversing = reverse_succession(succession=succession, at=NOW)
    assert reverse_succession(succession=reversing, at=LATER).moved_at == NOW
    assert walk(reversing).state == "reversed"
    assert reverse_succession(succession=reversing, at=LATER).state == "reversed"


def test_following_up_while_a_walk_is_under_way_leaves_it_alone(programmes: Programmes) -> None:
    begun = begin_succession(succession=rehearse(prepare(programmes)), at=NOW)

    followed = follow_up(succession=begun, at=LATER)

    assert (followed.is_walking, followed.walks, followed.moved_at) == (True, 0, NOW)
    assert Succession.objects.get().moved_at == NOW


def test_a_chain_of_successions_is_refused_at_the_start(programmes: Programmes) -> None:
    succession = rehearse(prepare(programmes))
    third = Programme.objects.create(code="third", name="Third", issuer=programmes.new.issuer)
    prepare_succession(source=programmes.new, target=third, terms=terms(), at=NOW)
    with pytest.raises(SuccessorPrepared):
        begin_succession(succession=succession, at=NOW)


def third_after(programmes: Programmes) -> Programmes:
    """Return the new programme as one that ends itself, and a third."""
    return Programmes(programmes.new, make_programme("third", name="Third", verified_email_points=0))


@pytest.mark.parametrize("state", ["running", "closing", "reversing"])
def test_who_still_gets_the_points_of_another_programme_is_not_replaced_itself(
    programmes: Programmes, state: str
) -> None:
    make_cardholder(programmes.old, points=10)
    succession = run(prepare(programmes))
    if state == "closing":
        close_succession(succession=succession, at=NOW + timedelta(days=90))
    if state == "reversing":
        reverse_succession(succession=succession, at=NOW)
    before = everything()

    with pytest.raises(PredecessorUnderWay):
        prepare(third_after(programmes))

    assert states() == [state]
    assert everything() == before


def test_what_was_rehearsed_does_not_run_while_the_programme_before_it_still_moves(
    programmes: Programmes,
) -> None:
    make_cardholder(programmes.old, points=10)
    first = run(prepare(programmes))
    Succession.objects.update(state="closed")
    second = rehearse(prepare(third_after(programmes)))
    Succession.objects.filter(pk=first.pk).update(state="running")
    before = everything()

    with pytest.raises(PredecessorUnderWay):
        begin_succession(succession=second, at=NOW)

    assert states() == ["running", "rehearsed"]
    assert everything() == before


@pytest.mark.parametrize("state", ["closed", "reversed"])
def test_once_the_first_is_over_the_next_programme_may_be_replaced(
    programmes: Programmes, state: str
) -> None:
    alice = make_cardholder(programmes.old, points=10)
    succession, later = run(prepare(programmes)), NOW + timedelta(days=90)
    over = close_succession if state == "closed" else reverse_succession
    walk(over(succession=succession, at=later), at=later)
    chain = third_after(programmes)

    run(prepare(chain, terms(until=date(2027, 6, 30))), at=later)

    assert states() == [state, "running"]
    assert balance(new_account(chain, alice.account)) == (10 if state == "closed" else 0, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE loyalty_succession SET old_points = 2",
        "UPDATE loyalty_succession SET rounding = 'up'",
        "DELETE FROM loyalty_succession",
        "UPDATE loyalty_conversion SET arrived_points = 11",
        "DELETE FROM loyalty_conversion",
    ],
)
def test_the_database_keeps_terms_and_conversions_as_they_are(programmes: Programmes, statement: str) -> None:
    make_cardholder(programmes.old, points=10)
    run(prepare(programmes))
    with (
        pytest.raises(Exception, match="never change"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert Conversion.objects.get().arrived_points == 10


@pytest.mark.parametrize(
    "changes",
    [
        {"target": "source"},
        {"new_points": 0},
        {"old_points": 1_000_001},
        {"state": "running"},
    ],
)
def test_the_database_refuses_what_makes_no_sense(programmes: Programmes, changes: dict[str, object]) -> None:
    fields = {"source": programmes.old, "target": programmes.new, "created_at": NOW, "moved_at": NOW}
    if changes == {"target": "source"}:
        changes = {"target": programmes.old}
    with pytest.raises(IntegrityError), transaction.atomic():
        Succession.objects.create(**fields | changes)


def test_two_successions_of_one_programme_are_refused_by_the_database(programmes: Programmes) -> None:
    prepare(programmes)
    with pytest.raises(IntegrityError), transaction.atomic():
        Succession.objects.create(
            source=programmes.old, target=programmes.new, created_at=NOW, moved_at=NOW
        )  # fmt: skip


def test_a_chunk_that_fails_leaves_its_error_and_is_tried_again(
    programmes: Programmes, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = make_cardholder(programmes.old, points=10)
    succession = begin_succession(succession=rehearse(prepare(programmes)), at=NOW)
    with monkeypatch.context() as broken:
        broken.setattr(walks, "move_accounts", _fail)
        assert step_succession(succession.pk, at=NOW) is StepOutcome.FAILED
    succession.refresh_from_db()
    assert (succession.attempts, succession.last_error) == (1, "ZeroDivisionError")
    assert balance(alice.account) == (10, 0)
    assert walk(succession).attempts == 0
    assert balance(alice.account) == (0, 0)


def _fail(*_arguments: object, **_options: object) -> None:
    message = "on purpose"
    raise ZeroDivisionError(message)


def test_there_is_nothing_to_do_without_a_walk(programmes: Programmes) -> None:
    assert step_succession(prepare(programmes).pk, at=NOW) is StepOutcome.NOTHING
    assert step_succession(0, at=NOW) is StepOutcome.NOTHING


def test_a_worker_goes_through_all_accounts_and_rings_again_when_it_lasts(
    programmes: Programmes, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(walks, "MOVED_AT_ONCE", 1)
    monkeypatch.setattr("core.background.SECONDS_AT_WORK", -1)
    rings: list[int] = []
    monkeypatch.setattr("core.background.ring", lambda _task, pk: rings.append(pk))
    settings.CELERY_TASK_ALWAYS_EAGER = True
    people = [make_cardholder(programmes.old, points=10) for _ in range(2)]
    succession = begin_succession(succession=rehearse(prepare(programmes)), at=NOW)
    run_succession(succession.pk)
    assert rings == [succession.pk]
    assert [balance(one.account)[0] for one in people] == [0, 10]
    monkeypatch.setattr("core.background.SECONDS_AT_WORK", 60)
    run_succession(succession.pk)
    assert [balance(one.account)[0] for one in people] == [0, 0]
    succession.refresh_from_db()
    assert not succession.is_walking


def test_what_came_late_is_looked_for_every_few_minutes(
    programmes: Programmes, monkeypatch: pytest.MonkeyPatch
) -> None:
    rings: list[int] = []
    monkeypatch.setattr(background, "ring", lambda _task, pk: rings.append(pk))
    alice = make_cardholder(programmes.old, points=10)
    succession = run(prepare(programmes))
    buy(programmes.old, alice.card.token, euros=5)
    wake_successions(NOW + timedelta(minutes=4))
    assert rings == []
    wake_successions(LATER)
    assert rings == [succession.pk]
    walk(succession, at=LATER)
    assert balance(new_account(programmes, alice.account)) == (15, 0)


def test_a_walk_whose_worker_was_lost_is_rung_for_again(
    programmes: Programmes, monkeypatch: pytest.MonkeyPatch
) -> None:
    rings: list[int] = []
    monkeypatch.setattr(background, "ring", lambda _task, pk: rings.append(pk))
    succession = begin_rehearsal(succession=prepare(programmes), at=NOW)
    wake_successions(NOW + timedelta(seconds=30))
    assert rings == []
    assert sweep_all(at=LATER) == []
    assert rings == [succession.pk]


def test_a_walk_that_fails_is_rung_for_later_each_time(
    programmes: Programmes, monkeypatch: pytest.MonkeyPatch
) -> None:
    rings: list[int] = []
    monkeypatch.setattr(background, "ring", lambda _task, pk: rings.append(pk))
    make_cardholder(programmes.old, points=10)
    succession = begin_succession(succession=rehearse(prepare(programmes)), at=NOW)
    with full_disk_under("loyalty_conversion"):
        for _ in range(3):
            assert step_succession(succession.pk, at=NOW) is StepOutcome.FAILED
    wake_successions(NOW + timedelta(seconds=239))
    assert rings == []
    wake_successions(NOW + timedelta(seconds=240))
    assert rings == [succession.pk]


def test_a_succession_reversed_at_that_moment_is_not_followed(
    programmes: Programmes, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(prepare(programmes))

    def refuse(**_options: object) -> None:
        raise NotRunning

    monkeypatch.setattr(background, "follow_up", refuse)
    wake_successions(LATER)
    assert not Succession.objects.get().is_walking


def test_only_the_accounts_that_hold_something_are_gone_through_again(
    programmes: Programmes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walks, "MOVED_AT_ONCE", 1)
    monkeypatch.setattr(walks, "LOOKED_AT_ONCE", 2)
    people = [make_cardholder(programmes.old, points=10) for _ in range(5)]
    succession = run(prepare(programmes))
    for number in (0, 3, 4):
        buy(programmes.old, people[number].card.token, euros=5)
    succession = walk(follow_up(succession=succession, at=LATER), at=LATER)
    assert (succession.walk["accounts"], succession.walk["moving"]) == (3, 3)
    assert [balance(one.account)[0] for one in people] == [0] * 5
