"""The tables of the loyalty app, by subject."""

from loyalty.models.adjustments import (
    AdjustmentEntry,
    AdjustmentKind,
    AdjustmentLimit,
    AdjustmentReason,
    AdjustmentRequest,
    AdjustmentState,
    ReinstatedExpiry,
)
from loyalty.models.backtests import (
    UNFINISHED_BACK_TESTS,
    BackTest,
    BackTestClaim,
    BackTestFigure,
    BackTestState,
)
from loyalty.models.brands import Brand, Character
from loyalty.models.feeds import FeedChunk, FeedImport, FeedKind, FeedState, RejectedLine
from loyalty.models.households import Household, HouseholdInvitation, HouseholdStay, SpendingPermission
from loyalty.models.ledger import (
    MOVES,
    Entry,
    EntryKind,
    Lot,
    LotUse,
    PointAccount,
    Transfer,
    TransferReason,
)
from loyalty.models.merging import MergedPoints
from loyalty.models.programmes import Agreement, ExpiryRounding, LeavingPolicy, Programme
from loyalty.models.purchases import Purchase, PurchaseKind, PurchaseState
from loyalty.models.reminders import ExpiryReminder
from loyalty.models.rules import (
    EarningRule,
    GroupMembership,
    LimitPeriod,
    MemberGroup,
    RuleEffect,
    RuleSpending,
    RuleStatus,
    RuleTally,
)
from loyalty.models.succession import (
    Conversion,
    ConversionKind,
    Counterpart,
    RoundedOver,
    Rounding,
    Succession,
    SuccessionState,
)

__all__ = [
    "MOVES",
    "UNFINISHED_BACK_TESTS",
    "AdjustmentEntry",
    "AdjustmentKind",
    "AdjustmentLimit",
    "AdjustmentReason",
    "AdjustmentRequest",
    "AdjustmentState",
    "Agreement",
    "BackTest",
    "BackTestClaim",
    "BackTestFigure",
    "BackTestState",
    "Brand",
    "Character",
    "Conversion",
    "ConversionKind",
    "Counterpart",
    "EarningRule",
    "Entry",
    "EntryKind",
    "ExpiryReminder",
    "ExpiryRounding",
    "FeedChunk",
    "FeedImport",
    "FeedKind",
    "FeedState",
    "GroupMembership",
    "Household",
    "HouseholdInvitation",
    "HouseholdStay",
    "LeavingPolicy",
    "LimitPeriod",
    "Lot",
    "LotUse",
    "MemberGroup",
    "MergedPoints",
    "PointAccount",
    "Programme",
    "Purchase",
    "PurchaseKind",
    "PurchaseState",
    "ReinstatedExpiry",
    "RejectedLine",
    "RoundedOver",
    "Rounding",
    "RuleEffect",
    "RuleSpending",
    "RuleStatus",
    "RuleTally",
    "SpendingPermission",
    "Succession",
    "SuccessionState",
    "Transfer",
    "TransferReason",
]
