"""The filter of the statement: by kind, partner brand, card and period, one by one and together."""

from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from loyalty.expiry.service import expire_points
from loyalty.models import FeedImport, RejectedLine
from loyalty.purchases.record import record_purchases
from loyalty.selectors.statement import (
    MOVEMENT_KINDS,
    TOP,
    UNCOUNTED,
    WITHOUT_POINTS,
    StatementFilter,
    statement_lines,
    statement_page,
)
from loyalty.selectors.statement_choices import cards_of, partners_of
from loyalty.selectors.statement_lines import StatementLine, UncountedLine
from members.models import Card
from partners.models import Partner
from tests.factories import make_line, make_return_line
from tests.patience import patient
from tests.site.cast import CARDS, Cast
from tests.site.conftest import signed_in
from tests.site.reading import words_of

Line = StatementLine | UncountedLine

DAYS = st.none() | st.dates(date(2022, 12, 1), date(2027, 12, 31))
PERIODS = st.tuples(DAYS, DAYS)


@pytest.fixture
def busy(cast: Cast, at: datetime) -> Cast:
    """Return the cast after purchases of Alice's in two brands, with two cards, on many days."""
    lines = [
        make_line(
            CARDS["alice" if number % 3 else "alice-2"],
            cents=40 if number % 5 == 0 else 1000 + number,
            partner=("boulanger", "jacadi")[number % 2],
            purchased_at=at - timedelta(days=number * 2, hours=number),
            reference=f"F{number}",
        )
        for number in range(1, 31)
    ]
    returns = [
        make_return_line(
            CARDS["alice"],
            original_reference=f"F{number}",
            partner=("boulanger", "jacadi")[number % 2],
            returned_at=at - timedelta(days=number),
        )
        for number in (2, 4, 77, 88)
    ]
    record_purchases(lines + returns, programme=cast.programme, at=at)
    later = at + timedelta(days=400)
    expire_points(programme=cast.programme, as_of=later.date(), at=later)
    return cast


def shown(client: Client, **asked: str | int) -> list[Line]:
    """Return the lines of the first page when this is asked for."""
    return list(client.get("/statement/", asked).context["page"].lines)


@pytest.mark.usefixtures("busy")
def test_a_kind_shows_its_movements_only(alice: Client) -> None:
    returns = shown(alice, kind="return")
    assert [line.sentence for line in returns if isinstance(line, StatementLine)] == ["", "", ""]
    assert {line.kind.name for line in returns if isinstance(line, StatementLine)} == {"RETURN"}
    assert len(shown(alice, kind="expiry")) == 1
    assert {line.points for line in shown(alice, kind=WITHOUT_POINTS) if isinstance(line, StatementLine)} == {
        0
    }
    assert [line.is_counted for line in shown(alice, kind=UNCOUNTED)] == [False] * 4


def test_a_brand_a_card_and_a_period_narrow_the_list_together(busy: Cast, alice: Client) -> None:
    card = cards_of(busy.alice.account)[1]
    found = shown(alice, partner="jacadi", card=card.pk, since="2026-10-23", until="2026-11-22")
    assert {(line.partner_name, line.card_last4) for line in found} == {("Jacadi", "7788")}
    assert [line.happened_on for line in found if line.happened_on] == [
        date(2026, 11, 16), date(2026, 11, 4)
    ]  # fmt: skip


def test_a_period_takes_both_its_days_whole_in_the_programmes_time_zone(cast: Cast, alice: Client) -> None:
    late, early = (
        datetime.fromisoformat(moment)
        for moment in ("2026-11-20T23:59:59+01:00", "2026-11-21T00:00:00+01:00")
    )
    record_purchases(
        [
            make_line(CARDS["alice"], purchased_at=late, reference="late"),
            make_line(CARDS["alice"], purchased_at=early, reference="early"),
        ],
        programme=cast.programme,
        at=early + timedelta(hours=1),
    )
    for day, expected in ((20, "late"), (21, "early")):
        found = shown(alice, since=f"2026-11-{day}", until=f"2026-11-{day}", kind="purchase")
        assert {line.happened_on for line in found} == {date(2026, 11, day)}, expected


@pytest.mark.usefixtures("busy")
def test_what_was_asked_for_stays_in_the_form_and_in_the_links(alice: Client) -> None:
    page = alice.get("/statement/?kind=purchase&partner=boulanger&since=2026-01-01&until=2026-12-31")
    html = page.content.decode()
    assert '<option value="boulanger" selected>Boulanger</option>' in html
    assert '<details class="filter" open>' in html
    kept = "kind=purchase&amp;partner=boulanger&amp;since=2026-01-01&amp;until=2026-12-31"
    assert f'href="/statement/movements.csv?{kept}"' in html
    assert "Télécharger ces lignes" in words_of(page)


