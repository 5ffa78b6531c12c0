"""The letter that says that something about the safety of an account has changed."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from members.letters.letter import Button, Caution, Letter, Paragraph
from members.letters.letterhead import letterhead_for
from members.letters.send import send_letter
from members.models import Member

SECURITY_CHANGES = {
    "mfa/email/webauthn_added": gettext_lazy("A passkey was added to your account."),
    "mfa/email/webauthn_removed": gettext_lazy("A passkey was removed from your account."),
    "mfa/email/totp_activated": gettext_lazy("An authenticator app was added to your account."),
    "mfa/email/totp_deactivated": gettext_lazy("The authenticator app was removed from your account."),
    "mfa/email/recovery_codes_generated": gettext_lazy("New recovery codes were made for your account."),
    "second_factor_reset": gettext_lazy(
        "At your request we have removed the second factors of your account and signed out all browsers."
    ),
}
"""What happened, by the names that allauth gives its letters."""


def send_security_changed(*, email: str, what: str, at: datetime) -> None:
    """Tell the owner what has changed, so that somebody else cannot change it unseen."""
    member = Member.objects.select_related("issuer").filter(user__email=email).order_by("pk").first()
    letterhead = letterhead_for(member.issuer if member else None)
    letter = Letter(
        kind="security_changed",
        subject=_("The security of your account has changed"),
        heading=_("The security of your account has changed"),
        greeting=_("Hello,"),
        parts=(
            Paragraph(what),
            Button(_("See the security page"), f"{letterhead.site}{reverse('security')}"),
            Caution(
                _(
                    "Was it not you? Sign in, sign out all other browsers on the security page, and get in"
                    " touch with us."
                )
            ),
        ),
    )
    send_letter(letter, address=email, letterhead=letterhead, member=member, at=at)
