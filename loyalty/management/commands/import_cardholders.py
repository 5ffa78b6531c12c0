"""`manage.py import_cardholders FILE --programme CODE`."""

from loyalty.feeds.command import ImportCommand
from loyalty.models import FeedKind


class Command(ImportCommand):
    """Import the issuer's file of cardholders, who take part from then on."""

    help = "Import the issuer's file of cardholders, who take part from then on."
    kind = FeedKind.CARDHOLDERS
