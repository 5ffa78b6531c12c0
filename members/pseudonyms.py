"""What is kept of an erased member's reference: enough to recognise it, too little to read it."""

from django.utils.crypto import salted_hmac

from members.models import Issuer


def hash_of_reference(issuer: Issuer, reference: str) -> str:
    """Return the keyed hash under which an erased reference is remembered."""
    return salted_hmac("members.erased", f"{issuer.pk}:{reference}", algorithm="sha256").hexdigest()
