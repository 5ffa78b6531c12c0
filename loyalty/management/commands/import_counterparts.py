"""`manage.py import_counterparts FILE --programme CODE`."""

from loyalty.feeds.command import ImportCommand
from loyalty.models import FeedKind


class Command(ImportCommand):
    """Import a file that says who members of a programme that ends are in the one that follows."""

    help = "Import a file that says who members of a programme that ends are in the one that follows."
    kind = FeedKind.COUNTERPARTS
