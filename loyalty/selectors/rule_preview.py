"""What a purchase that nobody made would earn, and why: evaluated as in earnest, and nothing is written.

Limits and budgets are taken as they stand now. A draft that is looked at takes the place of the version that
decides.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db.models import Q

from loyalty.dates import local_date
from loyalty.earning.book import rule_of
from loyalty.earning.limits import Budget, Tally, TallyKey, kept_tally, key_of
from loyalty.earning.outcome import NOBODY, Outcome, Setting, outcome_of
from loyalty.earning.terms import Facts, Rule
from loyalty.earning.words import sentence
from loyalty.ledger.lots import lot_of
from loyalty.models import (
    Agreement,
    EarningRule,
    GroupMembership,
    LimitPeriod,
    PointAccount,
    Programme,
    RuleSpending,
    RuleTally,
)
from loyalty.purchases.checks import Arrival, check_card, check_place
from loyalty.purchases.places import KnownPartner, KnownStore, known_cards
from loyalty.purchases.reasons import Reason, sentence_for
from loyalty.selectors.merged import accounts_behind
from loyalty.selectors.rule_names import names_for
from loyalty.selectors.rules_shown import COUNTING, titles_of
from members.models import Card
from partners.models import Store


@dataclass(frozen=True, slots=True)
class Imagined:
    """A purchase that nobody made. Without an account it is made by somebody who has no purchases yet.

    `purchased_at` is aware; `card_product_id` counts where there is no card.
    """

    programme: Programme
    amount_cents: int
    purchased_at: datetime
    partner_id: int
    store: Store | None
    channel: str
    account: PointAccount | None = None
    card: Card | None = None
    card_product_id: int = 0
    draft_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Preview:
    """What the purchase would earn, and when; or why it would be refused."""

    outcome: Outcome
    titles: dict[int, str]
    sentences: dict[int, str]
    refusal: str
    available_on: date
    expires_on: date
    balance_points: int | None
    owed_points: int

    @property
    def repaid_points(self) -> int:
        """How many of its points would repay points owed, so that nobody could spend them."""
        return min(self.points, self.owed_points)

    @property
    def has_days(self) -> bool:
        """Whether its points would have days: not if it were refused, nor if all repaid points owed."""
        return not self.refusal and not 0 < self.points == self.repaid_points

    @property
    def points(self) -> int:
        """What the purchase would earn: nothing when it would be refused."""
        return 0 if self.refusal else self.outcome.points

    @property
    def balance_after_points(self) -> int | None:
        """The member's balance with the points of the purchase."""
        return None if self.balance_points is None else self.balance_points + self.points


def preview(imagined: Imagined, *, at: datetime) -> Preview:
    """Return what a purchase would earn if it were made. Writes nothing; takes a dozen queries at most."""
    programme = imagined.programme
    local_time = imagined.purchased_at.astimezone(programme.zone)
    versions = _versions(imagined, at)
    rules = [_deciding(version, imagined.draft_ids) for version in versions]
    facts = _facts(imagined, local_time)
    names = names_for(programme, rules, store_ids=[imagined.store.pk] if imagined.store else [])
    account_id = imagined.account.pk if imagined.account else NOBODY
    lot = lot_of(local_time.date(), programme)
    setting = Setting(
        names=names,
        titles=titles_of(versions, at=at),
        today=local_date(at, programme.zone),
        account_id=account_id,
        tallies=_tallies(rules, account_id, local_time.date()),
        budgets=_budgets(rules),
    )
    return Preview(
        outcome=outcome_of(facts, rules, setting),
        titles=dict(setting.titles),
        sentences={rule.rule_id: sentence(rule, names, today=setting.today) for rule in rules},
        refusal=_refusal(imagined, local_time.date(), at),
        available_on=lot.available_on,
        expires_on=lot.expires_on,
        balance_points=imagined.account.balance_points if imagined.account else None,
        owed_points=imagined.account.owed_points if imagined.account else 0,
    )


