"""What the home page shows of an account's lines: the newest movements, and how many lines still wait."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from core.prepared import prepared_rows
from loyalty.dates import local_date
from loyalty.models import EntryKind, PointAccount
from loyalty.selectors.movement_names import name_of_movement


@dataclass(frozen=True, slots=True)
class LatestMovement:
    """A movement without its verdict. Its date is a day in the programme's time zone."""

    kind: EntryKind
    happened_on: date
    points: int
    store_name: str
    amount_cents: int
    currency: str
    name: str
    """What the movement is called, wherever it happened."""

    @property
    def title(self) -> str:
        """Where it happened or, for points that move by themselves, what happened."""
        return self.store_name or self.name

    @property
    def is_return(self) -> bool:
        """Whether goods were brought back."""
        return self.kind is EntryKind.RETURN

    @property
    def is_expiry(self) -> bool:
        """Whether the points were lost because nobody spent them."""
        return self.kind is EntryKind.EXPIRY


class Latest(NamedTuple):
    """The newest movements, and how many purchases and returns wait for something that is still to come."""

    movements: tuple[LatestMovement, ...]
    waiting_lines: int


# The number of rows and the state stand in the text: a plan that is kept must know that the number is small,
# and that the index of parked lines holds all that is asked for.
LATEST = """
SELECT waiting.lines, e.kind, e.occurred_at, e.points, coalesce(s.name, ''), coalesce(p.amount_cents, 0),
       k.kind, k.account_id = %(account)s, z.name
FROM (
    SELECT count(*) AS lines FROM loyalty_purchase
    WHERE programme_id = %(programme)s AND state = 2 /* parked */
      AND card_token IN (SELECT token FROM members_card WHERE member_id = %(member)s)
) waiting
LEFT JOIN (
    SELECT id, purchase_id, transfer_id, kind, occurred_at, points FROM loyalty_entry
    WHERE account_id = %(account)s ORDER BY id DESC LIMIT 5
) e ON true
LEFT JOIN loyalty_purchase p ON p.id = e.purchase_id
LEFT JOIN partners_store s ON s.id = p.store_id
LEFT JOIN loyalty_conversion k ON k.transfer_id = e.transfer_id
LEFT JOIN loyalty_succession i ON i.id = k.succession_id
LEFT JOIN loyalty_programme z ON z.id = i.target_id
ORDER BY e.id DESC
"""


def latest_of(account: PointAccount) -> Latest:
    """Return the five newest movements of the account, and how many lines with the member's cards wait.

    One query.
    """
    zone, currency = account.programme.zone, account.programme.currency
    asked = {"account": account.pk, "programme": account.programme_id, "member": account.member_id}
    rows = prepared_rows(LATEST, asked)
    return Latest(
        tuple(
            LatestMovement(
                EntryKind(kind),
                local_date(occurred_at, zone),
                points,
                store,
                cents,
                currency,
                name_of_movement(
                    kind, points, conversion=conversion, is_old_account=is_old, new_programme=new_name
                ),
            )
            for _waiting, kind, occurred_at, points, store, cents, conversion, is_old, new_name in rows
            if kind is not None
        ),
        waiting_lines=rows[0][0],
    )
