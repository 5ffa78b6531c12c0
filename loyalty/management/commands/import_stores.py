"""`manage.py import_stores FILE --programme CODE`."""

from loyalty.feeds.command import ImportCommand
from loyalty.models import FeedKind


class Command(ImportCommand):
    """Import a file of stores; their partners join the programme."""

    help = "Import a file of stores; their partners join the programme."
    kind = FeedKind.STORES
