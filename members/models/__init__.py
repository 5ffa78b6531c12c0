"""The tables of the members app, by subject."""

from members.models.contact import (
    Channel,
    Consent,
    ContactDetail,
    DetailOrigin,
    DetailSource,
    EmailChange,
    ErasedReference,
    NotificationChoice,
    NotificationKind,
    SentLetter,
)
from members.models.merging import MemberMerge, MergedCard
from members.models.people import (
    Card,
    CardProduct,
    CardStatus,
    CardStatusChange,
    Issuer,
    Member,
    Title,
    User,
    UserManager,
)
from members.models.search import MemberSearch
from members.models.sign_ins import ActivationAttempt, ProofCode, SignInRecord, SignInWay, TrustedDevice

__all__ = [
    "ActivationAttempt",
    "Card",
    "CardProduct",
    "CardStatus",
    "CardStatusChange",
    "Channel",
    "Consent",
    "ContactDetail",
    "DetailOrigin",
    "DetailSource",
    "EmailChange",
    "ErasedReference",
    "Issuer",
    "Member",
    "MemberMerge",
    "MemberSearch",
    "MergedCard",
    "NotificationChoice",
    "NotificationKind",
    "ProofCode",
    "SentLetter",
    "SignInRecord",
    "SignInWay",
    "Title",
    "TrustedDevice",
    "User",
    "UserManager",
]
