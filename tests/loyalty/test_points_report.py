"""What finance reads is the ledger, summed: by month, by partner, by kind and by expiry."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from loyalty.expiry.service import expire_points
from loyalty.models import Entry, EntryKind, Lot, PointAccount, Programme
from loyalty.purchases.record import record_purchases
from loyalty.reports.points import (
    Figures,
    OfPartner,
    outstanding_by_expiry,
    points_report,
)
from rewards.services.orders import cancel_order
from tests.factories import (
    NOW,
    Cardholder,
    bring_back,
    buy,
    make_cardholder,
    make_line,
    make_programme,
    order,
)
from tests.kept_fixtures import kept

SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)
IN_SEPTEMBER = datetime(2026, 9, 10, 10, tzinfo=UTC)
IN_OCTOBER = datetime(2026, 10, 10, 10, tzinfo=UTC)


@kept()
def _history(programme: Programme, alice: Cardholder, bob: Cardholder) -> None:
    """In September 1,000 at Conforama; in October a return of 200 and 30 at Nocibé; in November orders."""
    buy(programme, alice.card.token, euros=1000, reference="A1", at=IN_SEPTEMBER)
    bring_back(programme, alice.card.token, reference="A1", euros=200, at=IN_OCTOBER)
    nocibe = make_line(bob.card.token, cents=3000, purchased_at=IN_OCTOBER, partner="nocibe")
    record_purchases([nocibe], programme=programme, at=IN_OCTOBER)
    order(programme, alice.account, points=500, at=NOW)
    cancelled = order(programme, alice.account, points=100, at=NOW)
    cancel_order(order=cancelled, reason="Twice", at=NOW)


@pytest.mark.usefixtures("_history")
def test_each_month_says_what_was_issued_taken_back_spent_and_outstanding(programme: Programme) -> None:
    report = points_report(programme, first=SEPTEMBER, last=NOVEMBER)

    assert [(month.first, month.figures, month.outstanding_points) for month in report.months] == [
        (SEPTEMBER, Figures(issued=1000), 1000),
        (OCTOBER, Figures(issued=30, taken_back=-200), 830),
        (NOVEMBER, Figures(spent=-500), 330),
    ]
    assert report.total == Figures(issued=1030, taken_back=-200, spent=-500)
    assert (report.opening_points, report.closing_points) == (0, 330)
    assert (report.balance_points, report.owed_points) == (330, 0)


@pytest.mark.usefixtures("_history")
def test_what_purchases_moved_is_told_by_partner_and_the_rest_stands_last(programme: Programme) -> None:
    report = points_report(programme, first=OCTOBER, last=NOVEMBER)

    assert report.partners == [
        OfPartner(OCTOBER, "Conforama", Figures(taken_back=-200)),
        OfPartner(OCTOBER, "Nocibé", Figures(issued=30)),
        OfPartner(NOVEMBER, None, Figures(spent=-500)),
    ]
    assert (report.opening_points, report.closing_points) == (1000, 330)


@pytest.mark.usefixtures("_history")
def test_without_partners_the_months_are_the_same(programme: Programme) -> None:
    split = points_report(programme, first=SEPTEMBER, last=NOVEMBER)
    together = points_report(programme, first=SEPTEMBER, last=NOVEMBER, by_partner=False)

    assert (together.months, together.total) == (split.months, split.total)
    assert {line.partner for line in together.partners} == {None}


@pytest.mark.usefixtures("_history")
def test_a_month_that_is_over_is_outstanding_as_it_was_then(programme: Programme) -> None:
    report = points_report(programme, first=OCTOBER, last=OCTOBER)

    assert [month.outstanding_points for month in report.months] == [830]
    assert (report.opening_points, report.closing_points, report.balance_points) == (1000, 830, 330)


@pytest.mark.usefixtures("_history")
def test_the_figures_are_the_entries_of_the_ledger_exactly(programme: Programme, alice: Cardholder) -> None:
    other = make_programme("other", name="Other")
    make_cardholder(other, first_name="Dora", points=77)
    expire_points(programme=programme, as_of=NOW.date(), at=NOW)

    report = points_report(programme, first=SEPTEMBER, last=NOVEMBER)

    entries = Entry.objects.filter(account__programme=programme)
    sums = dict(entries.values_list("kind").annotate(Sum("points")).order_by())
    spent = sums[EntryKind.ORDER] + sums[EntryKind.ORDER_CANCELLED]
    assert report.total == Figures(
        issued=sums[EntryKind.PURCHASE], taken_back=sums[EntryKind.RETURN], spent=spent
    )
    assert report.total.change == sum(sums.values()) == report.closing_points - report.opening_points
    by_partner = Figures()
    for line in report.partners:
        by_partner.add_all(line.figures)
    assert by_partner == report.total
    accounts = PointAccount.objects.filter(programme=programme)
    assert report.closing_points == accounts.aggregate(Sum("balance_points"))["balance_points__sum"]
    assert alice.account.programme == programme


def test_every_kind_of_entry_counts_in_one_column() -> None:
    for kind in EntryKind:
        figures = Figures()
        figures.add(kind, 5)
        assert figures.change == 5


def test_expired_points_leave_what_is_outstanding(programme: Programme, alice: Cardholder) -> None:
    bought_at = NOW - timedelta(days=5 * 366)
    buy(programme, alice.card.token, euros=40, at=bought_at)
    before = points_report(programme, first=NOVEMBER, last=NOVEMBER)

    expire_points(programme=programme, as_of=NOW.date(), at=NOW)

    after = points_report(programme, first=NOVEMBER, last=NOVEMBER)
    assert (before.total, before.closing_points) == (Figures(), 40)
    assert (after.total, after.closing_points) == (Figures(expired=-40), 0)


def test_a_month_begins_at_midnight_of_the_programme(programme: Programme, alice: Cardholder) -> None:
    # 23:30 UTC of the last of October is half past midnight in Paris.
    buy(programme, alice.card.token, euros=10, at=datetime(2026, 10, 31, 23, 30, tzinfo=UTC))

    report = points_report(programme, first=OCTOBER, last=NOVEMBER)

    assert [month.figures.issued for month in report.months] == [0, 10]


def test_points_owed_lessen_what_is_outstanding_and_are_told_apart(
    programme: Programme, alice: Cardholder, bob: Cardholder
) -> None:
    buy(programme, alice.card.token, euros=500, reference="A1", at=NOW)
    buy(programme, bob.card.token, euros=70, at=NOW)
    order(programme, alice.account, points=500, at=NOW)
    bring_back(programme, alice.card.token, reference="A1", euros=500, at=NOW)

    report = points_report(programme, first=NOVEMBER, last=NOVEMBER)

    assert (report.balance_points, report.owed_points) == (-430, 500)
    by_expiry = outstanding_by_expiry(programme)
    assert [(row.first, row.points, row.lots) for row in by_expiry] == [(date(2030, 11, 1), 70, 1)]
    assert sum(row.points for row in by_expiry) == report.balance_points + report.owed_points
    remaining = Lot.objects.filter(account__programme=programme).aggregate(Sum("remaining_points"))
    assert remaining["remaining_points__sum"] == 70


def test_a_programme_without_entries_has_months_of_nothing(programme: Programme) -> None:
    report = points_report(programme, first=NOVEMBER, last=OCTOBER)

    assert [(month.first, month.figures) for month in report.months] == [(NOVEMBER, Figures())]
    assert report.partners == []
    assert outstanding_by_expiry(programme) == []


def test_a_report_of_any_length_is_one_query(programme: Programme) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        points_report(programme, first=date(2020, 1, 1), last=NOVEMBER)

    assert len(queries) == 1
