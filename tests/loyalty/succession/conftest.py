"""Smiles ends and Galeries Lafayette follows: two programmes of one issuer, and a day on which it happens."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from core.jobs import StepOutcome
from loyalty.enrolment import enrol_member
from loyalty.models import PointAccount, Programme, RoundedOver, Rounding, Succession
from loyalty.succession.service import (
    TermsOfSuccession,
    begin_rehearsal,
    begin_succession,
    follow_up,
    prepare_succession,
)
from loyalty.succession.walks import step_succession
from tests.factories import make_issuer, make_programme
from tests.kept_fixtures import kept
from tests.transactions import real_commits

__all__ = ["real_commits"]

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LATE_UNTIL = date(2027, 1, 31)


@dataclass(frozen=True, slots=True)
class Programmes:
    """The programme that ends and the one that follows."""

    old: Programme
    new: Programme


def make_programmes() -> Programmes:
    """Make both, of one issuer."""
    return Programmes(
        make_programme("smiles", name="Smiles", verified_email_points=0, points_validity_years=3),
        make_programme(
            "galeries-lafayette",
            name="Galeries Lafayette",
            verified_email_points=0,
            points_validity_years=2,
        ),
    )


@kept()
def strangers() -> Programmes:
    """Return two programmes of two issuers."""
    old, new = (
        make_programme(code, issuer=make_issuer(code, code), verified_email_points=0)
        for code in ("smiles", "galeries-lafayette")
    )
    return Programmes(old, new)


@kept()
def programmes() -> Programmes:
    """Return both programmes."""
    return make_programmes()


def terms(
    new: int = 1,
    old: int = 1,
    *,
    rounding: str = Rounding.DOWN,
    over: str = RoundedOver.ACCOUNT,
    until: date | None = LATE_UNTIL,
) -> TermsOfSuccession:
    """Return terms, one for one unless a test says otherwise."""
    return {
        "new_points": new,
        "old_points": old,
        "rounding": rounding,
        "rounded_over": over,
        "late_returns_until": until,
    }


def prepare(programmes: Programmes, agreed: TermsOfSuccession | None = None) -> Succession:
    """Write down the draft."""
    return prepare_succession(
        source=programmes.old, target=programmes.new, terms=agreed or terms(), at=NOW
    )  # fmt: skip


def walk(succession: Succession, *, at: datetime = NOW) -> Succession:
    """Go through the accounts to the end of the walk."""
    outcome = StepOutcome.MORE
    while outcome is StepOutcome.MORE:
        outcome = step_succession(succession.pk, at=at)
    assert outcome is StepOutcome.DONE, outcome
    return Succession.objects.select_related("source", "target").get(pk=succession.pk)


def rehearse(succession: Succession, *, at: datetime = NOW) -> Succession:
    """Rehearse to the end."""
    return walk(begin_rehearsal(succession=succession, at=at), at=at)


def run(succession: Succession, *, at: datetime = NOW) -> Succession:
    """Rehearse and let it run through its first walk."""
    return walk(begin_succession(succession=rehearse(succession, at=at), at=at), at=at)


def follow(succession: Succession, *, at: datetime = NOW) -> Succession:
    """Move what came late."""
    return walk(follow_up(succession=succession, at=at), at=at)


def new_account(programmes: Programmes, old: PointAccount) -> PointAccount:
    """Return the account in the new programme, opened when there is none."""
    return enrol_member(member=old.member, programme=programmes.new, at=NOW)
