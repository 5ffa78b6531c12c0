"""Rules for the tests of back-tests, drafted and made live through the services of the program."""

from datetime import datetime
from typing import Any

from loyalty.earning.versions import draft_new_rule, schedule_rule
from loyalty.models import EarningRule, Programme
from tests.factories import NOW

DOUBLE = {"effect": "multiplier", "factor_percent": 200}
HALF: dict[str, Any] = {"effect": "multiplier", "factor_percent": 50}
BASE = {"effect": "base", "points": 1, "per_cents": 100}
FIFTY: dict[str, Any] = {"effect": "bonus", "points": 50}


def draft(programme: Programme, code: str, **terms: Any) -> EarningRule:  # noqa: ANN401 - the columns of a rule
    """Draft a rule."""
    rule = EarningRule(
        programme=programme, code=code, name_fr=f"Règle {code}", name_en=f"Rule {code}", **terms
    )
    return draft_new_rule(rule=rule)


def live(programme: Programme, code: str, *, at: datetime = NOW, **terms: Any) -> EarningRule:  # noqa: ANN401 - the columns of a rule
    """Draft a rule and make it live."""
    return schedule_rule(rule=draft(programme, code, **terms), at=at)
