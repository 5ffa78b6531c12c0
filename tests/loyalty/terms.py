"""Rules as plain values for tests: each names only what it is about."""

from dataclasses import fields
from itertools import count
from typing import Any

from loyalty.earning.terms import Conditions, Rule
from loyalty.models import RuleEffect

_numbers = count(1)
_CONDITIONS = {field.name for field in fields(Conditions)}


def make_terms(effect: RuleEffect = RuleEffect.MULTIPLIER, **given: Any) -> Rule:  # noqa: ANN401 - fields of two classes
    """Return a rule of its own family; a coefficient doubles, others give 1 point."""
    number = next(_numbers)
    asked: dict[str, Any] = {
        name: frozenset(value) if isinstance(value, set) else value
        for name, value in given.items()
        if name in _CONDITIONS
    }
    gives = {"points": 0, "factor_percent": 200} if effect == RuleEffect.MULTIPLIER else {"points": 1}
    rest = {name: value for name, value in given.items() if name not in _CONDITIONS}
    named: dict[str, Any] = {"rule_id": number, "family_id": number} | gives | rest
    return Rule(effect=effect, conditions=Conditions(**asked), **named)