def _versions(imagined: Imagined, at: datetime) -> list[EarningRule]:
    """Return the versions that decide or will, without those whose draft is looked at, and the drafts.

    Of those that are retired only what decided on purchases of that instant, and on such days.
    """
    everything = list(EarningRule.objects.filter(programme=imagined.programme).order_by("pk"))
    drafts = [one for one in everything if one.scheduled_at is None and one.pk in imagined.draft_ids]
    replaced = {draft.family_number for draft in drafts}
    counting = [
        one for one in everything if one.status_at(at) in COUNTING and one.family_number not in replaced
    ]
    past = [
        one
        for one in everything
        if one not in counting
        and one.scheduled_at is not None
        and one.family_number not in replaced
        and not one.is_withdrawn
        and rule_of(one).decides_at(imagined.purchased_at)
        and _is_of_period(one, imagined.purchased_at.astimezone(imagined.programme.zone).date())
    ]
    return [*past, *counting, *drafts]


def _is_of_period(version: EarningRule, day: date) -> bool:
    return (version.starts_on or day) <= day <= (version.ends_on or day)


def _deciding(version: EarningRule, draft_ids: Collection[int]) -> Rule:
    rule = rule_of(version)
    return replace(rule, applies_from=None, applies_until=None) if version.pk in draft_ids else rule


def _facts(imagined: Imagined, local_time: datetime) -> Facts:
    member = imagined.account.member if imagined.account else None
    birth_date = member.birth_date if member else None
    return Facts(
        amount_cents=imagined.amount_cents,
        local_time=local_time,
        partner_id=imagined.partner_id,
        store_id=imagined.store.pk if imagined.store else 0,
        channel=imagined.channel,
        card_product_id=imagined.card.product_id if imagined.card else imagined.card_product_id,
        birth_month=birth_date.month if birth_date else None,
        group_ids=_groups(imagined.account, local_time.date()) if imagined.account else frozenset(),
    )


def _groups(account: PointAccount, on: date) -> frozenset[int]:
    memberships = GroupMembership.objects.filter(
        Q(left_on__isnull=True) | Q(left_on__gte=on), account__in=accounts_behind(account), joined_on__lte=on
    )
    return frozenset(memberships.order_by("pk").values_list("group_id", flat=True))


def _tallies(rules: Iterable[Rule], account_id: int, on: date) -> dict[TallyKey, Tally]:
    """Return the tallies that the rules would count in, as they are stored."""
    wanted = {key_of(rule, account_id, on) for rule in rules if rule.is_tallied}
    kept = RuleTally.objects.filter(
        account_id=account_id, family_id__in={key.family_id for key in wanted}
    ).order_by("pk")
    found = {
        TallyKey(row.account_id, row.family_id, LimitPeriod(row.period), row.period_starts_on): kept_tally(
            row.purchases, row.granted_points, row.by_version, row.carried
        )
        for row in kept.filter(period_starts_on__in={key.starts_on for key in wanted})
    }
    return {key: tally for key, tally in found.items() if key in wanted}


def _budgets(rules: Iterable[Rule]) -> dict[int, Budget]:
    families = [rule.family_id for rule in rules if rule.budget_points is not None]
    spendings = RuleSpending.objects.filter(family_id__in=families).order_by("family_id")
    return {row.family_id: Budget(row.granted_points) for row in spendings}


def _refusal(imagined: Imagined, on: date, at: datetime) -> str:
    """Return why the purchase would be refused before any rule is looked at; nothing when it is accepted.

    It would be reported now or, where it is still to be made, when it is.
    """
    reason = Arrival(imagined.programme, max(at, imagined.purchased_at)).check(imagined.purchased_at)
    reason = reason or _check_place(imagined, on)
    if not reason and imagined.card is not None and imagined.account is not None:
        known = known_cards(imagined.programme, [imagined.card.token])[imagined.card.token]
        reason = check_card(known, on)
    return sentence_for(reason) if reason else ""


def _check_place(imagined: Imagined, on: date) -> Reason:
    agreement = Agreement.objects.filter(programme=imagined.programme, partner_id=imagined.partner_id).first()
    if agreement is None:
        return Reason.UNKNOWN_PARTNER
    store = imagined.store
    return check_place(
        KnownPartner(imagined.partner_id, agreement.starts_on, agreement.ends_on),
        KnownStore(
            store.pk if store else 0,
            imagined.partner_id,
            store.opened_on if store else None,
            store.closed_on if store else None,
        ),
        on,
    )
