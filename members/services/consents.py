"""What a member allows: offers on each channel, and which e-mails about the account they want."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction

from members.models import Channel, Consent, DetailSource, Member, NotificationChoice, NotificationKind
from members.selectors import consents_in_force, notifications_wanted

WORDING = "2026-11"
"""The version of the sentence that members agree to; it changes with the sentence."""


@transaction.atomic
def decide_consents(
    *, member: Member, granted: Mapping[Channel, bool], source: DetailSource, at: datetime
) -> list[Channel]:
    """Record the member's decisions and return the channels on which something changed.

    Nothing is ever overwritten: each change is a new row, the latest is in force, and a channel without one
    is not allowed. Deciding the same again adds nothing.
    """
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    before = {state.channel: state.granted for state in consents_in_force(member)}
    changed = [channel for channel, is_granted in granted.items() if before[channel] != is_granted]
    Consent.objects.bulk_create(
        [
            Consent(
                member=member,
                channel=channel,
                granted=granted[channel],
                decided_at=at,
                source=source,
                wording=WORDING,
            )
            for channel in changed
        ]
    )
    return changed


@transaction.atomic
def choose_notifications(*, member: Member, wanted: Collection[NotificationKind], at: datetime) -> None:
    """Keep which e-mails about the account the member wants. A repeat changes nothing.

    What holds for whom others lead to holds over what those had chosen before they led there.
    """
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    for kind, was_wanted in notifications_wanted(member).items():
        if was_wanted != (kind in wanted):
            NotificationChoice.objects.update_or_create(
                member=member, kind=kind, defaults={"is_wanted": kind in wanted, "decided_at": at}
            )
