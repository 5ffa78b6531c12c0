"""Drafts the rule that `make backtest` tries, in the database of the run, and prints its code and version."""

import os
import sys

import django


def draft_saturdays(programme_code: str) -> str:
    """Draft double points on Saturdays, with a limit for each member and month and a budget over all."""
    from loyalty.earning.versions import draft_new_rule  # noqa: PLC0415 - models exist only after the set-up
    from loyalty.models import EarningRule, Programme  # noqa: PLC0415 - models exist only after the set-up

    rule = draft_new_rule(
        rule=EarningRule(
            programme=Programme.objects.get(code=programme_code),
            code="saturdays",
            name_fr="Points doublés le samedi",
            name_en="Double points on Saturdays",
            effect="multiplier",
            factor_percent=200,
            weekdays=[6],
            limit_points=100,
            limit_period="month",
            budget_points=200_000,
        )
    )
    return f"{rule.code}:{rule.version}"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    django.setup()
    print(draft_saturdays(sys.argv[1]))
