"""Members of the old programme and what they did there, drawn by lot from a seed: the same every time."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from loyalty.dates import local_date
from loyalty.enrolment import end_points_of_leavers, enrol_members, leave_programme
from loyalty.models import Agreement, PointAccount, Programme, Purchase, PurchaseKind, PurchaseState
from loyalty.purchases.lines import PurchaseLine
from loyalty.purchases.record import record_purchases
from members.models import Member
from members.services.cardholders import CardholderLine, record_cardholders
from members.services.erasure import erase_member
from partners.models import Partner
from partners.services.stores import StoreLine, record_stores
from rewards.models import GiftCardProduct
from rewards.services.orders import order_gift_card

BRANDS = {"monoprix": "Monoprix", "galeries-lafayette": "Galeries Lafayette", "bhv": "BHV"}
LINES_AT_ONCE = 2_000
YEARS_OF_HISTORY = 2.9
FIRST_NAMES = ("Amélie", "Bruno", "Camille", "Driss", "Élodie", "Farid", "Gaëlle", "Hugo", "Inès", "Jules")


class People:
    """Who takes part, and what they buy and bring back. References count up."""

    def __init__(self, old: Programme, new: Programme, *, members: int, seed: int, at: datetime) -> None:
        self.old, self.new, self.at = old, new, at
        self.lot = Random(seed)  # noqa: S311 - nothing secret hangs on it
        self.count = members
        self.sent = 0

    def enrol(self) -> None:
        """Let the brands join, and the members: one in three is a member of the new programme already."""
        for code, name in BRANDS.items():
            record_stores([_store(code, name)])
            for programme in (self.old, self.new):
                Agreement.objects.get_or_create(programme=programme, partner=Partner.objects.get(code=code))
        lines = [self._cardholder(number) for number in range(self.count)]
        joined = self.at - timedelta(days=1200)
        for start in range(0, len(lines), LINES_AT_ONCE):
            recorded = record_cardholders(
                lines[start : start + LINES_AT_ONCE],
                issuer=self.old.issuer,
                on=local_date(joined, self.old.zone),
                at=joined,
            )
            ids = [one.member_id for one in recorded if one.member_id is not None]
            enrol_members(member_ids=ids, programme=self.old, at=joined)
            enrol_members(member_ids=ids[::3], programme=self.new, at=joined)

    def _cardholder(self, number: int) -> CardholderLine:
        return CardholderLine(
            card_token=_token(number),
            card_last4=f"{number % 10_000:04}",
            card_product="smiles",
            card_status="active",
            member_reference=f"S-{number:06}",
            title=("mme", "m")[number % 2],
            first_name=FIRST_NAMES[number % len(FIRST_NAMES)],
            last_name=f"Adhérent {number}",
            address=f"{number % 200 + 1} rue de Provence",
            postcode="75009",
            city="Paris",
            country="FR",
            language="en" if number % 20 == 0 else "fr",
        )

    def shop(self) -> int:
        """Record the years before: purchases, some brought back, some points spent; return the lines."""
        lines = list(self._history())
        self._record(self.old, lines, at=self.at - timedelta(days=1))
        self._record(self.new, list(self._own_purchases()), at=self.at - timedelta(days=1))
        self._spend_and_bring_back()
        return len(lines)

    def _history(self) -> Iterator[PurchaseLine]:
        for number in range(self.count):
            if self.lot.random() < 1 / 20:
                continue  # a member without points
            for _ in range(self.lot.randint(1, 7)):
                days = self.lot.randint(2, int(365 * YEARS_OF_HISTORY))
                yield self._purchase(number, self.at - timedelta(days=days))

    def _own_purchases(self) -> Iterator[PurchaseLine]:
        for number in range(0, self.count, 9):
            yield self._purchase(number, self.at - timedelta(days=self.lot.randint(2, 300)))

    def _spend_and_bring_back(self) -> None:
        """Let one in fifty order a gift card, and some of them bring back what they had bought."""
        gift_card = GiftCardProduct.objects.filter(programme=self.old).earliest("price_points")
        rich = PointAccount.objects.filter(
            programme=self.old, balance_points__gte=gift_card.price_points
        ).order_by("pk")
        chosen = list(rich[:: max(1, rich.count() * 50 // self.count)])[: self.count // 50]
        for account in chosen:
            order_gift_card(
                account=account,
                product=gift_card,
                request_key=f"S{account.pk}",
                at=self.at - timedelta(hours=9),
            )
        members = {account.member_id for account in chosen[::2]}
        bought = Purchase.objects.filter(card__member__in=members, kind=PurchaseKind.PURCHASE)
        self._record(
            self.old,
            [self._return(one, one.amount_cents) for one in bought.select_related("partner", "store")],
            at=self.at - timedelta(hours=8),
        )

    def say_goodbye(self) -> None:
        """Let a few members leave, and one be erased."""
        accounts = PointAccount.objects.filter(programme=self.old).order_by("-pk")[:4]
        for account in accounts[:3]:
            leave_programme(account=account, at=self.at)
        erase_member(member=Member.objects.get(pk=accounts[3].member_id), at=self.at)

    def late_lines(self) -> list[PurchaseLine]:
        """Return what partners report late: purchases of before, and goods brought back since."""
        chosen = self.lot.sample(range(self.count), self.count // 5)
        bought = Purchase.objects.filter(
            programme=self.old, kind=PurchaseKind.PURCHASE, state=PurchaseState.ACCEPTED
        )
        brought_back = bought.select_related("partner", "store").order_by("pk")[:: self.lot.randint(9, 11)]
        return [
            *(self._purchase(number, self.at - timedelta(days=self.lot.randint(1, 60))) for number in chosen),
            *(self._return(one, self.lot.randint(1, one.amount_cents)) for one in brought_back),
        ]

    def report(self, lines: Sequence[PurchaseLine], *, at: datetime) -> int:
        """Record lines of the old programme; return the points they gave or took.

        What they gave to whoever left ends, as the sweeper lets it end within minutes.
        """
        points = self._record(self.old, lines, at=at)
        end_points_of_leavers(at)
        return points

    def _record(self, programme: Programme, lines: Sequence[PurchaseLine], *, at: datetime) -> int:
        points = 0
        for start in range(0, len(lines), LINES_AT_ONCE):
            chunk = lines[start : start + LINES_AT_ONCE]
            points += sum(one.points for one in record_purchases(chunk, programme=programme, at=at))
        return points

    def _purchase(self, number: int, purchased_at: datetime) -> PurchaseLine:
        return self._line(
            PurchaseKind.PURCHASE,
            brand=self.lot.choice(tuple(BRANDS)),
            token=_token(number),
            at=purchased_at,
            cents=self.lot.randint(200, 30_000),
        )

    def _return(self, bought: Purchase, cents: int) -> PurchaseLine:
        return self._line(
            PurchaseKind.RETURN,
            brand=bought.partner.code,
            token=bought.card_token,
            at=max(bought.purchased_at, self.at - timedelta(days=1)),
            cents=cents,
            original=bought.reference,
        )

    def _line(
        self, kind: PurchaseKind, *, brand: str, token: str, at: datetime, cents: int, original: str = ""
    ) -> PurchaseLine:
        self.sent += 1
        return PurchaseLine(
            partner=brand,
            store="paris",
            reference=f"{kind.name[0]}-{self.sent:07}",
            kind=kind,
            card_token=token,
            purchased_at=at,
            amount_cents=cents,
            currency="EUR",
            channel="store",
            original_reference=original,
        )


def _token(number: int) -> str:
    return f"tok-smiles-{number:06}"


def _store(code: str, name: str) -> StoreLine:
    return StoreLine(
        partner=code,
        partner_name=name,
        store="paris",
        name=f"{name} Paris",
        channel="store",
        address="40 boulevard Haussmann",
        postcode="75009",
        city="Paris",
        country="FR",
    )
