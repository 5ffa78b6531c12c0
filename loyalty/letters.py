"""Letters about what became of an account: its member left, or two accounts became one and two again.

They confirm a fact, so nobody can switch them off. They go out through the outbox once the fact has
committed; a repeat carries the same Message-ID.
"""

from datetime import date, datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.formatting import day, points
from core.outbox import Message
from loyalty.letterheads import letterhead_of
from loyalty.models import LeavingPolicy, PointAccount
from members.letters.letter import Button, Letter, Paragraph
from members.letters.letterhead import Letterhead, letterhead_for
from members.letters.send import send_letter
from members.mails import hello, not_you, reach_us
from members.models import Member, MemberMerge
from members.selectors import address_of


def on_member_left(message: Message, at: datetime) -> None:
    """Confirm to whoever left that they did, and what became of their points. Who was erased gets none."""
    accounts = PointAccount.objects.select_related("member__user", "programme__brand")
    account = accounts.get(pk=message.payload["account_id"])
    member, letterhead = account.member, letterhead_of(account.programme)
    address = address_of(member)
    if not address:
        return
    with translation.override(member.language):
        send_letter(
            leaving_letter(
                account,
                letterhead,
                left_on=date.fromisoformat(message.payload["left_on"]),
                lost=message.payload["lost_points"],
                kept=message.payload["kept_points"],
                # Messages of before do not say it.
                owed=message.payload.get("owed_points", account.owed_points),
            ),
            address=address,
            letterhead=letterhead,
            member=member,
            at=at,
            reference=f"left-{account.pk}-{message.payload['left_on']}",
        )


def leaving_letter(
    account: PointAccount, letterhead: Letterhead, *, left_on: date, lost: int, kept: int, owed: int
) -> Letter:
    """Return the letter about leaving, in the active language, with the points lost or kept, and owed."""
    heading = _("You have left %(programme)s") % {"programme": letterhead.name}
    keeps = account.leaving_policy == LeavingPolicy.SPENDABLE
    return Letter(
        kind="programme_left",
        subject=heading,
        heading=heading,
        greeting=hello(account.member),
        parts=(
            Paragraph(
                _("You left the programme on %(day)s. Purchases made since then earn no points.")
                % {"day": day(left_on)}
            ),
            Paragraph(_became(lost=lost, kept=kept), is_strong=True),
            *(Paragraph(sentence) for sentence in still_owed(owed)),
            Paragraph(reported_later(keeps=keeps, owes=owed > 0)),
            Paragraph(_("Gift cards that you have ordered stay valid, and your wallet still shows them.")),
            Paragraph(_("You can still sign in and read your statement.")),
            Button(_("See the gift cards"), letterhead.site + reverse("gift_cards"))
            if kept
            else Button(_("See my statement"), letterhead.site + reverse("statement")),
            *not_you(letterhead.phone, letterhead.email),
        ),
    )


def still_owed(owed: int) -> list[str]:
    """Return what becomes of points owed when the member leaves; nothing for whoever owes none."""
    return [_("Points owed: %(points)s. They stay owed.") % {"points": points(owed)}] if owed else []


def reported_later(*, keeps: bool, owes: bool) -> str:
    """Return what becomes of points for purchases from before that stores report after the member left."""
    if owes and keeps:
        return _(
            "Points for purchases made before, which stores may report later, repay the points owed first."
            " You keep the others."
        )
    if owes:
        return _(
            "Points for purchases made before, which stores may report later, repay the points owed first."
            " The others are lost."
        )
    if keeps:
        return _("Points for purchases made before, which stores may report later, are added to them.")
    return _("Points for purchases made before, which stores may report later, are lost as well.")


def _became(*, lost: int, kept: int) -> str:
    if lost:
        said = ngettext(
            "%(points)s was lost, as the rules of the programme say.",
            "%(points)s were lost, as the rules of the programme say.",
            lost,
        )
        return said % {"points": points(lost)}
    if kept:
        return _("You keep %(points)s and can spend them until they expire.") % {"points": points(kept)}
    return _("You had no points: none were lost.")


def on_members_merged(message: Message, at: datetime) -> None:
    """Tell everybody whom the two accounts reached that they are one; nobody when that was undone since."""
    merge = _merge(message)
    if merge.undone_at is None:
        _tell(merge, "merged", at)


def on_members_separated(message: Message, at: datetime) -> None:
    """Tell both members that their accounts are separate again."""
    _tell(_merge(message), "separated", at)


def _merge(message: Message) -> MemberMerge:
    merges = MemberMerge.objects.select_related("survivor__issuer", "survivor__user", "merged__user")
    return merges.get(pk=message.payload["merge_id"])


def _tell(merge: MemberMerge, what: str, at: datetime) -> None:
    letterhead = letterhead_for(merge.survivor.issuer)
    for number, (address, member) in enumerate(_reached(merge).items()):
        with translation.override(member.language):
            send_letter(
                LETTERS[what](member, letterhead),
                address=address,
                letterhead=letterhead,
                member=member,
                at=at,
                reference=f"{what}-{merge.pk}-{number}",
            )


def _reached(merge: MemberMerge) -> dict[str, Member]:
    """Return where letters reached the two members before the merge, each address once.

    A sign-in that moved reached the one who leads to the other; that other was reached at the issuer's
    address.
    """
    survivor, merged = merge.survivor, merge.merged
    reached = [(address_of(survivor), survivor), (address_of(merged), merged)]
    if merge.moved_sign_in and merge.undone_at is None and survivor.erased_at is None:
        reached[1] = (survivor.email, survivor)
    found: dict[str, Member] = {}
    for address, member in reached:
        if address and address.lower() not in map(str.lower, found):
            found[address] = member
    return found


def merged_letter(member: Member, letterhead: Letterhead) -> Letter:
    """Return the letter about two accounts that became one. It says nothing of the other one's."""
    return Letter(
        kind="accounts_merged",
        subject=_("Your two accounts are one now"),
        heading=_("Your two accounts are one now"),
        greeting=hello(member),
        parts=(
            Paragraph(
                _(
                    "You had two accounts with us. We have put them together: the cards, the points and the"
                    " gift cards of both are in one account now."
                )
            ),
            Paragraph(_("Points keep the day on which they expire. Points owed have moved as well.")),
            Paragraph(_("How you sign in has not changed.")),
            Button(_("See my points"), letterhead.site + reverse("home")),
            reach_us(_("Are they not both yours? Please tell us: we can separate them again."), letterhead),
        ),
    )


def separated_letter(member: Member, letterhead: Letterhead) -> Letter:
    """Return the letter about accounts that were one and are two again."""
    return Letter(
        kind="accounts_separated",
        subject=_("Your account is your own again"),
        heading=_("Your account is your own again"),
        greeting=hello(member),
        parts=(
            Paragraph(
                _(
                    "We had put your account together with another one, and have separated them. Each has its"
                    " own cards and its own points again, and what a card earned meanwhile has gone with it."
                )
            ),
            Paragraph(_("You sign in as you did before they were put together.")),
            Button(_("See my points"), letterhead.site + reverse("home")),
            reach_us(_("Is something missing? Please tell us."), letterhead),
        ),
    )


LETTERS = {"merged": merged_letter, "separated": separated_letter}
