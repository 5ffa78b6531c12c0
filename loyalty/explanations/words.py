"""An explanation in sentences, in the reader's language: card, store, decision, each rule, days.

They are written to be read aloud to somebody on the telephone: each stands by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from core.formatting import amount, day, number, points, signed_points
from loyalty.earning.limits import BUDGET
from loyalty.earning.words import says_whose_it_is
from loyalty.explanations.facts import ExplainedRule, Explanation
from loyalty.models import LimitPeriod, PurchaseState, RuleEffect
from loyalty.purchases.reasons import Reason, sentence_for, sentence_for_member


class Tone(StrEnum):
    """Whether a step speaks for points, against them, or waits."""

    FOR = "for"
    AGAINST = "against"
    WAITING = "waiting"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a decision: what was looked at, and what was found."""

    label: str
    sentence: str
    tone: Tone = Tone.PLAIN


OF_THE_CARD = frozenset({Reason.UNKNOWN_CARD, Reason.CARD_BLOCKED, Reason.CARD_CLOSED, Reason.MEMBER_LEFT})
OF_THE_STORE = frozenset({Reason.AGREEMENT_NOT_IN_FORCE, Reason.STORE_NOT_OPEN})


def steps_of(line: Explanation) -> tuple[Step, ...]:
    """Return every step that led to the points of a line, in the order in which they were taken."""
    return tuple(_steps(line))


def _steps(line: Explanation) -> Iterator[Step]:
    yield _card(line)
    yield _store(line)
    yield _decision(line)
    for rule in line.rules:
        said = f"{_rule(line, rule)} {rule.sentence}".rstrip() if not line.is_return else _rule(line, rule)
        yield Step(_("Rule"), said, Tone.FOR if rule.points > 0 else Tone.PLAIN)
    if line.state is PurchaseState.ACCEPTED and (len(line.rules) > 1 or line.is_return):
        yield Step(_("Points"), _total(line))
    if line.repaid_points:
        yield Step(_("Points owed"), _repaid(line))
    if line.available_on and line.expires_on and line.points > line.repaid_points:
        yield _what_became(line, line.available_on, line.expires_on)


def _repaid(line: Explanation) -> str:
    repaid = {"points": points(line.repaid_points)}
    return (
        ngettext("%(points)s repaid a point owed.", "%(points)s repaid points owed.", line.repaid_points)
        % repaid
    )


def _what_became(line: Explanation, first: date, last: date) -> Step:
    if line.handed_over_on:
        return _handed_over(line.handed_over_on)
    if line.moved_on and line.moved_on <= last:
        return _moved_on(line.successor, line.moved_on)
    if line.given_up_on and line.given_up_on <= last:
        return _given_up(line, line.given_up_on)
    return _available(line, first, last)


def _handed_over(on: date) -> Step:
    said = _(
        "The points went over to the account of this card on %(day)s, when the two members were separated."
    )
    return Step(_("Points"), said % {"day": day(on)})


def _moved_on(successor: str, on: date) -> Step:
    said = _("What had not been used of the points went over to %(programme)s on %(day)s.")
    return Step(_("Points"), said % {"programme": successor, "day": day(on)})


def _available(line: Explanation, first: date, last: date) -> Step:
    said = _("The points can be spent from %(first)s through %(last)s.")
    if line.is_over:
        said = _("The points could be spent from %(first)s through %(last)s.")
    elif line.repaid_points:
        said = _("The other points can be spent from %(first)s through %(last)s.")
    return Step(pgettext("points", "Available"), said % {"first": day(first), "last": day(last)})


def _given_up(line: Explanation, left_on: date) -> Step:
    """Say that the points are gone, as the member left; on that day itself some may have been used before."""
    said = _("The member left the programme on %(day)s: what had not been used of the points is given up.")
    if line.recorded_on and line.recorded_on > left_on:
        said = _(
            "The member left the programme on %(day)s, before the points were recorded: they are given up."
        )
    return Step(_("Points given up"), said % {"day": day(left_on)}, Tone.AGAINST)


def _card(line: Explanation) -> Step:
    label = _("Card")
    if line.reason in OF_THE_CARD:
        tone = Tone.WAITING if line.state is PurchaseState.PARKED else Tone.AGAINST
        return Step(label, sentence_for(line.reason), tone)
    if not line.card_last4:
        return Step(label, _("The card will be checked with the purchase."), Tone.WAITING)
    return Step(
        label,
        _("%(product)s ending in %(last4)s: recognised.")
        % {"product": line.card_product, "last4": line.card_last4},
        Tone.FOR,
    )


