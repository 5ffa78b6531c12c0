"""The sums of a back-test: of parts as of the whole, and never larger for more members."""

from datetime import date

import pytest

from loyalty.backtest.figures import (
    BY_MONTH,
    BY_PARTNER,
    BY_PRODUCT,
    EXTREMES_KEPT,
    CellSums,
    Compared,
    Extreme,
    Figures,
    MemberSums,
    RuleSums,
    SpreadSums,
    counts_members,
    details_with,
    extremes_in,
    members_in,
    rules_in,
    spread_in,
    step_of,
)

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


def bought(
    month: date = MAY, *, real: dict[int, int], replayed: dict[int, int], partner: int = 1, cents: int = 1000
) -> Compared:
    return Compared(month, partner, 5, cents, real, replayed)


def test_purchases_add_up_by_month_partner_and_card_product_and_by_rule() -> None:
    figures = Figures()

    figures.add_account(
        7,
        [
            bought(real={1: 10}, replayed={1: 10, 2: 10}),
            bought(real={1: 20}, replayed={1: 20, 2: 0}, cents=2000),
            bought(JUNE, real={1: 5}, replayed={3: 4}),
        ],
    )

    assert figures.cells == {(MAY, 1, 5): CellSums(2, 3000, 30, 40), (JUNE, 1, 5): CellSums(1, 1000, 5, 4)}
    assert figures.rules == {1: RuleSums(3, 35, 2, 30), 2: RuleSums(0, 0, 1, 10), 3: RuleSums(0, 0, 1, 4)}
    assert figures.spread == {1: SpreadSums(1, 9)}
    assert figures.gains == [Extreme(7, 35, 44)]


def test_what_a_coefficient_below_1_took_is_counted_beside_the_points() -> None:
    figures = Figures()

    figures.add_account(
        7,
        [
            bought(real={1: 5, 2: 0}, replayed={1: 10})._replace(real_taken={2: 5}),
            bought(real={1: 10}, replayed={1: 4, 3: 0})._replace(replayed_taken={3: 6}),
            bought(real={1: 0, 2: 0}, replayed={1: 0, 3: 0})._replace(
                real_taken={2: 0}, replayed_taken={3: 0}
            ),
        ],
    )

    sums = {1: RuleSums(2, 15, 2, 14), 2: RuleSums(1, 0, 0, 0, 5, 0), 3: RuleSums(0, 0, 1, 0, 0, 6)}
    assert figures.rules == sums
    twice = rules_in(details_with(details_with({}, figures), figures))
    assert twice[3] == RuleSums(0, 0, 2, 0, 0, 12)
    assert twice[2] == RuleSums(2, 0, 0, 0, 10, 0)


def test_sums_that_were_kept_before_coefficients_were_counted_are_still_read() -> None:
    assert rules_in({"rules": {"7": [1, 2, 3, 4]}}) == {7: RuleSums(1, 2, 3, 4, 0, 0)}


def test_a_member_gains_loses_or_stays_and_one_without_a_purchase_is_not_counted() -> None:
    figures = Figures()

    figures.add_account(1, [bought(real={1: 10}, replayed={1: 70})])
    figures.add_account(2, [bought(real={1: 10}, replayed={1: 3})])
    figures.add_account(3, [bought(real={1: 10}, replayed={2: 10})])
    figures.add_account(4, [])

    assert figures.spread == {3: SpreadSums(1, 60), -1: SpreadSums(1, -7), 0: SpreadSums(1, 0)}
    assert [(one.account_id, one.change) for one in figures.gains + figures.losses] == [(1, 60), (2, -7)]


def test_members_who_gain_and_lose_are_counted_once_by_month_by_partner_and_by_card_product() -> None:
    figures = Figures()

    figures.add_account(
        1,
        [
            bought(MAY, real={1: 10}, replayed={1: 15}),
            bought(MAY, real={1: 10}, replayed={1: 12}, partner=2),
            bought(JUNE, real={1: 10}, replayed={1: 5}, partner=2),
        ],
    )
    figures.add_account(2, [bought(real={1: 10}, replayed={1: 11})])
    figures.add_account(3, [bought(JUNE, real={1: 10}, replayed={2: 10}, partner=2)])

    details = details_with({}, figures)
    assert members_in(details, BY_MONTH) == {"2026-05-01": MemberSums(2, 0), "2026-06-01": MemberSums(0, 1)}
    assert members_in(details, BY_PARTNER) == {"1": MemberSums(2, 0), "2": MemberSums(0, 1)}
    assert members_in(details, BY_PRODUCT) == {"5": MemberSums(2, 0)}
    assert members_in(details_with(details, figures), BY_PRODUCT) == {"5": MemberSums(4, 0)}


def test_a_member_whose_gain_and_loss_make_up_for_each_other_does_neither() -> None:
    figures = Figures()

    figures.add_account(
        1,
        [bought(MAY, real={1: 10}, replayed={1: 12}), bought(JUNE, real={1: 10}, replayed={1: 8})],
    )

    assert members_in(details_with({}, figures), BY_PARTNER) == {"1": MemberSums(0, 0)}
    assert members_in(details_with({}, figures), BY_MONTH)["2026-06-01"] == MemberSums(0, 1)


def test_members_were_not_always_counted_by_month_partner_and_card_product() -> None:
    assert not counts_members({"rules": {}, "spread": {}})
    assert not counts_members(details_with({"rules": {}, "spread": {}}, Figures()))
    assert counts_members(details_with(details_with({}, Figures()), Figures()))


@pytest.mark.parametrize(
    ("change", "step"),
    [(0, 0), (1, 1), (9, 1), (10, 2), (-9, -1), (-10, -2), (9_999, 7), (10_000, 8), (-1_000_000, -8)],
)
def test_steps_of_the_distribution_begin_at_round_numbers(change: int, step: int) -> None:
    assert step_of(change) == step


def test_only_those_whose_points_change_most_are_kept() -> None:
    figures = Figures()
    for account in range(5 * EXTREMES_KEPT):
        figures.add_account(account, [bought(real={1: 1}, replayed={1: 1 + account})])
        figures.add_account(-account, [bought(real={1: account}, replayed={})])

    details = details_with({}, figures)

    gains, losses = extremes_in(details, "gains"), extremes_in(details, "losses")
    assert (len(gains), len(losses)) == (EXTREMES_KEPT, EXTREMES_KEPT)
    assert (gains[0], gains[-1].account_id) == (Extreme(499, 1, 500), 400)
    assert (losses[0], losses[-1].account_id) == (Extreme(-499, 499, 0), -400)


def test_sums_of_chunks_add_up_to_the_sums_of_all() -> None:
    accounts = [
        (account, [bought(real={1: 10}, replayed={1: 10 + account, 2: account})]) for account in range(9)
    ]
    whole, first, second = Figures(), Figures(), Figures()
    for place, account in enumerate(accounts):
        whole.add_account(*account)
        (first if place % 2 else second).add_account(*account)

    at_once = details_with({}, whole)
    in_turn = details_with(details_with({}, first), second)

    assert rules_in(at_once) == rules_in(in_turn) == {1: RuleSums(9, 90, 9, 126), 2: RuleSums(0, 0, 8, 36)}
    assert spread_in(at_once) == spread_in(in_turn)
    assert extremes_in(at_once, "gains") == extremes_in(in_turn, "gains")
    assert members_in(at_once, BY_MONTH) == members_in(in_turn, BY_MONTH) == {"2026-05-01": MemberSums(8, 0)}
