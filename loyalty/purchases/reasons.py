"""Why a line earned nothing, waits or was refused: a stable code and a sentence in the reader's language."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Reason(StrEnum):
    """Codes that never change once they were used. The empty code means that there is nothing to explain."""

    NONE = ""
    BELOW_RULE_AMOUNT = "below_rule_amount"
    UNKNOWN_CARD = "unknown_card"
    UNKNOWN_PURCHASE = "unknown_purchase"
    UNKNOWN_PARTNER = "unknown_partner"
    UNKNOWN_STORE = "unknown_store"
    AGREEMENT_NOT_IN_FORCE = "agreement_not_in_force"
    STORE_NOT_OPEN = "store_not_open"
    WRONG_CURRENCY = "wrong_currency"
    IN_FUTURE = "in_future"
    OLDER_THAN_VALIDITY = "older_than_validity"
    CARD_BLOCKED = "card_blocked"
    CARD_CLOSED = "card_closed"
    MEMBER_LEFT = "member_left"
    REFERENCE_REUSED = "reference_reused"
    ALREADY_RECORDED = "already_recorded"
    RETURN_ABOVE_PURCHASE = "return_above_purchase"
    RETURN_ABOVE_REST = "return_above_rest"
    RETURN_OF_REJECTED = "return_of_rejected"


SENTENCES = {
    Reason.NONE: "",
    Reason.BELOW_RULE_AMOUNT: _("The amount is too small to earn a point."),
    Reason.UNKNOWN_CARD: _("The card is not known yet. The points follow as soon as it is."),
    Reason.UNKNOWN_PURCHASE: _(
        "The purchase that was returned is not known yet. The return is applied once it is."
    ),
    Reason.UNKNOWN_PARTNER: _("This partner does not take part in the programme."),
    Reason.UNKNOWN_STORE: _("This store is not one of the partner's stores."),
    Reason.AGREEMENT_NOT_IN_FORCE: _(
        "The partner did not take part in the programme on the day of the purchase."
    ),
    Reason.STORE_NOT_OPEN: _("The store was not open on the day of the purchase."),
    Reason.WRONG_CURRENCY: _("The amount is not in the programme's currency."),
    Reason.IN_FUTURE: _("The date of the purchase lies in the future."),
    Reason.OLDER_THAN_VALIDITY: _("The purchase is so old that its points would have expired."),
    Reason.CARD_BLOCKED: _("The card was blocked before the purchase."),
    Reason.CARD_CLOSED: _("The card was closed before the purchase."),
    Reason.MEMBER_LEFT: _("The member had left the programme before the purchase."),
    Reason.REFERENCE_REUSED: _(
        "This reference was used before for another purchase. Send it with a new reference."
    ),
    Reason.ALREADY_RECORDED: _("This purchase was recorded before."),
    Reason.RETURN_ABOVE_PURCHASE: _("The amount returned is higher than the purchase."),
    Reason.RETURN_ABOVE_REST: _("Part of the purchase had been returned before; only the rest counts."),
    Reason.RETURN_OF_REJECTED: _("The purchase that was returned had earned nothing."),
}


def sentence_for(code: str) -> str:
    """Return the sentence for a reason code in the active language."""
    return str(SENTENCES[Reason(code)])
