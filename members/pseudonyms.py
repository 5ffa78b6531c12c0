"""What is kept of an erased member's reference: enough to recognise it, too little to read it."""

from django.conf import settings
from django.utils.crypto import salted_hmac

from members.models import Issuer


def hash_of_reference(issuer: Issuer, reference: str) -> str:
    """Return the keyed hash under which an erased reference is remembered.

    Its key is the one that also finds gift cards: unlike the key of sessions it is never replaced.
    """
    text = f"{issuer.pk}:{reference}"
    return salted_hmac(
        "members.erased", text, secret=settings.GIFT_CARD_HASH_KEY, algorithm="sha256"
    ).hexdigest()
