"""What the letters of this app say, in the active language. Codes stand in them and nowhere else."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from members.letters.letter import Button, Caution, Code, Fact, Letter, Paragraph
from members.letters.letterhead import Letterhead, letterhead_for
from members.letters.send import send_letter
from members.models import Issuer, Member, User


def hello(member: Member) -> str:
    """Return how a letter greets the member."""
    name = " ".join(f"{member.first_name} {member.last_name}".split())
    return _("Hello %(name)s,") % {"name": name} if name else _("Hello,")


def send_code(*, member: Member, email: str, code: str, site: str, at: datetime) -> None:
    """Send the code that proves who reads this address."""
    letter = Letter(
        kind="activation_code",
        subject=_("%(code)s is your activation code") % {"code": code},
        heading=_("Activate your account"),
        greeting=_("Hello,"),
        parts=(
            Paragraph(_("Enter this code on the page that you have open to activate your account:")),
            Code(code),
            Caution(_("It is valid for 15 minutes and works once. We never ask for it by phone.")),
            Caution(_("You did not ask for it? Then simply ignore this e-mail: nothing will happen.")),
        ),
    )
    letterhead = letterhead_for(member.issuer, site=site)
    send_letter(letter, address=email, letterhead=letterhead, member=member, at=at)


def send_address_known(*, issuer: Issuer, email: str, sign_in_url: str, site: str, at: datetime) -> None:
    """Tell whoever reads this address that it opens a sign-in already, so no code was sent."""
    letter = Letter(
        kind="address_known",
        subject=_("This address already has an account"),
        heading=_("This address already has an account"),
        greeting=_("Hello,"),
        parts=(
            Paragraph(
                _(
                    "Somebody has just tried to activate an account with this e-mail address. It already"
                    " has an account, so we have sent no code."
                )
            ),
            Paragraph(_("If it was you, sign in here:")),
            Button(_("Sign in"), sign_in_url),
            Caution(
                _(
                    "To activate the account of another person, use another address. If it was not you,"
                    " simply ignore this e-mail: nothing will happen."
                )
            ),
        ),
    )
    send_letter(letter, address=email, letterhead=letterhead_for(issuer, site=site), at=at)


def send_sign_in_code(*, email: str, code: str, issuer: Issuer | None, site: str, at: datetime) -> None:
    """Send the code that signs in."""
    letter = Letter(
        kind="sign_in_code",
        subject=_("%(code)s is your sign-in code") % {"code": code},
        heading=_("Your sign-in code"),
        greeting=_("Hello,"),
        parts=(
            Paragraph(_("Enter this code on the page that you have open to sign in:")),
            Code(code),
            Caution(_("It is valid for 10 minutes and works once. We never ask for it by phone.")),
            Caution(_("You did not ask for it? Then simply ignore this e-mail: nothing will happen.")),
        ),
    )
    member = Member.objects.filter(user__email=email.lower()).order_by("pk").first()
    letterhead = letterhead_for(issuer, site=site)
    send_letter(letter, address=email, letterhead=letterhead, member=member, at=at)


def send_address_unknown(
    *, email: str, activation_url: str, issuer: Issuer | None, site: str, at: datetime
) -> None:
    """Tell whoever reads this address that no account has it."""
    letter = Letter(
        kind="address_unknown",
        subject=_("No account has this address"),
        heading=_("No account has this address"),
        greeting=_("Hello,"),
        parts=(
            Paragraph(
                _(
                    "Somebody has just tried to sign in with this e-mail address. No account has it, so we"
                    " have sent no code."
                )
            ),
            Paragraph(
                _(
                    "If it was you, you may have used another address. If you have not activated your"
                    " account yet, you can do so here with the letter you received:"
                )
            ),
            Button(_("Activate my account"), activation_url),
            Caution(_("If it was not you, simply ignore this e-mail: nothing will happen.")),
        ),
    )
    # The member is looked for as for a known address, so that both take as long.
    Member.objects.filter(user__email=email.lower()).order_by("pk").first()
    send_letter(letter, address=email, letterhead=letterhead_for(issuer, site=site), at=at)


def send_proof_letter(*, user: User, code: str, at: datetime) -> None:
    """Send the code by which somebody who is signed in proves again who they are."""
    letter = Letter(
        kind="proof_code",
        subject=_("%(code)s is your confirmation code") % {"code": code},
        heading=_("Confirm that it is you"),
        greeting=_("Hello,"),
        parts=(
            Paragraph(_("Enter this code on the page that you have open to confirm that it is you:")),
            Code(code),
            Caution(_("It is valid for 15 minutes and works once. We never ask for it by phone.")),
            Caution(
                _(
                    "You did not ask for it? Then somebody may be using your account: sign in and end the"
                    " other sessions on the security page."
                )
            ),
        ),
    )
    member = Member.objects.select_related("issuer").filter(user=user).order_by("pk").first()
    letterhead = letterhead_for(member.issuer if member else None)
    send_letter(letter, address=user.email, letterhead=letterhead, member=member, at=at)


def send_email_change_code(*, member: Member, email: str, code: str, site: str, at: datetime) -> None:
    """Send the code that proves who reads the new address."""
    letter = Letter(
        kind="email_change_code",
        subject=_("%(code)s confirms your new e-mail address") % {"code": code},
        heading=_("Confirm your new e-mail address"),
        greeting=hello(member),
        parts=(
            Paragraph(_("Enter this code on the page that you have open to use this address from now on:")),
            Code(code),
            Caution(_("It is valid for 15 minutes and works once. We never ask for it by phone.")),
            Caution(_("You did not ask for it? Then simply ignore this e-mail: nothing will happen.")),
        ),
    )
    letterhead = letterhead_for(member.issuer, site=site)
    send_letter(letter, address=email, letterhead=letterhead, member=member, at=at)


def send_welcome(*, member: Member, email: str, at: datetime, reference: str) -> None:
    """Welcome a member who has just activated."""
    letterhead = letterhead_for(member.issuer)
    letter = Letter(
        kind="welcome",
        subject=_("Welcome to %(programme)s") % {"programme": letterhead.name},
        heading=_("Welcome to %(programme)s") % {"programme": letterhead.name},
        greeting=hello(member),
        parts=(
            Paragraph(_("Your account is activated and this e-mail address is confirmed.")),
            Paragraph(
                _(
                    "Each purchase that you pay with your card at a partner brand earns you points. You turn"
                    " them into gift cards whenever you like."
                )
            ),
            Button(_("See my points"), letterhead.site + reverse("home")),
            Paragraph(
                _(
                    "There is no password to remember: each time you sign in, we send a code to this address."
                    " None of us will ever ask you for that code."
                )
            ),
        ),
    )
    send_letter(letter, address=email, letterhead=letterhead, member=member, at=at, reference=reference)


def send_email_changed(
    *, member: Member, email: str, shown_new_email: str, at: datetime, reference: str
) -> None:
    """Tell the old address that another one took its place, and what to do if it was not the member."""
    letterhead = letterhead_for(member.issuer)
    letter = Letter(
        kind="email_changed",
        subject=_("Your e-mail address was changed"),
        heading=_("Your e-mail address was changed"),
        greeting=hello(member),
        parts=(
            Paragraph(_("From now on you sign in with another address, and our e-mails go there:")),
            Fact(_("New address"), shown_new_email),
            Paragraph(_("If it was you, you have nothing to do. This address no longer opens your account.")),
            *not_you(letterhead.phone, letterhead.email),
        ),
    )
    send_letter(letter, address=email, letterhead=letterhead, member=member, at=at, reference=reference)


def send_contact_changed(*, member: Member, email: str, what: str, at: datetime, reference: str) -> None:
    """Tell the member that their phone or postal address was changed, and what to do if it was not them."""
    letterhead = letterhead_for(member.issuer)
    letter = Letter(
        kind="contact_changed",
        subject=_("Your contact details were changed"),
        heading=_("Your contact details were changed"),
        greeting=hello(member),
        parts=(
            Fact(_("Changed"), what),
            Paragraph(_("You can look at them and change them in your profile.")),
            Button(_("See my profile"), letterhead.site + reverse("profile")),
            *not_you(letterhead.phone, letterhead.email),
        ),
    )
    send_letter(letter, address=email, letterhead=letterhead, member=member, at=at, reference=reference)


def send_account_deleted(*, issuer: Issuer, email: str, greeting: str, at: datetime) -> None:
    """Tell the address of somebody who was just erased that it is done; the last letter is not recorded."""
    letterhead = letterhead_for(issuer)
    letter = Letter(
        kind="account_deleted",
        subject=_("Your account was deleted"),
        heading=_("Your account was deleted"),
        greeting=greeting,
        parts=(
            Paragraph(
                _(
                    "Your name, your contact details and your sign-in are deleted, and your points are"
                    " lost. We keep only what the accounts of the programme need, without your name."
                )
            ),
            Paragraph(_("Gift cards whose code you kept stay valid in stores until their last day.")),
            *not_you(letterhead.phone, letterhead.email),
        ),
    )
    send_letter(letter, address=email, letterhead=letterhead, at=at)


def not_you(phone: str, email: str) -> tuple[Caution, ...]:
    """Return what to do when it was not the member: call, or write where there is no telephone."""
    if phone:
        return (Caution(_("Was it not you? Please call us at once.") + f"\n{phone}"),)
    if email:
        return (Caution(_("Was it not you? Please write to us at once.") + f"\n{email}"),)
    return (Caution(_("Was it not you? Contact us at once.")),)


def reach_us(said: str, letterhead: Letterhead) -> Caution:
    """Return a caution with where the member reaches us below: the telephone, or the address without one."""
    return Caution("\n".join(filter(None, (said, letterhead.phone or letterhead.email))))
