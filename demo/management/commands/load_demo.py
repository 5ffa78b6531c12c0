"""`manage.py load_demo`: load the story of the demo, once."""

import sys

from django.core.management.base import CommandError
from django.utils import timezone
from tqdm import tqdm

from core.commands import PortalCommand
from core.proof import proofs
from demo.loading import load_story


class Command(PortalCommand):
    """Load what is not loaded yet and prove the ledger afterwards. A repeat returns at once."""

    help = (
        "Load the story of the demo: members, purchases, gift cards and promotions. A repeat changes nothing."
    )

    def handle(self, *_args: object, **_options: object) -> None:
        """Load with a progress bar, then prove."""
        with tqdm(
            desc="demo", unit="step", leave=False, file=sys.stderr, disable=not sys.stderr.isatty()
        ) as bar:

            def report(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            if not load_story(at=timezone.now(), report=report):
                self.stdout.write("The demo is loaded already.")
                return
        violations = [violation for proof in proofs().values() for violation in proof()]
        if violations:
            raise CommandError(f"The ledger is not proved: {violations[:5]}")
        self.stdout.write("The demo is loaded and its ledger is proved.")
