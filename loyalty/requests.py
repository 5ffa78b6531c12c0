"""What a request carries on the site of a programme: the programme and, on members' pages, the account."""

from loyalty.models import PointAccount, Programme
from members.requests import IssuerRequest


class ProgrammeRequest(IssuerRequest):
    """A request on the site of a programme. Asking for it where no programme is served answers 404."""

    programme: Programme


class MemberRequest(ProgrammeRequest):
    """A request of a signed-in member of the programme."""

    account: PointAccount
