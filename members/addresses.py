"""Which e-mail addresses can be kept and written to. It never says whether an address is known."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

LONGEST_ADDRESS = 254
"""What the database keeps, counted in lower case: a few letters grow when they are lowered."""


def check_address(address: str) -> None:
    """Refuse an address that is too long once lowered, or whose domain no mail server could be asked for.

    Raises ValidationError.
    """
    lowered = address.lower()
    try:
        for form in (address, lowered):
            form.rpartition("@")[2].encode("idna")
    except UnicodeError:
        raise ValidationError(_("Enter a valid email address."), "invalid") from None
    if len(lowered) > LONGEST_ADDRESS:
        raise ValidationError(_("Enter a valid email address."), "invalid")
