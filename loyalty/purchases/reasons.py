"""Why a line earned nothing, waits or was refused: a stable code and a sentence in the reader's language."""

from enum import StrEnum

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Reason(StrEnum):
    """Codes that never change once they were used. The empty code means that there is nothing to explain."""

    NONE = ""
    BELOW_RULE_AMOUNT = "below_rule_amount"
    NO_RULE = "no_rule"
    NO_RULE_MET = "no_rule_met"
    COUNTS_TOWARDS_BONUS = "counts_towards_bonus"
    LIMIT_REACHED = "limit_reached"
    BUDGET_SPENT = "budget_spent"
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
    PROGRAMME_CLOSED = "programme_closed"
    REFERENCE_REUSED = "reference_reused"
    ALREADY_RECORDED = "already_recorded"
    RETURN_ABOVE_PURCHASE = "return_above_purchase"
    RETURN_ABOVE_REST = "return_above_rest"
    RETURN_OF_REJECTED = "return_of_rejected"
    # What is wrong with the line itself, whoever sent it.
    FULL_CARD_NUMBER = "full_card_number"
    WRONG_FIELD_COUNT = "wrong_field_count"
    MISSING_VALUE = "missing_value"
    VALUE_TOO_LONG = "value_too_long"
    INVISIBLE_CHARACTER = "invisible_character"
    FOREIGN_DIGITS = "foreign_digits"
    UNKNOWN_KIND = "unknown_kind"
    UNKNOWN_CHANNEL = "unknown_channel"
    MALFORMED_AMOUNT = "malformed_amount"
    NEGATIVE_AMOUNT = "negative_amount"
    ZERO_AMOUNT = "zero_amount"
    TOO_MANY_DECIMALS = "too_many_decimals"
    AMOUNT_TOO_LARGE = "amount_too_large"
    MALFORMED_TIME = "malformed_time"
    TIME_WITHOUT_OFFSET = "time_without_offset"
    MALFORMED_DATE = "malformed_date"
    IMPOSSIBLE_DATE = "impossible_date"
    RETURN_WITHOUT_ORIGINAL = "return_without_original"
    ORIGINAL_ON_PURCHASE = "original_on_purchase"
    # Cardholders and stores.
    UNCHANGED = "unchanged"
    UNKNOWN_CARD_PRODUCT = "unknown_card_product"
    UNKNOWN_CARD_STATUS = "unknown_card_status"
    MALFORMED_LAST4 = "malformed_last4"
    CARD_OF_ANOTHER_MEMBER = "card_of_another_member"
    ERASED_MEMBER = "erased_member"
    TITLE_LEFT_OUT = "title_left_out"
    EMAIL_LEFT_OUT = "email_left_out"
    STATUS_LEFT_OUT = "status_left_out"
    MALFORMED_CODE = "malformed_code"
    LOOKS_LIKE_FORMULA = "looks_like_formula"
    MALFORMED_COUNTRY = "malformed_country"
    MALFORMED_LANGUAGE = "malformed_language"
    MALFORMED_POSITION = "malformed_position"
    CLOSED_BEFORE_OPENED = "closed_before_opened"
    # Counterparts of members, for the succession of a programme.
    NO_SUCCESSION = "no_succession"
    SUCCESSION_CLOSED = "succession_closed"
    UNKNOWN_MEMBER = "unknown_member"
    UNKNOWN_COUNTERPART = "unknown_counterpart"
    TWO_COUNTERPARTS = "two_counterparts"
    COUNTERPART_TAKEN = "counterpart_taken"
    COUNTERPART_MOVED = "counterpart_moved"


RECORDED_REFUSALS = frozenset({Reason.RETURN_ABOVE_PURCHASE, Reason.RETURN_OF_REJECTED})
"""Refusals of returns that are kept with the purchases: they may have waited for theirs before."""

