"""What the page of a back-test shows: its charts, and sentences about what it tried and what it assumed."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.charts import Series, bar_chart, column_chart
from core.formatting import amount, day, number, points
from loyalty.backtest import results
from loyalty.backtest.budgets import cut_offs_in
from loyalty.backtest.results import NamedLine
from loyalty.backtest.rules import as_tried, chosen_rules, decides_within, period_of
from loyalty.backtest.tables import name_of_rule, spread_label
from loyalty.dates import local_date
from loyalty.earning.book import rule_of
from loyalty.earning.terms import Rule
from loyalty.earning.words import sentence
from loyalty.models import BackTest, EarningRule, Purchase
from loyalty.selectors.rule_names import names_for

BARS_AT_MOST = 15
"""So many partners are drawn, those with the most points; the table has all."""


class Legend(NamedTuple):
    """A colour of the charts and what it stands for."""

    tone: str
    text: str


def legend() -> list[Legend]:
    """Return what the colours of the sums stand for."""
    return [
        Legend("use", _("given in both")),
        Legend("gain", _("more by the rules tried")),
        Legend("loss", _("less by the rules tried")),
    ]


def _series(real: Sequence[int], replayed: Sequence[int]) -> list[Series]:
    """Stack what both give and what the rules tried give beyond it; what they give less stands below zero."""
    pairs = list(zip(real, replayed, strict=True))
    same, more, less = legend()
    return [
        Series(same.text, same.tone, [min(pair) for pair in pairs]),
        Series(more.text, more.tone, [max(0, after - before) for before, after in pairs]),
        Series(less.text, less.tone, [min(0, after - before) for before, after in pairs]),
    ]


def month_chart(back_test: BackTest) -> SafeString:
    """Draw the points of each month."""
    lines = results.by_month(back_test)
    return column_chart(
        title=_("Points by month, really given and by the rules tried"),
        labels=[f"{line.month:%m/%y}" for line in lines],
        series=_series(
            [line.sums.real_points for line in lines], [line.sums.replayed_points for line in lines]
        ),
    )


def partner_chart(back_test: BackTest) -> SafeString:
    """Draw the points of the partners that have most."""
    return _named_chart(
        _("Points by partner, really given and by the rules tried"), results.by_partner(back_test)
    )


def product_chart(back_test: BackTest) -> SafeString:
    """Draw the points of the card products."""
    return _named_chart(
        _("Points by card product, really given and by the rules tried"), results.by_card_product(back_test)
    )


def _named_chart(title: str, lines: Sequence[NamedLine]) -> SafeString:
    largest = sorted(
        lines, key=lambda line: (-max(line.sums.real_points, line.sums.replayed_points), line.name)
    )[:BARS_AT_MOST]
    return bar_chart(
        title=title,
        labels=[line.name for line in largest],
        series=_series(
            [line.sums.real_points for line in largest], [line.sums.replayed_points for line in largest]
        ),
    )


def spread_chart(back_test: BackTest) -> SafeString:
    """Draw how many members gain and lose how much; those for whom nothing changes are in the table."""
    lines = [line for line in results.spread(back_test) if line.sums.accounts and line.step]
    return bar_chart(
        title=_("Members by the points that they gain or lose"),
        labels=[spread_label(line) for line in lines],
        series=[
            Series(
                _("members who gain"), "gain", [line.sums.accounts if line.step > 0 else 0 for line in lines]
            ),
            Series(
                _("members who lose"), "loss", [line.sums.accounts if line.step < 0 else 0 for line in lines]
            ),
        ],
    )


def rules_tried(back_test: BackTest) -> list[str]:
    """Name the chosen rules."""
    return [name_of_rule(rule) for rule in chosen_rules(back_test)]


class RuleInWords(NamedTuple):
    """A version of a rule: its name, and what it says."""

    name: str
    sentence: str


class RulesInWords(NamedTuple):
    """What a back-test tries, in place of what, without what, and what else decided in its period."""

    tried: list[RuleInWords]
    replaced: list[RuleInWords]
    left_out: list[RuleInWords]
    kept: list[RuleInWords]


def rules_in_words(back_test: BackTest) -> RulesInWords:
    """Say which rules a back-test tries and which others there were. Five queries at most."""
    period = period_of(back_test)
    others = EarningRule.objects.filter(
        pk__in=[*back_test.kept_ids, *back_test.replaced_ids, *back_test.left_out_ids]
    ).order_by("pk")
    decided = {rule.pk: rule for rule in others if decides_within(rule_of(rule), period)}
    tried = [
        (version, as_tried(rule_of(version), period, keeps_dates=back_test.keeps_rule_dates))
        for version in chosen_rules(back_test)
    ]
    terms = [rule for _version, rule in tried] + [rule_of(version) for version in decided.values()]
    names = names_for(back_test.programme, terms)

    def said(rules: Iterable[tuple[EarningRule, Rule]]) -> list[RuleInWords]:
        return [RuleInWords(name_of_rule(version), sentence(rule, names)) for version, rule in rules]

    def said_of(numbers: Iterable[int]) -> list[RuleInWords]:
        return said((decided[pk], rule_of(decided[pk])) for pk in numbers if pk in decided)

    return RulesInWords(
        said(tried),
        said_of(back_test.replaced_ids),
        said_of(back_test.left_out_ids),
        said_of(back_test.kept_ids),
    )


def value_sentence(back_test: BackTest) -> str:
    """Say what a point was taken to be worth, and that this is an assumption."""
    value = results.value_of(back_test)
    if value is None:
        return _("No gift card was offered, so the points have no value in money here.")
    return _(
        "Assumption: %(points)s are worth %(amount)s, as in the cheapest gift card offered when the back-test"
        " was started, and every point is spent."
    ) % {"points": points(value.points), "amount": amount(value.cents, back_test.programme.currency)}


def budget_sentences(back_test: BackTest) -> list[str]:
    """Say of each budget that ran out on which day it did. Two queries where one did."""
    cut_offs = cut_offs_in(back_test.cut_offs)
    if not cut_offs:
        return []
    known = EarningRule.objects.filter(pk__in=cut_offs).order_by("pk")
    rules = {rule.pk: rule for rule in (*known, *chosen_rules(back_test))}
    last = [cut_off.entry_id for cut_off in cut_offs.values()]
    days = dict(
        Purchase.objects.filter(entries__in=last).order_by("pk").values_list("entries", "purchased_at")
    )
    zone = back_test.programme.zone
    return [
        _("The budget of %(rule)s ran out on %(day)s.")
        % {"rule": name_of_rule(rules[rule_id]), "day": day(local_date(days[cut_off.entry_id], zone))}
        for rule_id, cut_off in sorted(cut_offs.items())
    ]


def change_sentence(back_test: BackTest) -> str:
    """Say in one sentence what the rules tried would have changed."""
    difference = back_test.replayed_points - back_test.real_points
    if not difference:
        return _("The rules tried would have given as many points as were really given.")
    words = {"points": points(abs(difference)), "money": ""}
    value = results.value_of(back_test)
    if value is not None:
        money = amount(value.cents_of(abs(difference)), back_test.programme.currency)
        words["money"] = f" ({money})"
    if difference > 0:
        return _("The rules tried would have given %(points)s more%(money)s.") % words
    return _("The rules tried would have given %(points)s less%(money)s.") % words


def progress_sentence(back_test: BackTest) -> str:
    """Say how far a back-test has come."""
    if not back_test.total_accounts:
        return _("It has not begun yet.")
    total = back_test.total_accounts
    done = ngettext("%(done)s of %(total)s member", "%(done)s of %(total)s members", total) % {
        "done": number(back_test.done_accounts),
        "total": number(total),
    }
    if back_test.round == 1:
        return done
    return _("%(done)s, once more with the budgets that ran out") % {"done": done}