def _store(line: Explanation) -> Step:
    label, store = _("Store"), {"store": _place(line)}
    if line.reason in OF_THE_STORE:
        return Step(label, sentence_for(line.reason), Tone.AGAINST)
    if line.is_return:
        return Step(label, _("The return was recorded by %(store)s.") % store)
    if line.purchase_id is None and line.reason not in OF_THE_CARD:
        return Step(label, _("Reported for %(store)s.") % store)
    # A purchase at a place that did not take part is refused before its card is looked at or it is recorded.
    return Step(
        label, _("%(store)s took part in the programme on the day of the purchase.") % store, Tone.FOR
    )


def _place(line: Explanation) -> str:
    """Name a store so that it says whose it is."""
    if says_whose_it_is(line.store_name, line.partner_name):
        return line.store_name
    return f"{line.store_name} ({line.partner_name})"


def _decision(line: Explanation) -> Step:
    label = _("Decision")
    facts = {"amount": amount(line.amount_cents, line.currency), "day": day(line.happened_on)}
    if line.state is PurchaseState.PARKED:
        return Step(label, _what_it_waits_for(line), Tone.WAITING)
    if line.state is PurchaseState.REJECTED:
        return Step(label, _refusal(line), Tone.AGAINST)
    if line.is_return:
        return Step(label, _return(line, facts))
    if not line.points:
        return Step(
            label,
            _("The purchase of %(amount)s on %(day)s counts, but earns no points.") % facts
            + f" {sentence_for(line.reason)}".rstrip(),
            Tone.AGAINST,
        )
    return Step(label, _("The purchase of %(amount)s on %(day)s earns points.") % facts, Tone.FOR)


def _what_it_waits_for(line: Explanation) -> str:
    if line.reason in OF_THE_CARD:  # the step about the card says so
        return _("The purchase is on hold until the card is known.")
    return sentence_for(line.reason)


def _refusal(line: Explanation) -> str:
    if line.reason in OF_THE_CARD | OF_THE_STORE:  # the step about the card or the store says why
        return _("The purchase earns no points.")
    return sentence_for_member(line.reason)


def _return(line: Explanation, facts: dict[str, str]) -> str:
    said = facts | {"bought": day(line.returned_on) if line.returned_on else ""}
    if not line.points:
        taken = _(
            "Goods worth %(amount)s from the purchase of %(bought)s were returned: no points are taken back."
        )
    elif any(_takes_more(line, rule) for rule in line.rules):
        taken = _("Goods worth %(amount)s from the purchase of %(bought)s were returned.")
    else:
        taken = _(
            "Goods worth %(amount)s from the purchase of %(bought)s were returned: the points they had earned"
            " are taken back."
        )
    return f"{taken % said} {_why_so(line)}".rstrip()


def _takes_more(line: Explanation, rule: ExplainedRule) -> bool:
    """Say whether a return takes back more under a rule than its goods had earned; the rule says why."""
    return -rule.points > rule.left_points or _is_below_minimum(line, rule)


def _is_below_minimum(line: Explanation, rule: ExplainedRule) -> bool:
    """Say whether the rule gives nothing any more because too little of the purchase is kept."""
    return 0 < line.kept_cents < rule.minimum_cents


def _why_so(line: Explanation) -> str:
    """Say of a return what its rules do not say: why it counts for less than its amount, or for nothing."""
    if line.reason is Reason.RETURN_ABOVE_REST and not line.kept_before_cents:
        return _("All of the purchase had been returned before.")
    if line.reason or line.points:
        return sentence_for(line.reason)
    if not line.bought_points:
        return _("The purchase had earned none.")
    if line.rules:
        return ""
    return _("What is kept of the purchase still earns as many.")