def test_a_period_that_ends_before_it_begins_is_explained_and_shows_nothing(alice: Client) -> None:
    words = words_of(alice.get("/statement/?since=2026-02-01&until=2026-01-01"))
    assert "Le dernier jour précède le premier." in words
    assert "Rien n’est affiché tant que le filtre n’est pas corrigé." in words
    assert "Conforama Lyon" not in words


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "everything"},
        {"kind": "PURCHASE"},
        {"partner": "' OR 1=1 --"},
        {"partner": "9" * 5000},
        {"card": "0"},
        {"card": "1 OR 1=1"},
        {"since": "0001-01-01"},
        {"since": "9999-12-31"},
        {"until": "9999-12-31"},
        {"since": "2026-02-30"},
        {"since": "\x00"},
        {"until": "<script>"},
    ],
)
def test_what_nobody_offered_is_refused_in_a_sentence(alice: Client, asked: dict[str, str]) -> None:
    page = alice.get("/statement/", asked)
    assert page.status_code == 200
    assert "Rien n’est affiché" in words_of(page)
    assert "<script>" not in page.content.decode().replace("<script src", "")
    assert alice.get("/statement/movements.csv", asked).status_code == 302


def test_the_card_of_somebody_else_cannot_be_asked_for(cast: Cast, alice: Client) -> None:
    page = alice.get("/statement/", {"card": cast.mallory.card.pk})
    assert "Rien n’est affiché" in words_of(page)


def test_parameters_that_nobody_knows_are_ignored_and_not_kept(alice: Client) -> None:
    page = alice.get("/statement/?utm_source=mail&kind=purchase&kind=return")
    assert page.context["asked"] == "kind=return"


@pytest.mark.parametrize(
    ("asked", "queries"),
    [("", 11), ("kind=purchase&partner=boulanger&since=2020-01-01", 9), ("kind=uncounted", 9)],
)
def test_ten_and_a_thousand_movements_cost_the_same_queries(
    cast: Cast, at: datetime, django_assert_num_queries: DjangoAssertNumQueries, asked: str, queries: int
) -> None:
    alice = signed_in(cast.alice.member.user)
    for count in (10, 990):
        lines = [make_line(CARDS["alice"], partner="boulanger", purchased_at=at) for _ in range(count)]
        record_purchases(lines, programme=cast.programme, at=at)
        with django_assert_num_queries(queries):
            alice.get(f"/statement/?{asked}")


def test_paging_through_any_filter_gives_what_filtering_the_whole_list_gives(
    busy: Cast, at: datetime
) -> None:
    account = busy.alice.account
    account.programme = busy.programme
    RejectedLine.objects.bulk_create(
        RejectedLine(
            feed_import=FeedImport.objects.get(),
            line=line,
            reason="wrong_currency",
            card=busy.alice.card,
            store_name=("Jacadi Lyon", "Nowhere", "")[line % 3],
            purchased_at=at - timedelta(days=line) if line % 4 else None,
        )
        for line in range(10, 22)
    )
    cards, partners = cards_of(account), partners_of(busy.programme)
    everything = [line for lines in statement_lines(account, cards=cards) for line in lines]
    assert len(everything) == 61

    @patient(60)
    @given(
        kind=st.sampled_from(["", *MOVEMENT_KINDS, WITHOUT_POINTS, UNCOUNTED]),
        partner=st.sampled_from([None, *partners]),
        card=st.sampled_from([None, *cards]),
        period=PERIODS,
        size=st.integers(1, 30),
    )
    def compare(
        kind: str,
        partner: Partner | None,
        card: Card | None,
        period: tuple[date | None, date | None],
        size: int,
    ) -> None:
        since, until = period
        filters = StatementFilter(kind, getattr(partner, "pk", None), getattr(card, "pk", None), since, until)
        expected = [
            line
            for line in everything
            if _is_of_kind(line, kind)
            and _is_of_partner(line, getattr(partner, "name", None))
            and getattr(card, "last4", line.card_last4) == line.card_last4
            and (since is None or (line.happened_on is not None and line.happened_on >= since))
            and (until is None or (line.happened_on is not None and line.happened_on <= until))
        ]
        found: list[Line] = []
        place = TOP
        while True:
            page = statement_page(account, cards=cards, filters=filters, place=place, size=size)
            found += page.lines
            if page.next_place is None:
                break
            assert len(page.lines) == size
            place = page.next_place
        whole = statement_lines(account, cards=cards, filters=filters)
        assert found == [line for lines in whole for line in lines]
        # Lines of different sources recorded at one instant may change places when others are left out.
        for source in (_is_movement, _is_recorded, _is_refused_when_read):
            assert [line for line in found if source(line)] == [line for line in expected if source(line)]

    compare()


def _is_movement(line: Line) -> bool:
    return isinstance(line, StatementLine)


def _is_recorded(line: Line) -> bool:
    return isinstance(line, UncountedLine) and bool(line.partner_name)


def _is_refused_when_read(line: Line) -> bool:
    return isinstance(line, UncountedLine) and not line.partner_name


def _is_of_kind(line: Line, kind: str) -> bool:
    if not kind:
        return True
    if isinstance(line, UncountedLine):
        return kind == UNCOUNTED
    return line.points == 0 if kind == WITHOUT_POINTS else kind == line.kind.name.lower()


def _is_of_partner(line: Line, name: str | None) -> bool:
    if name is None:
        return True
    return line.partner_name == name or (not line.partner_name and line.store_name == f"{name} Lyon")
