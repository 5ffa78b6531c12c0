"""The look of the admin and the way through it. Each link is shown to those who may follow it."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _

# Each page shows all links several times over, and asks for each anew: their addresses are found once.
_address = lazy(cache(reverse), str)


def _may(*permissions: str) -> Callable[[HttpRequest], bool]:
    return lambda request: any(request.user.has_perm(permission) for permission in permissions)


def _list_of(model: str, title: str | Promise, icon: str) -> dict[str, Any]:
    app_label, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": _address(f"admin:{app_label}_{name}_changelist"),
        "permission": _may(f"{app_label}.view_{name}"),
    }


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Loyalty portal"),
    "SITE_HEADER": _("Loyalty portal"),
    "DASHBOARD_CALLBACK": "core.dashboard.first_page",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("img/mark.svg")},
    ],
    "SITE_SYMBOL": "loyalty",
    "STYLES": [lambda _request: static("css/admin.css")],
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": _address("choose_language")},
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "#f0f8f4",
            "100": "#e2f1ea",
            "200": "#c3e3d4",
            "300": "#97cdb6",
            "400": "#5fae8f",
            "500": "#2f9672",
            "600": "#0b6b50",
            "700": "#095c45",
            "800": "#08513d",
            "900": "#07392d",
            "950": "#04231b",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "title": _("Members"),
                "items": [
                    {
                        "title": _("Find a member"),
                        "icon": "person_search",
                        "link": _address("helpdesk"),
                        "permission": _may("helpdesk.search_members"),
                    },
                    _list_of("members.member", _("Members"), "person"),
                    _list_of("members.card", _("Cards"), "credit_card"),
                    _list_of("members.membermerge", _("Merges of members"), "merge"),
                    _list_of("loyalty.pointaccount", _("Point accounts"), "account_balance_wallet"),
                    _list_of("loyalty.household", _("Households"), "family_restroom"),
                    _list_of("loyalty.householdstay", _("Stays in households"), "home_pin"),
                    _list_of("loyalty.spendingpermission", _("Permissions to spend points"), "handshake"),
                    _list_of("members.activationattempt", _("Activations"), "key"),
                    _list_of("helpdesk.note", _("Notes"), "sticky_note_2"),
                ],
            },
            {
                "title": _("Points"),
                "items": [
                    {
                        "title": _("Points report"),
                        "icon": "monitoring",
                        "link": _address("admin:loyalty_entry_report"),
                        "permission": _may("loyalty.view_points_report"),
                    },
                    _list_of("loyalty.purchase", _("Purchases"), "shopping_bag"),
                    _list_of("loyalty.entry", _("Movements"), "swap_vert"),
                    _list_of("loyalty.lot", _("Lots of points"), "stacks"),
                    _list_of("loyalty.adjustmentrequest", _("Adjustments"), "tune"),
                    _list_of("loyalty.lotuse", _("Uses of lots"), "call_split"),
                    _list_of("loyalty.transfer", _("Transfers of points"), "swap_horiz"),
                ],
            },
            {
                "title": _("Gift cards"),
                "items": [
                    _list_of("rewards.order", _("Orders"), "receipt_long"),
                    _list_of("rewards.giftcard", _("Gift cards"), "redeem"),
                    _list_of("rewards.giftcardmovement", _("Gift-card movements"), "currency_exchange"),
                    _list_of("rewards.giftcardproduct", _("Catalogue"), "storefront"),
                ],
            },
            {
                "title": _("Files"),
                "items": [
                    {
                        "title": _("Import a file"),
                        "icon": "upload_file",
                        "link": _address("admin:loyalty_feedimport_add"),
                        "permission": _may("loyalty.add_feedimport"),
                    },
                    _list_of("loyalty.feedimport", _("Imports"), "folder_open"),
                    _list_of("loyalty.rejectedline", _("Rejected lines"), "block"),
                    _list_of("loyalty.feedchunk", _("Chunks of imports"), "view_agenda"),
                ],
            },
            {
                "title": _("Programme"),
                "items": [
                    _list_of("campaigns.promotion", _("Promotions"), "campaign"),
                    _list_of("loyalty.programme", _("Programmes"), "loyalty"),
                    _list_of("loyalty.succession", _("Successions of programmes"), "swap_horiz"),
                    _list_of("loyalty.counterpart", _("Counterparts of members"), "people_alt"),
                    _list_of("loyalty.conversion", _("Conversions of points"), "currency_exchange"),
                    _list_of("loyalty.brand", _("Brands"), "palette"),
                    _list_of("loyalty.earningrule", _("Earning rules"), "rule"),
                    _list_of("loyalty.adjustmentreason", _("Adjustment reasons"), "help_center"),
                    _list_of("loyalty.adjustmentlimit", _("Adjustment limits"), "speed"),
                    _list_of("loyalty.membergroup", _("Groups of members"), "group_work"),
                    _list_of("loyalty.backtest", _("Back-tests"), "fast_rewind"),
                    _list_of("loyalty.agreement", _("Agreements"), "handshake"),
                    _list_of("partners.partner", _("Partners"), "store"),
                    _list_of("partners.store", _("Stores"), "location_on"),
                    _list_of("members.issuer", _("Issuers"), "account_balance"),
                    _list_of("members.cardproduct", _("Card products"), "style"),
                ],
            },
            {
                "title": _("Operation"),
                "items": [
                    _list_of("core.jobrun", _("Job runs"), "schedule"),
                    _list_of("core.outboxmessage", _("Messages between apps"), "outbox"),
                    _list_of("core.idempotencyrecord", _("Answered requests"), "replay"),
                    _list_of("members.user", _("Sign-ins"), "login"),
                    _list_of("account.emailaddress", _("Addresses of sign-ins"), "alternate_email"),
                    _list_of("auth.group", _("Groups of staff"), "groups"),
                    _list_of("admin.logentry", _("Changes in the admin"), "history"),
                    _list_of("core.staffaction", _("Actions of staff"), "policy"),
                ],
            },
        ],
    },
}
