"""Lines of a member that wait for something that is still to come."""

from core.prepared import prepared_rows
from loyalty.models import PointAccount

# The state stands in the text: a plan that is kept can use the index of parked lines only when it knows that
# it is asked for these.
WAITING = """
SELECT count(*) FROM loyalty_purchase
WHERE programme_id = %(programme)s AND state = 2 /* parked */
  AND card_token IN (SELECT token FROM members_card WHERE member_id = %(member)s)
"""


def waiting_lines_of(account: PointAccount) -> int:
    """Return how many purchases and returns with the member's cards still wait. One query."""
    rows = prepared_rows(
        WAITING,
        {"programme": account.programme_id, "member": account.member_id},
    )
    return int(rows[0][0])