def _rule(line: Explanation, rule: ExplainedRule) -> str:
    """Say what a rule gave; where that is less than it would have been, say why."""
    said = {
        "rule": rule.name,
        "points": signed_points(rule.points) if line.is_return else points(rule.points),
        "entitled": number(rule.entitled_points),
        "limit": points(rule.limit_points or 0),
        "minimum": amount(rule.minimum_cents, line.currency),
    }
    if line.is_return:
        return _rule_of_return(line, rule) % said
    if rule.is_reduction:
        return _("%(rule)s: the points above already take it into account.") % said
    if not rule.entitled_points and (rule.is_counted or line.reason is not Reason.BELOW_RULE_AMOUNT):
        return _without_points(rule) % said
    if rule.points == rule.entitled_points:
        return _whole(line, rule) % said
    if rule.limit == BUDGET:
        return _("%(rule)s: %(points)s instead of %(entitled)s: the budget of the offer is used up.") % said
    return _limited(rule) % said


def _whole(line: Explanation, rule: ExplainedRule) -> str:
    held_back = any(one.kind == RuleEffect.BASE and one.points < one.entitled_points for one in line.rules)
    if rule.kind == RuleEffect.MULTIPLIER and held_back:
        return _("%(rule)s: %(points)s, for the points that were held back as well.")
    return _("%(rule)s: %(points)s.")


def _without_points(rule: ExplainedRule) -> str:
    if rule.is_past:
        return _("%(rule)s: no points, as this bonus is given once, for another purchase.")
    if rule.is_counted:
        return _("%(rule)s: the purchase counts towards this bonus.")
    return _("%(rule)s: no point, as the amount is too small for one.")


def _rule_of_return(line: Explanation, rule: ExplainedRule) -> str:
    if rule.is_counted:
        return _uncounted(rule)
    if not rule.points:
        return _untouched(line, rule)
    if -rule.points > rule.left_points:
        return _("%(rule)s: %(points)s, as this purchase had made up for another one that was returned.")
    if _is_made_up_for(line, rule):
        # It takes less: never more than the purchase had counted for. What stands in for the rest was held
        # back from this purchase or from another.
        return _("%(rule)s: only %(points)s: what the limit had held back makes up for the rest.")
    if _is_below_minimum(line, rule):
        return _("%(rule)s: %(points)s, as less than %(minimum)s of the purchase is kept.")
    return _("%(rule)s: %(points)s.")


def _uncounted(rule: ExplainedRule) -> str:
    if rule.points and rule.bought_points:
        return _("%(rule)s: %(points)s, as the purchase no longer counts towards this bonus.")
    if rule.points:
        return _("%(rule)s: %(points)s, as too few purchases are left for this bonus.")
    if rule.bought_points:
        return _("%(rule)s: no points taken back: another purchase counts towards this bonus instead.")
    return _("%(rule)s: the purchase no longer counts towards this bonus.")


def _is_made_up_for(line: Explanation, rule: ExplainedRule) -> bool:
    """Say whether what a limit had held back makes up for points that the return would have taken.

    A budget may have cut what the purchase counted for: then only the return of all that was left tells it.
    """
    if rule.limit_points is None:
        return False
    if rule.limit == BUDGET:
        return not line.kept_cents and -rule.points < rule.left_points
    return rule.points != rule.entitled_points


def _untouched(line: Explanation, rule: ExplainedRule) -> str:
    is_of_limit = rule.limit_points is not None and rule.limit != BUDGET
    if rule.bought_points and (is_of_limit or _is_made_up_for(line, rule)):
        return _("%(rule)s: no points taken back: what the limit had held back makes up for them.")
    if is_of_limit:
        return _("%(rule)s: no points taken back: the limit had held them back.")
    if not rule.bought_points:
        return _("%(rule)s: no points taken back, as it had given none.")
    return _("%(rule)s: no points taken back: what is kept of the purchase still earns as many.")


def _limited(rule: ExplainedRule) -> str:
    if rule.limits_differ:
        return _(
            "%(rule)s: %(points)s instead of %(entitled)s: the member has reached the limit of this offer."
        )
    if rule.limit == LimitPeriod.DAY:
        return _(
            "%(rule)s: %(points)s instead of %(entitled)s: this offer gives a member at most %(limit)s a day."
        )
    if rule.limit == LimitPeriod.MONTH:
        return _(
            "%(rule)s: %(points)s instead of %(entitled)s: this offer gives a member at most %(limit)s a"
            " month."
        )
    return _(
        "%(rule)s: %(points)s instead of %(entitled)s: this offer gives a member at most %(limit)s in all."
    )


def _total(line: Explanation) -> str:
    return _("In all: %(points)s.") % {"points": signed_points(line.points)}
