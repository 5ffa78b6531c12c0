"""What follows an activation or a change of contact details once it has committed: letters to the member."""

from datetime import datetime

from django.utils import translation

from core.outbox import Message
from members.mails import send_contact_changed, send_email_changed, send_welcome
from members.models import ContactDetail, EmailChange, Member
from members.selectors import address_of


def on_activated(message: Message, at: datetime) -> None:
    """Welcome the member. A repeat carries the same reference, so that mailboxes can tell that it is one."""
    member = Member.objects.select_related("issuer", "user").get(pk=message.payload["member_id"])
    address = address_of(member)
    if not address:
        return
    with translation.override(member.language):
        send_welcome(member=member, email=address, at=at, reference=f"welcome-{member.public_id}")


def on_contact_changed(message: Message, at: datetime) -> None:
    """Tell the member what changed; a former e-mail address is told as well, since it might be a theft.

    A repeat carries the same reference, which names the instant of the change.
    """
    member = Member.objects.select_related("issuer", "user").get(pk=message.payload["member_id"])
    reference = f"contact-{member.public_id}-{message.written_at.timestamp():.0f}"
    with translation.override(member.language):
        change = EmailChange.objects.filter(
            pk=message.payload.get("email_change_id") or 0, used_at__isnull=False
        ).first()
        if change is not None and change.former_email:
            send_email_changed(
                member=member,
                email=change.former_email,
                shown_new_email=masked(change.email),
                at=at,
                reference=reference,
            )
        labels = dict(ContactDetail.choices)
        changed = [str(labels[detail]) for detail in message.payload["details"] if detail in labels]
        address = address_of(member)
        if changed and address:
            send_contact_changed(
                member=member, email=address, what=", ".join(changed), at=at, reference=reference
            )


def masked(email: str) -> str:
    """Return an address of which a stranger learns little: `a•••@example.com`."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}•••@{domain}"
