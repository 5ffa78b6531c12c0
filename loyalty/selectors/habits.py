"""What a member's latest purchases tell: where they shop."""

from datetime import datetime

from core.prepared import prepared_rows
from loyalty.models import PointAccount

# The number of rows stands in the text: a plan that is kept must know that it is small.
BY_SPENDING = """
SELECT partner_id FROM (
    SELECT e.id, p.partner_id, p.purchased_at,
           CASE WHEN e.kind = 2 /* return */ THEN -p.amount_cents ELSE p.amount_cents END AS cents
    FROM loyalty_entry e JOIN loyalty_purchase p ON p.id = e.purchase_id
    WHERE e.account_id = %(account)s
    ORDER BY e.id DESC LIMIT 200
) latest
WHERE purchased_at >= %(since)s
GROUP BY partner_id HAVING sum(cents) > 0
ORDER BY sum(cents) DESC, max(id) DESC
"""


def partners_by_spending(account: PointAccount, *, since: datetime) -> list[int]:
    """Return the ids of the partners where the member spent money since then, most first. One query.

    Of the latest two hundred purchases and returns only, so that a long history costs what a short one does:
    what was paid, less what was given back.
    """
    return [partner for (partner,) in prepared_rows(BY_SPENDING, {"account": account.pk, "since": since})]
