"""The household of the story: Alice and Chloé live together, and Chloé lets Alice spend her points."""

from datetime import date

from demo.letters import told_at
from demo.story.calendar import instant
from demo.story.people import ALICE, CHLOE
from loyalty.households.invitations import invite, join_household
from loyalty.households.membership import found_household
from loyalty.households.permissions import allow_spending
from loyalty.models import HouseholdStay, PointAccount

LIVED_TOGETHER_DAYS = 40


def found_the_household(day: date) -> None:
    """Let the two live together. A repeat changes nothing."""
    accounts = PointAccount.objects.select_related("programme", "member")
    alice, chloe = (accounts.get(member__reference=reference) for reference in (ALICE, CHLOE))
    if HouseholdStay.objects.filter(account=alice).exists():
        return
    at = instant(day, LIVED_TOGETHER_DAYS)
    with told_at(at):
        found_household(account=alice, at=at)
        join_household(account=chloe, code=invite(account=alice, at=at), at=at)
        allow_spending(giver=chloe, spender_id=alice.pk, at=at)
