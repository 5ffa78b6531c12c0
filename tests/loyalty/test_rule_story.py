"""Double points at Boulanger on Saturdays in December, at most 500: from the wish to the statement."""

from datetime import date
from pathlib import Path

from django.utils import translation

from loyalty.earning.versions import draft_new_rule, schedule_rule
from loyalty.models import EarningRule, Programme, RuleEffect, RuleStatus
from loyalty.selectors.statement import statement_page
from loyalty.selectors.statement_lines import StatementLine
from partners.models import Partner
from tests.factories import Cardholder
from tests.loyalty.feeds.files import PURCHASE, as_csv, run_import
from tests.loyalty.ledger_state import balance, paris
from tests.proofs import violations

WISHED_AT = paris("2026-11-25 09:00")
IMPORTED_AT = paris("2026-12-20 06:00")


def schedule_the_wish(programme: Programme) -> EarningRule:
    """Draft the rule and schedule it for the first of December, without a developer."""
    rule = draft_new_rule(
        rule=EarningRule(
            programme=programme,
            code="boulanger-saturdays",
            name_fr="Points doublés le samedi chez Boulanger",
            name_en="Double points on Saturdays at Boulanger",
            effect=RuleEffect.MULTIPLIER,
            factor_percent=200,
            partner_ids=[Partner.objects.get(code="boulanger").pk],
            weekdays=[6],
            starts_on=date(2026, 12, 1),
            ends_on=date(2026, 12, 31),
            limit_points=500,
        )
    )
    return schedule_rule(rule=rule, at=WISHED_AT, starts_at=paris("2026-12-01 00:00"))


def bought(reference: str, local: str, amount: str, partner: str = "boulanger") -> dict[str, str]:
    """Return the line of a purchase."""
    return PURCHASE | {
        "reference": reference,
        "partner": partner,
        "purchased_at": paris(local).isoformat(),
        "amount": amount,
    }


def told(alice: Cardholder, language: str) -> list[tuple[int, str]]:
    """Return the points and the rules of Alice's lines, the oldest first."""
    with translation.override(language):
        lines = statement_page(alice.account, cards=[alice.card]).lines
    return [(line.points, line.rule_name) for line in lines[::-1] if isinstance(line, StatementLine)]


def test_the_next_import_applies_the_rule_and_the_member_reads_why(
    programme: Programme, alice: Cardholder, tmp_path: Path
) -> None:
    rule = schedule_the_wish(programme)
    assert rule.status_at(WISHED_AT) is RuleStatus.SCHEDULED
    assert rule.status_at(IMPORTED_AT) is RuleStatus.LIVE
    alice.card.__class__.objects.filter(pk=alice.card.pk).update(token="tok-alice")  # noqa: S106 - a card token

    lines = [
        bought("friday", "2026-12-04 23:59", "10.00"),
        bought("saturday", "2026-12-05 00:00", "12.50"),
        bought("elsewhere", "2026-12-05 15:00", "40.00", "conforama"),
        bought("sofa", "2026-12-12 15:00", "600.00"),
        bought("cable", "2026-12-19 23:59", "9.99"),
    ]
    run = run_import(as_csv(lines), tmp_path, at=IMPORTED_AT)

    assert [int(row["points"]) for row in run.verdicts] == [10, 25, 40, 600 + 487, 9]
    assert balance(alice.account) == (10 + 25 + 40 + 1087 + 9, 0)
    base = "1 point par euro"
    double = "Points doublés le samedi chez Boulanger"
    alice.account.refresh_from_db()
    assert told(alice, "fr") == [
        (10, base),
        (25, f"{base} + {double}"),
        (40, base),
        (1087, f"{base} + {double}"),
        (9, base),
    ]
    assert told(alice, "en")[1] == (25, "1 point for each euro + Double points on Saturdays at Boulanger")
    assert violations() == []

    again = run_import(as_csv(lines), tmp_path, name="again.csv", at=IMPORTED_AT)
    assert again.counts["duplicate"] == 5
    assert balance(alice.account) == (1171, 0)
