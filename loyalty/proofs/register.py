"""Which proofs this app adds to those that `verify_ledger` runs, in their order."""

from loyalty.proofs.adjustments import register_adjustment_proofs
from loyalty.proofs.emptied import register_emptied_proofs
from loyalty.proofs.feeds import register_feed_proofs
from loyalty.proofs.households import register_household_proofs
from loyalty.proofs.ledger import register_ledger_proofs
from loyalty.proofs.merging import register_merging_proofs
from loyalty.proofs.succession import register_succession_proofs
from loyalty.proofs.taking_part import register_taking_part_proofs


def register_loyalty_proofs() -> None:
    """Add them all."""
    register_ledger_proofs()
    register_adjustment_proofs()
    register_merging_proofs()
    register_emptied_proofs()
    register_household_proofs()
    register_feed_proofs()
    register_succession_proofs()
    register_taking_part_proofs()
