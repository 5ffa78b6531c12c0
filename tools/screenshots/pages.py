"""Which pages are pictured, for whom, and how each is reached."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

Language = Literal["fr", "en"]
HAPPY_CARD, GALERIES = "localhost", "galeries-lafayette.localhost"


@dataclass(frozen=True, slots=True)
class Shot:
    """One page: its address, or the page that leads to it and the links to follow from there, one by one."""

    name: str
    address: str
    follow: tuple[str, ...] = ()
    status: int = HTTPStatus.OK
    search: str = ""
    """What is typed into the search field that has the cursor, before the links are followed."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who looks at the pages; without an address, a person who is not signed in."""

    folder: str
    title: str
    host: str
    language: Language
    email: str
    shots: tuple[Shot, ...]


PUBLIC = (
    Shot("welcome", "/"),
    Shot("where", "/where/"),
    Shot("questions", "/questions/"),
    Shot("promotions", "/promotions/"),
    Shot(
        "promotion", "/promotions/", ("main a[href^='/promotions/']:not([href*='?'], [href='/promotions/'])",)
    ),
    Shot("contact", "/contact/"),
    Shot("terms", "/terms/"),
    Shot("privacy", "/privacy/"),
    Shot("accessibility", "/accessibility/"),
    Shot("activation", "/activate/"),
    Shot("sign-in", "/accounts/sign-in/"),
    Shot("not-found", "/nowhere/", status=HTTPStatus.NOT_FOUND),
    Shot("offline", "/offline/"),
    Shot("living", "/living/"),
)
MEMBER = (
    Shot("home", "/"),
    Shot("statement", "/statement/"),
    Shot("statement-filtered", "/statement/?kind=uncounted"),
    Shot("documents", "/statement/documents/"),
    Shot("expiry", "/statement/expiry/"),
    Shot("gift-cards", "/gift-cards/"),
    Shot("order", "/gift-cards/", ("main a[href^='/gift-cards/gift-card']",)),
    Shot("orders", "/gift-cards/orders/"),
    Shot("order-steps", "/gift-cards/orders/", ("main a[href^='/gift-cards/orders/']",)),
    Shot("wallet", "/wallet/"),
    Shot("gift-card", "/wallet/", ("main a[href^='/wallet/']:not([href*='history'])",)),
    Shot(
        "till",
        "/wallet/",
        ("main a[href^='/wallet/']:not([href*='history'])", "main a[href$='/till/']"),
    ),
    Shot("wallet-history", "/wallet/history/"),
    Shot("profile", "/profile/"),
    Shot("contact-details", "/profile/contact/"),
    Shot("consents", "/profile/choices/"),
    Shot("personal-data", "/profile/data/"),
    Shot("deletion", "/profile/delete/"),
    Shot("security", "/security/"),
    Shot("passkey", "/security/passkeys/add/"),
    Shot("authenticator-app", "/security/app/add/"),
    Shot("proof", "/accounts/prove/"),
    Shot("sign-out", "/accounts/sign-out/"),
)
HOUSEHOLD = (Shot("household", "/profile/household/"),)
OWING = (Shot("home-points-owed", "/"), Shot("statement-points-owed", "/statement/"))
LEAVING = (Shot("home-points-about-to-expire", "/"), Shot("expiry-soon", "/statement/expiry/"))
DASHBOARD = (Shot("dashboard", "/admin/"),)
MANAGER = (
    *DASHBOARD,
    Shot("programme", "/admin/loyalty/programme/", ("#result_list tbody a",)),
    Shot("rules", "/admin/loyalty/earningrule/"),
    Shot("rule", "/admin/loyalty/earningrule/", (".rules-row h3 a",)),
    Shot("rule-editor", "/admin/loyalty/earningrule/add/"),
    Shot("rule-preview", "/admin/loyalty/earningrule/preview/"),
    Shot("brand", "/admin/loyalty/brand/", ("#result_list tbody a",)),
    Shot("load-preset", "/admin/rewards/giftcardproduct/load-preset/"),
    Shot("import", "/admin/loyalty/feedimport/add/"),
    Shot("imports", "/admin/loyalty/feedimport/"),
)
MARKETING = (
    *DASHBOARD,
    Shot("promotions", "/admin/campaigns/promotion/"),
    Shot("promotion", "/admin/campaigns/promotion/", ("#result_list tbody a",)),
    Shot("schedule", "/admin/campaigns/promotion/schedule/"),
    Shot("preview", "/admin/campaigns/promotion/", ("#result_list tbody a", "a[href*='/preview-fr/']")),
)
CALL_CENTRE = (
    *DASHBOARD,
    Shot("search", "/admin/helpdesk/", search="martin"),
    Shot("member", "/admin/helpdesk/", ("a[href*='/helpdesk/members/']",), search="alice martin"),
    Shot("orders", "/admin/rewards/order/"),
)
FINANCE = (
    *DASHBOARD,
    Shot("report", "/admin/loyalty/entry/report/"),
    Shot("export", "/admin/loyalty/entry/export/"),
    Shot("movements", "/admin/loyalty/entry/"),
)
AUDITOR = (*DASHBOARD, Shot("staff-actions", "/admin/core/staffaction/"))
OPERATOR = (
    *DASHBOARD,
    Shot("jobs", "/admin/core/jobrun/"),
    Shot("import", "/admin/loyalty/feedimport/", ("#result_list tbody a",)),
)

VISITORS = (
    Visitor("happy-card/signed-out", "Happy Card, signed out", HAPPY_CARD, "fr", "", PUBLIC),
    Visitor(
        "happy-card/member",
        "Happy Card, a member",
        HAPPY_CARD,
        "fr",
        "alice@demo.example",
        MEMBER + HOUSEHOLD,
    ),
    Visitor(
        "happy-card/owing",
        "Happy Card, a member who owes points",
        HAPPY_CARD,
        "fr",
        "denise@demo.example",
        OWING,
    ),
    Visitor(
        "happy-card/leaving",
        "Happy Card, a member whose points are about to expire",
        HAPPY_CARD,
        "fr",
        "chloe@demo.example",
        LEAVING,
    ),
    Visitor("galeries-lafayette/signed-out", "Galeries Lafayette, signed out", GALERIES, "en", "", PUBLIC),
    Visitor(
        "galeries-lafayette/member",
        "Galeries Lafayette, a member",
        GALERIES,
        "en",
        "elise@demo.example",
        MEMBER,
    ),
    Visitor("staff/manager", "Programme manager", HAPPY_CARD, "fr", "paul@staff.demo.example", MANAGER),
    Visitor("staff/marketing", "Marketing", HAPPY_CARD, "fr", "margaux@staff.demo.example", MARKETING),
    Visitor("staff/call-centre", "Call centre", HAPPY_CARD, "fr", "karim@staff.demo.example", CALL_CENTRE),
    Visitor("staff/finance", "Finance", HAPPY_CARD, "fr", "florence@staff.demo.example", FINANCE),
    Visitor("staff/auditor", "Auditor", HAPPY_CARD, "fr", "antoine@staff.demo.example", AUDITOR),
    Visitor("staff/operator", "Operator", HAPPY_CARD, "fr", "olga@staff.demo.example", OPERATOR),
)