SENTENCES = {
    Reason.NONE: "",
    Reason.BELOW_RULE_AMOUNT: _("The amount is too small to earn a point."),
    Reason.NO_RULE: _("No offer gave points on that day."),
    Reason.NO_RULE_MET: _("This purchase is not one of those that earned points on its day."),
    Reason.COUNTS_TOWARDS_BONUS: _("The purchase earns no points by itself; it counts towards a bonus."),
    Reason.LIMIT_REACHED: _("This offer has already given the most that one member can have."),
    Reason.BUDGET_SPENT: _("The points planned for this offer have all been given."),
    Reason.UNKNOWN_CARD: _("The card is not known yet. The points follow as soon as it is."),
    # It did not arrive yet, or waits for its card.
    Reason.UNKNOWN_PURCHASE: _(
        "The purchase that was returned does not count yet. The return is applied once it does."
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
    Reason.MEMBER_LEFT: _("The purchase was made after the member had left the programme."),
    Reason.PROGRAMME_CLOSED: _(
        "The programme has ended, and the time for late purchases and returns is over. Another programme"
        " follows it, where the points are now."
    ),
    Reason.REFERENCE_REUSED: _(
        "This reference was used before for another purchase. The partner brand must send this one with a new"
        " reference."
    ),
    Reason.ALREADY_RECORDED: _("This purchase was recorded before."),
    Reason.RETURN_ABOVE_PURCHASE: _("The return was refused: it is for more than the purchase."),
    Reason.RETURN_ABOVE_REST: _(
        "More was returned than was left of the purchase; only what was left counts."
    ),
    Reason.RETURN_OF_REJECTED: _("The purchase that was returned had earned nothing."),
    Reason.FULL_CARD_NUMBER: _(
        "The line holds what looks like a full card number; it was not kept. Send the card token only."
    ),
    Reason.WRONG_FIELD_COUNT: _("The line has more or fewer fields than the header."),
    Reason.MISSING_VALUE: _("A field that must be filled in is empty."),
    Reason.VALUE_TOO_LONG: _("A field is too long."),
    Reason.INVISIBLE_CHARACTER: _(
        "The line holds invisible characters: control characters, zero-width ones or marks of direction."
    ),
    Reason.FOREIGN_DIGITS: _("The line holds digits other than 0 to 9."),
    Reason.UNKNOWN_KIND: _("The kind is neither purchase nor return."),
    Reason.UNKNOWN_CHANNEL: _("The channel is neither store nor online."),
    Reason.MALFORMED_AMOUNT: _("The amount is not written in digits with a point, like 12.50."),
    Reason.NEGATIVE_AMOUNT: _("The amount is negative. The partner brand must send a return instead."),
    Reason.ZERO_AMOUNT: _("The amount is zero."),
    Reason.TOO_MANY_DECIMALS: _("The amount has more than two decimals."),
    Reason.AMOUNT_TOO_LARGE: _("The amount is above 1,000,000."),
    Reason.MALFORMED_TIME: _("The date and time are not written like 2026-11-22T10:30:00+01:00."),
    Reason.TIME_WITHOUT_OFFSET: _("The time has no offset, like +01:00 or Z."),
    Reason.MALFORMED_DATE: _("A date is not written like 2026-11-22."),
    Reason.IMPOSSIBLE_DATE: _("The date or the time does not exist."),
    Reason.RETURN_WITHOUT_ORIGINAL: _("The return does not say which purchase is returned."),
    Reason.ORIGINAL_ON_PURCHASE: _("Only a return names the purchase that is returned."),
    Reason.UNCHANGED: _("Nothing changed since the line before."),
    Reason.UNKNOWN_CARD_PRODUCT: _("The issuer has no such card product."),
    Reason.UNKNOWN_CARD_STATUS: _("The status of the card is neither active nor blocked nor closed."),
    Reason.MALFORMED_LAST4: _("The last four digits of the card are not four digits."),
    Reason.CARD_OF_ANOTHER_MEMBER: _("The card belongs to another member. Send a new token for a new card."),
    Reason.ERASED_MEMBER: _("This member asked to be deleted. To take part again they need a new reference."),
    Reason.TITLE_LEFT_OUT: _("The title is not known and was left out."),
    Reason.EMAIL_LEFT_OUT: _("The e-mail address is not one and was left out."),
    Reason.STATUS_LEFT_OUT: _("The status of the card changed on a later day: this older one was left out."),
    Reason.MALFORMED_CODE: _("A code may hold letters without accents, digits, - and _ only."),
    Reason.LOOKS_LIKE_FORMULA: _("A code or reference must not begin with = or @, as a formula does."),
    Reason.MALFORMED_COUNTRY: _("The country is not a code of two letters, like FR."),
    Reason.MALFORMED_LANGUAGE: _("The language is not a code of two letters, like fr."),
    Reason.MALFORMED_POSITION: _("The latitude or the longitude is no position on Earth."),
    Reason.CLOSED_BEFORE_OPENED: _("The store closed before it opened."),
    Reason.NO_SUCCESSION: _("No succession of this programme is prepared or running."),
    Reason.SUCCESSION_CLOSED: _(
        "The succession of this programme is closed and takes no counterparts any more: points that were left"
        " behind stay where they are."
    ),
    Reason.UNKNOWN_MEMBER: _("No member of the programme that ends has this reference."),
    Reason.UNKNOWN_COUNTERPART: _("The programme that follows knows neither such a member nor such a card."),
    Reason.TWO_COUNTERPARTS: _(
        "The member reference and the card token of the programme that follows belong to two people."
    ),
    Reason.COUNTERPART_TAKEN: _("Another member of the programme that ends is this person already."),
    Reason.COUNTERPART_MOVED: _("The points of this member moved already, to another person."),
}


def sentence_for(code: str) -> str:
    """Return the sentence for a reason code in the active language."""
    return str(SENTENCES[Reason(code)])


OF_THE_SENDER = frozenset(
    {
        Reason.FULL_CARD_NUMBER,
        Reason.WRONG_FIELD_COUNT,
        Reason.MISSING_VALUE,
        Reason.VALUE_TOO_LONG,
        Reason.INVISIBLE_CHARACTER,
        Reason.FOREIGN_DIGITS,
        Reason.UNKNOWN_KIND,
        Reason.UNKNOWN_CHANNEL,
        Reason.MALFORMED_AMOUNT,
        Reason.TOO_MANY_DECIMALS,
        Reason.AMOUNT_TOO_LARGE,
        Reason.MALFORMED_TIME,
        Reason.TIME_WITHOUT_OFFSET,
        Reason.MALFORMED_DATE,
        Reason.IMPOSSIBLE_DATE,
        Reason.RETURN_WITHOUT_ORIGINAL,
        Reason.ORIGINAL_ON_PURCHASE,
        Reason.MALFORMED_CODE,
        Reason.LOOKS_LIKE_FORMULA,
    }
)
"""What is wrong with the form of a line of purchases: its sender has to know what, its member has not."""


def sentence_for_member(code: str) -> str:
    """Return the sentence for a reason code as a member needs it, in the active language.

    How a line is written means nothing to them: they read whose mistake it is and what happens next.
    """
    if code in OF_THE_SENDER:
        return gettext(
            "The partner brand reported this with a mistake. It counts once the brand has sent it again"
            " without the mistake."
        )
    return sentence_for(code)
