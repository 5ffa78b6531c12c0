"""Who moves points: colleagues, read anew under the lock that serialises what each of them moves.

The row of the sign-in is the lock of its day: two requests of one colleague never count the same points that
are left. It is taken before any account, by whoever asks and by whoever approves what they asked.
"""

from loyalty.models import PointAccount
from members.models import User

ASK = "loyalty.add_adjustmentrequest"
APPROVE = "loyalty.approve_adjustmentrequest"


def lock_colleague(user_id: int) -> User | None:
    """Lock and return the colleague as they are now, permissions included; none when the sign-in is gone."""
    return User.objects.select_for_update(no_key=True).filter(pk=user_id).first()


def may_ask(user: User | None) -> bool:
    """Say whether somebody may move points at all; how many, the limits say."""
    return user is not None and user.is_staff and user.has_perm(ASK)


def may_approve(user: User | None) -> bool:
    """Say whether somebody may decide on requests of others."""
    return user is not None and user.is_staff and user.has_perm(APPROVE)


def is_own(account: PointAccount, user: User) -> bool:
    """Say whether the account is that of the colleague as a member."""
    return account.member.user_id == user.pk
