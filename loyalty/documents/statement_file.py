"""The statement of a period as a tagged PDF document, made from a template and data: no text is markup."""

from datetime import datetime
from pathlib import Path

from django.utils.translation import gettext

from core.formatting import active_locale, amount, day, number, points, short_day, signed_points
from loyalty.dates import local_date
from loyalty.documents.typesetting import typeset
from loyalty.models import Brand, PointAccount
from loyalty.selectors.balance import Balance
from loyalty.selectors.period import PeriodStatement
from loyalty.selectors.statement_lines import StatementLine

TEMPLATE = Path(__file__).with_name("statement.typ")
HOUSE_COLOUR = "#0b6b50"


def statement_file(
    account: PointAccount, *, statement: PeriodStatement, balance: Balance, at: datetime
) -> bytes:
    """Return the document in the active language: a PDF that screen readers can follow (PDF/UA-1).

    `balance` is what the account holds at the instant of making it, `at`, with its next expiries. Raises
    DocumentNotMade.
    """
    data = _heading(account, statement, at) | _tables(account, statement, balance, at)
    return typeset(TEMPLATE, data, at=at)


def _heading(account: PointAccount, statement: PeriodStatement, at: datetime) -> dict[str, object]:
    member, programme = account.member, account.programme
    brand = Brand.objects.filter(programme=programme).first()
    made_on = day(local_date(at, programme.zone))
    period = gettext("Movements recorded from %(since)s through %(until)s")
    contact = [programme.name, programme.contact_phone, programme.contact_email]
    return {
        "language": active_locale()[:2],
        "colour": brand.brand_colour if brand else HOUSE_COLOUR,
        "logo": brand.logo_svg if brand else "",
        "programme": programme.name,
        "title": gettext("Statement of points"),
        "period": period % {"since": day(statement.since), "until": day(statement.until)},
        "name": f"{member.first_name} {member.last_name}".strip(),
        "reference": member.reference,
        "identity": [
            gettext("Member reference: %(reference)s") % {"reference": member.reference},
            gettext("Made on %(day)s") % {"day": made_on},
        ],
        "contact": " · ".join(part for part in contact if part),
        "page_label": gettext("Page"),
    }


def _tables(
    account: PointAccount, statement: PeriodStatement, balance: Balance, at: datetime
) -> dict[str, object]:
    gained = sum(line.points for line in statement.lines if line.points > 0)
    lost = sum(line.points for line in statement.lines if line.points < 0)
    today = day(local_date(at, account.programme.zone))
    return {
        "summary": [
            (gettext("Balance before the period"), points(statement.opening_points)),
            (gettext("Points earned or given back"), signed_points(gained)),
            (gettext("Points spent, taken back or expired"), signed_points(lost)),
            (gettext("Balance after the period"), points(statement.closing_points)),
        ],
        "movements_title": gettext("Movements"),
        "empty": gettext("Nothing was recorded in this period."),
        "headings": [
            gettext("Recorded on"),
            gettext("Date"),
            gettext("Movement"),
            gettext("Points"),
            gettext("Balance"),
        ],
        "movements": [_row(line) for line in statement.lines],
        "expiries_title": gettext("Next expiries, as of %(day)s") % {"day": today},
        "expiries": [(day(next_.expires_on), points(next_.points)) for next_ in balance.expiries],
        "no_expiry": gettext("No points are due to expire."),
        "note": gettext(
            "Points can be used through the end of the day shown. A balance below zero means points owed:"
            " the next points earned repay them first."
        ),
    }


def _row(line: StatementLine) -> dict[str, str]:
    card = gettext("card ending in %(last4)s") % {"last4": line.card_last4} if line.card_last4 else ""
    paid = amount(line.amount_cents, line.currency) if line.amount_cents else ""
    return {
        "recorded": short_day(line.posted_on),
        "happened": short_day(line.happened_on),
        "what": line.title + (f" ({gettext('Return')})" if line.is_return else ""),
        "why": " · ".join(part for part in (paid, card, line.sentence or line.rule_name) if part),
        "points": ("+" if line.points > 0 else "") + number(line.points),
        "balance": number(line.balance_after_points),
    }
