"""Rules as their pages show them: in words, with their state, their budgets, their neighbours and advice."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext

from core.formatting import day, in_language, moment
from loyalty.dates import local_date
from loyalty.earning.advice import (
    Advice,
    Overlap,
    Surroundings,
    advice_about,
    advice_on,
    overlaps_of,
    percent_of,
    use_in_words,
)
from loyalty.earning.book import rule_of
from loyalty.earning.terms import Rule
from loyalty.earning.words import Names, sentence
from loyalty.models import (
    Agreement,
    EarningRule,
    GroupMembership,
    MemberGroup,
    Programme,
    RuleSpending,
    RuleStatus,
)
from loyalty.selectors.rule_names import names_for

IN_ORDER = (RuleStatus.LIVE, RuleStatus.SCHEDULED, RuleStatus.DRAFT, RuleStatus.RETIRED)
COUNTING = (RuleStatus.LIVE, RuleStatus.SCHEDULED)
MOST_RETIRED = 50
"""So many retired versions are shown at once, the newest."""

UNSAVED = 2**62
"""The number of a version that is not saved yet, above all others."""


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """How much of a budget is given."""

    granted_points: int
    budget_points: int

    @property
    def percent(self) -> int:
        """How much that is of it, in whole per cent."""
        return percent_of(self.granted_points, self.budget_points)

    @property
    def in_words(self) -> str:
        """How much that is."""
        return use_in_words(self.granted_points, self.budget_points)


@dataclass(frozen=True, slots=True)
class ShownRule:
    """A version of a rule as people read it."""

    version: EarningRule
    terms: Rule
    status: RuleStatus
    title: str
    sentence: str
    when: str
    use: BudgetUse | None
    advice: tuple[Advice, ...] = ()


@dataclass(frozen=True, slots=True)
class Board:
    """All rules of a programme, grouped by where they stand."""

    programme: Programme
    groups: tuple[tuple[RuleStatus, tuple[ShownRule, ...]], ...]
    advice: tuple[tuple[Advice, ShownRule | None], ...]


@dataclass(frozen=True, slots=True)
class RulePage:
    """One version, with the others of its rule and the rules that apply together with it."""

    shown: ShownRule
    versions: tuple[ShownRule, ...]
    overlaps: tuple[tuple[Overlap, ShownRule], ...]


def title_of(version: EarningRule) -> str:
    """Return the name of a rule in the active language."""
    return in_language(french=version.name_fr, english=version.name_en)


def titles_of(versions: Iterable[EarningRule], *, at: datetime) -> dict[int, str]:
    """Return the names of versions, with their codes where several rules that are not retired share one."""
    versions = list(versions)
    shared = shared_names(versions, at=at)
    return {
        number: f"{title} ({version.code})" if number in shared and version.code else title
        for version in versions
        for number, title in [(version.pk or UNSAVED, title_of(version))]
    }


def shared_names(versions: Iterable[EarningRule], *, at: datetime) -> dict[int, str]:
    """Return the names that several rules bear, leaving retired versions out, by version."""
    current = [one for one in versions if one.status_at(at) is not RuleStatus.RETIRED]
    families = defaultdict(set)
    for version in current:
        families[title_of(version)].add(version.family_number or UNSAVED)
    return {
        version.pk or UNSAVED: title
        for version in current
        if (title := title_of(version)) and len(families[title]) > 1
    }


def when_in_words(version: EarningRule, status: RuleStatus, zone: ZoneInfo, today: date) -> str:
    """Say from when until when a version is in force."""
    since = version.applies_from or version.scheduled_at
    first = moment(since, zone) if since else ""
    until = moment(version.applies_until, zone) if version.applies_until else ""
    if status == RuleStatus.DRAFT:
        return gettext("Not scheduled yet.")
    if status == RuleStatus.SCHEDULED:
        return gettext("In force from %(moment)s on.") % {"moment": first}
    if version.is_withdrawn:
        return gettext("Withdrawn before it was in force.")
    if status == RuleStatus.RETIRED:
        return gettext("Was in force until %(moment)s.") % {"moment": until}
    said = []
    if version.starts_on is not None and version.starts_on > today:
        said.append(gettext("Begins on %(day)s.") % {"day": day(version.starts_on)})
    if until:
        said.append(gettext("In force until %(moment)s.") % {"moment": until})
    return " ".join(said) or gettext("In force since %(moment)s.") % {"moment": first}


def rule_board(programme: Programme, *, at: datetime) -> Board:
    """Return the rules of a programme. Takes eight queries at most, however many rules there are."""
    everything = _versions(programme, at)
    retired = [one for one in everything if one[1] == RuleStatus.RETIRED][:MOST_RETIRED]
    current = [one for one in everything if one[1] != RuleStatus.RETIRED]
    shown, _around, advice = _shown(programme, [*current, *retired], at)
    by_number = {one.version.pk: one for one in shown}
    return Board(
        programme,
        tuple((status, tuple(one for one in shown if one.status == status)) for status in IN_ORDER),
        tuple((one, by_number.get(one.rule_id)) for one in advice),
    )


def rule_page(version: EarningRule, *, at: datetime) -> RulePage:
    """Return a version with its neighbours. Takes eight queries at most, however many rules there are."""
    everything = _versions(version.programme, at)
    family = [one for one in everything if one[0].family_number == version.family_number]
    counting = [one for one in everything if one[1] in COUNTING and one not in family]
    shown, around, _advice = _shown(version.programme, [*family, *counting], at)
    by_number = {one.version.pk: one for one in shown}
    this = by_number[version.pk]
    others = [by_number[one.pk].terms for one, _status in counting]
    overlaps = overlaps_of(this.terms, others, around) if this.status != RuleStatus.RETIRED else []
    return RulePage(
        this,
        tuple(by_number[one.pk] for one, _status in family),
        tuple((overlap, by_number[overlap.other.rule_id]) for overlap in overlaps),
    )


def terms_of(version: EarningRule) -> Rule:
    """Return a version as the evaluation reads it; one that is not saved is the youngest of all."""
    terms = rule_of(version)
    return terms if version.pk else replace(terms, rule_id=UNSAVED, family_id=version.family_id or UNSAVED)


def counting_versions(programme: Programme, *, at: datetime) -> list[EarningRule]:
    """Return the versions that decide or will, the newest first. One query."""
    return [version for version, status in _versions(programme, at) if status in COUNTING]


def _versions(programme: Programme, at: datetime) -> list[tuple[EarningRule, RuleStatus]]:
    """Return all versions with where they stand, the newest first."""
    versions = EarningRule.objects.filter(programme=programme).order_by("-pk")
    return [(version, version.status_at(at)) for version in versions]


def _shown(
    programme: Programme, versions: Sequence[tuple[EarningRule, RuleStatus]], at: datetime
) -> tuple[list[ShownRule], Surroundings, list[Advice]]:
    terms = {version.pk: rule_of(version) for version, _status in versions}
    names = names_for(programme, terms.values())
    around = surroundings(programme, [version for version, _status in versions], names, at)
    counting = [terms[version.pk] for version, status in versions if status in COUNTING]
    advice = advice_on(counting, around)
    about_drafts = [
        one
        for version, status in versions
        if status == RuleStatus.DRAFT
        for one in advice_about(terms[version.pk], counting, around)
    ]
    shown = [
        ShownRule(
            version=version,
            terms=terms[version.pk],
            status=status,
            title=around.titles[version.pk],
            sentence=sentence(terms[version.pk], names, today=around.today),
            when=when_in_words(version, status, programme.zone, around.today),
            use=_use(version, around),
            advice=tuple(one for one in [*advice, *about_drafts] if one.rule_id == version.pk),
        )
        for version, status in versions
    ]
    return shown, around, advice


def _use(version: EarningRule, around: Surroundings) -> BudgetUse | None:
    if version.budget_points is None:
        return None
    return BudgetUse(around.granted.get(version.family_number, 0), version.budget_points)


def surroundings(
    programme: Programme, versions: Sequence[EarningRule], names: Names, at: datetime
) -> Surroundings:
    """Return what the rules are looked at with. Two queries, and one more where rules ask for groups."""
    today = local_date(at, programme.zone)
    titles = titles_of(versions, at=at)
    spendings = RuleSpending.objects.filter(family__programme=programme).order_by("family_id")
    return Surroundings(
        names=names,
        titles={number: title or gettext("this rule") for number, title in titles.items()},
        shared_names=shared_names(versions, at=at),
        zone=programme.zone,
        today=today,
        granted=dict(spendings.values_list("family_id", "granted_points")),
        agreed_until=agreed_until(programme),
        empty_groups=empty_groups({group for version in versions for group in version.group_ids}, on=today),
    )


def agreed_until(programme: Programme) -> dict[int, date | None]:
    """Return the last day of each partner's agreement, None where it has no end. One query."""
    agreements = Agreement.objects.filter(programme=programme).order_by("partner_id")
    return dict(agreements.values_list("partner_id", "ends_on"))


def empty_groups(group_ids: set[int], *, on: date) -> frozenset[int]:
    """Return which of some groups have no member on a day, nor later. One query, or none without groups."""
    if not group_ids:
        return frozenset()
    members = GroupMembership.objects.filter(group=OuterRef("pk")).exclude(left_on__lt=on)
    empty = MemberGroup.objects.filter(~Exists(members), pk__in=group_ids).order_by("pk")
    return frozenset(empty.values_list("pk", flat=True))
