"""`manage.py import_purchases FILE --programme CODE`."""

from loyalty.feeds.command import ImportCommand
from loyalty.models import FeedKind


class Command(ImportCommand):
    """Import a file of purchases and returns and post their points."""

    help = "Import a file of purchases and returns and post their points."
    kind = FeedKind.PURCHASES
