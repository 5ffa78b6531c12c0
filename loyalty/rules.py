"""Earning rules over time. A version that was live is never changed: purchases point to it for ever.

Only a version made after the live one is a draft. It can be edited until it is made live, and nothing goes
back to an earlier version: whoever wants its terms again makes a new version of it. So whether purchases
used a version needs no look at the purchases.
"""

from typing import ClassVar

from django.db import transaction
from django.db.models import Max

from core.errors import DomainError
from loyalty.models import EarningRule, Programme


class RuleInUse(DomainError):
    """The version is or was live; only a draft can be changed or made live."""

    code: ClassVar[str] = "rule_in_use"


def is_draft(rule: EarningRule) -> bool:
    """Say whether the version was never live."""
    if rule.is_live:
        return False
    live = EarningRule.objects.filter(programme_id=rule.programme_id, is_live=True).order_by("pk").first()
    return live is None or rule.pk > live.pk


@transaction.atomic
def draft_rule(*, rule: EarningRule) -> EarningRule:
    """Make a new version with the terms of the one given, not live yet, and return it.

    A draft that is there already is returned instead, with its own terms.
    """
    _lock(rule.programme)
    for drafted in EarningRule.objects.filter(programme=rule.programme, is_live=False).order_by("-pk")[:1]:
        if is_draft(drafted):
            return drafted
    last = EarningRule.objects.filter(programme=rule.programme, code=rule.code).aggregate(last=Max("version"))
    return EarningRule.objects.create(
        programme=rule.programme,
        code=rule.code,
        version=last["last"] + 1,
        name_fr=rule.name_fr,
        name_en=rule.name_en,
        points=rule.points,
        per_cents=rule.per_cents,
        is_live=False,
    )


@transaction.atomic
def make_rule_live(*, rule: EarningRule) -> EarningRule:
    """Let the draft decide on lines recorded from now on; the version before is kept for what it decided.

    Raises RuleInUse when the version was live before. Making the live version live changes nothing.
    """
    _lock(rule.programme)
    rule = EarningRule.objects.get(pk=rule.pk)
    if rule.is_live:
        return rule
    if not is_draft(rule):
        raise RuleInUse
    EarningRule.objects.filter(programme=rule.programme, is_live=True).update(is_live=False)
    EarningRule.objects.filter(pk=rule.pk).update(is_live=True)
    rule.refresh_from_db()
    return rule


def _lock(programme: Programme) -> None:
    Programme.objects.select_for_update().get(pk=programme.pk)
