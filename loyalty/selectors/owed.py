"""Why a member owes points: what left them owed last, in a sentence."""

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from core.prepared import prepared_rows
from loyalty.models import ConversionKind, EntryKind, PointAccount, TransferReason

OF_MOVEMENTS: dict[EntryKind, StrOrPromise] = {
    EntryKind.RETURN: _("A return took back more points than you had."),
    EntryKind.ADJUSTMENT: _("A correction by customer service took back more points than you had."),
}
OF_TRANSFERS: dict[TransferReason, StrOrPromise] = {
    TransferReason.MERGE: _("They come from another account that became one with yours."),
    TransferReason.SEPARATION: _("They come from the separation of two accounts."),
    TransferReason.SUCCESSION: _("They come from the change of programme."),
}
OF_ANY_KIND: StrOrPromise = _("More points were taken back than you had.")

# The newest comes first by the index of an account's entries; whoever still owes has had few credits since.
LATEST = """
SELECT e.kind, t.reason, t.undoes_id IS NOT NULL, k.kind
FROM loyalty_entry e
LEFT JOIN loyalty_transfer t ON t.id = e.transfer_id
LEFT JOIN loyalty_conversion k ON k.transfer_id = t.id
WHERE e.account_id = %(account)s AND e.owed_change_points > 0
ORDER BY e.id DESC LIMIT 1
"""


def why_owed(account: PointAccount) -> str:
    """Return what left the points owed last, in the reader's language. One query, none if none are owed."""
    if not account.owed_points:
        return ""
    ((kind, reason, is_undone, conversion),) = prepared_rows(LATEST, {"account": account.pk})
    if conversion == ConversionKind.LATE_RETURN:
        return str(OF_MOVEMENTS[EntryKind.RETURN])
    if reason == TransferReason.MERGE and is_undone:
        return str(OF_TRANSFERS[TransferReason.SEPARATION])
    return str(OF_TRANSFERS.get(reason) or OF_MOVEMENTS.get(kind) or OF_ANY_KIND)
