"""What an account holds is decided by the calendar at the moment of asking."""

from datetime import date

from pytest_django import DjangoAssertNumQueries

from loyalty.ledger.movements import LotDates, Movement
from loyalty.ledger.post import post_batch
from loyalty.models import EntryKind, PointAccount, Programme
from loyalty.selectors.balance import Expiring, balance_of, expiry_calendar, points_to_use
from tests.factories import NOW, PARIS, Cardholder, bring_back, buy, order
from tests.loyalty.ledger_state import paris


def account_of(cardholder: Cardholder) -> PointAccount:
    """Return the account as it is stored now."""
    return PointAccount.objects.select_related("programme").get(pk=cardholder.account.pk)


def test_an_account_without_points_holds_nothing(alice: Cardholder) -> None:
    balance = balance_of(account_of(alice), at=NOW)

    assert (balance.available_points, balance.waiting_points, balance.owed_points) == (0, 0, 0)
    assert (balance.next_expiry, balance.later_expiries, balance.waiting_until) == (None, (), None)


def test_points_are_listed_by_the_day_on_which_they_expire_not_only_the_next(
    programme: Programme, alice: Cardholder, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for day, euros in (("2026-11-01", 40), ("2023-02-01", 10), ("2024-02-29", 20), ("2023-02-01", 5)):
        buy(programme, alice.card.token, euros=euros, purchased_at=paris(f"{day} 12:00"))
    account = account_of(alice)

    with django_assert_num_queries(1):
        balance = balance_of(account, at=NOW)

    assert balance.available_points == 75
    assert balance.next_expiry == Expiring(date(2027, 2, 1), 15)
    assert balance.later_expiries == (Expiring(date(2028, 2, 29), 20), Expiring(date(2030, 11, 1), 40))
    assert [(month.month, month.points, month.days) for month in expiry_calendar(account, at=NOW)] == [
        (date(2027, 2, 1), 15, (Expiring(date(2027, 2, 1), 15),)),
        (date(2028, 2, 1), 20, (Expiring(date(2028, 2, 29), 20),)),
        (date(2030, 11, 1), 40, (Expiring(date(2030, 11, 1), 40),)),
    ]


def test_only_the_five_first_days_are_listed_and_all_points_counted(
    programme: Programme, alice: Cardholder
) -> None:
    for month in range(1, 8):
        buy(programme, alice.card.token, euros=month, purchased_at=paris(f"2026-{month:02}-01 12:00"))

    balance = balance_of(account_of(alice), at=NOW)

    assert balance.available_points == 28
    assert [expiring.points for expiring in balance.expiries] == [1, 2, 3, 4, 5]


def test_points_that_expire_in_one_month_are_added_up(programme: Programme, alice: Cardholder) -> None:
    for day in (1, 15, 20):
        buy(programme, alice.card.token, euros=day, purchased_at=paris(f"2026-10-{day:02} 12:00"))

    (october,) = expiry_calendar(account_of(alice), at=NOW)

    assert october.points == 36
    assert october.days == tuple(Expiring(date(2030, 10, day), day) for day in (1, 15, 20))


def test_points_that_are_over_are_gone_although_the_job_has_not_run(
    programme: Programme, alice: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=10, at=paris("2022-11-22 12:00"))
    account = account_of(alice)

    assert balance_of(account, at=paris("2026-11-22 23:59:59")).available_points == 10
    after = balance_of(account, at=paris("2026-11-23 00:00:00"))
    assert (after.available_points, after.expiries) == (0, ())
    assert expiry_calendar(account, at=paris("2026-11-23 00:00:00")) == []
    assert account.balance_points == 10


def test_points_that_are_not_available_yet_wait(alice: Cardholder) -> None:
    days = (24, 23)
    post_batch(
        [
            Movement(
                alice.account.pk,
                EntryKind.PURCHASE,
                day,
                NOW,
                LotDates(date(2030, 11, day), date(2026, 11, day)),
            )
            for day in days
        ],
        zone=PARIS,
        at=NOW,
    )

    balance = balance_of(account_of(alice), at=NOW)

    assert (balance.available_points, balance.waiting_points) == (0, 47)
    assert balance.waiting_until == date(2026, 11, 23)
    assert points_to_use(account_of(alice), points=10, at=NOW) == []
    assert balance_of(account_of(alice), at=paris("2026-11-23 00:00")).available_points == 23


def test_points_owed_are_shown_beside_nothing_available(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=10, reference="A1")
    order(programme, alice.account, points=10)
    bring_back(programme, alice.card.token, reference="A1", euros=10)

    balance = balance_of(account_of(alice), at=NOW)

    assert (balance.available_points, balance.owed_points) == (0, 10)


def test_the_points_an_order_would_take_are_those_it_takes(programme: Programme, alice: Cardholder) -> None:
    buy(programme, alice.card.token, euros=40, purchased_at=paris("2026-11-01 12:00"))
    buy(programme, alice.card.token, euros=10, purchased_at=paris("2023-02-01 12:00"))
    buy(programme, alice.card.token, euros=20, purchased_at=paris("2024-02-29 12:00"))

    planned = points_to_use(account_of(alice), points=35, at=NOW)

    assert planned == [
        Expiring(date(2027, 2, 1), 10),
        Expiring(date(2028, 2, 29), 20),
        Expiring(date(2030, 11, 1), 5),
    ]
    made = order(programme, alice.account, points=35)
    taken = made.entry.uses.order_by("lot__expires_on").values_list("lot__expires_on", "points")
    assert [Expiring(*use) for use in taken] == planned
    assert points_to_use(account_of(alice), points=0, at=NOW) == []
    assert sum(use.points for use in points_to_use(account_of(alice), points=99, at=NOW)) == 35
