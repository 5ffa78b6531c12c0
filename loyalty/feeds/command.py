"""What the three import commands share: they differ only in the kind of file."""

import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from tqdm import tqdm

from core.commands import PortalCommand
from loyalty.errors import UnknownProgramme
from loyalty.explanations.partner_file import explained_lines
from loyalty.feeds.imports import begin_import, finish_import, import_lines, summary_of
from loyalty.feeds.refusals import FeedRefused
from loyalty.feeds.source import open_source
from loyalty.feeds.verdicts import unfinished_file, write_verdicts, write_whole
from loyalty.models import FeedImport, FeedKind, Programme

EARLIEST_YEAR = 2000
"""An earlier instant is a slip, and one before the year 1 in UTC could be stored but never read again."""


class ImportCommand(PortalCommand):
    """Import a file, write its verdicts and say in one line what became of its lines."""

    unanswered = gettext_lazy(
        "The database does not answer. What was imported is kept; run the same command again to go on."
    )
    stopped = gettext_lazy("Stopped. What was imported is kept; run the same command again to go on.")
    kind: ClassVar[FeedKind]

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file, the programme and where the verdicts go."""
        parser.add_argument("file", type=Path, help=_("CSV in UTF-8, or the same compressed as .gz"))
        parser.add_argument("--programme", required=True, help=_("code of the programme"))
        parser.add_argument(
            "--verdicts", type=Path, help=_("where to write the verdicts; by default beside the file")
        )
        if self.kind is FeedKind.PURCHASES:
            parser.add_argument(
                "--explained",
                type=Path,
                help=_("where to write why each line earned what it earned, in both languages"),
            )
        parser.add_argument(
            "--as-of", type=_instant, help=_("instant at which the file counts as having arrived")
        )

    def handle(
        self,
        *_arguments: object,
        file: Path,
        programme: str,
        verdicts: Path | None,
        as_of: datetime | None,
        explained: Path | None = None,
        **_options: object,
    ) -> None:
        """Import, or say in one sentence why not."""
        now = timezone.now()
        if as_of is not None and as_of > now:
            sentence = _("%(instant)s has not come yet: a file cannot have arrived in the future.")
            raise CommandError(sentence % {"instant": as_of.isoformat()})
        with telling_in_one_sentence():
            import_file(
                programme=find_programme(programme),
                kind=self.kind,
                path=file,
                verdicts=Path(verdicts or f"{file}.verdicts.csv"),
                explained=Path(explained) if explained else None,
                at=as_of or now,
                doubt=lambda: self.stderr.write(
                    _("An amount cannot be read, so the total of the TRAILER could not be compared.")
                ),
                tell=self._tell,
            )

    def _tell(self, feed_import: FeedImport) -> None:
        if not feed_import.read_lines:
            self.stderr.write(_("The file has a header and no lines."))
        self.stdout.write(summary_of(feed_import))
        self.stdout.flush()


def import_file(
    *,
    programme: Programme,
    kind: str,
    path: Path,
    verdicts: Path,
    at: datetime,
    explained: Path | None = None,
    doubt: Callable[[], object] = lambda: None,
    tell: Callable[[FeedImport], object] = lambda _import: None,
) -> FeedImport:
    """Import a file, or go on with its import, and write its verdicts; return the finished import.

    The files are written and `tell` is called before the import is closed. So whoever heard nothing of a run
    that was killed starts it again, and reads and hears what the first would have told, not that all lines
    are duplicates. `doubt` is called when the total of the file could not be compared.
    """
    with open_source(path) as source:
        _refuse_unwritable(path, [verdicts, explained] if explained else [verdicts])
        with _progress(source.size, _("checking"), unit="B") as show:
            feed_import = begin_import(
                programme=programme,
                kind=kind,
                source=source,
                name=path.name,
                at=at,
                report=show,
                doubt=doubt,
            )
        with _progress(feed_import.total_lines, _("importing"), unit=_("lines")) as show:

            def goes_on(so_far: FeedImport) -> bool:
                show(so_far.read_lines)
                return True

            feed_import = import_lines(feed_import, source, at=at, goes_on=goes_on)
    try:
        write_verdicts(feed_import, verdicts)
        if explained:
            write_whole(explained, explained_lines(feed_import))
    except OSError as error:
        raise _unwritable(error) from None
    tell(feed_import)
    return finish_import(feed_import, at=at)


def find_programme(code: str) -> Programme:
    """Return the programme with this code. Raises UnknownProgramme."""
    try:
        return Programme.objects.select_related("issuer").get(code=code)
    except Programme.DoesNotExist:
        raise UnknownProgramme from None


@contextmanager
def telling_in_one_sentence() -> Iterator[None]:
    """Turn what an operator can do something about into a sentence instead of a traceback."""
    try:
        yield
    except FeedRefused as refusal:
        raise CommandError(refusal.sentence) from None
    except UnknownProgramme:
        known = ", ".join(Programme.objects.order_by("code").values_list("code", flat=True))
        sentence = _("There is no such programme. Known programmes: %(known)s.") % {"known": known or "-"}
        raise CommandError(sentence) from None


def _refuse_unwritable(read: Path, written: Sequence[Path]) -> None:
    """Find out before the import whether what it tells can be written."""
    try:
        if len({one.resolve() for one in (read, *written)}) <= len(written):
            raise CommandError(_("--verdicts and --explained need a file each, and not the file itself."))
        for target in written:
            _try_to_write(target)
    except (OSError, RuntimeError, ValueError) as error:  # loops of links, and names that are none
        raise _unwritable(error) from None


def _try_to_write(target: Path) -> None:
    if target.is_dir():
        raise CommandError(_("--verdicts and --explained need the name of a file, not of a folder."))
    if target.exists() and not target.is_file():
        raise CommandError(_("--verdicts and --explained replace ordinary files only."))
    trial = unfinished_file(target)
    trial.touch()
    trial.unlink()


def _unwritable(error: Exception) -> CommandError:
    sentence = _(
        "What became of the lines cannot be written: %(problem)s. Run the same command again to go on."
    )
    problem = getattr(error, "strerror", None) or _("the name leads to no file")
    return CommandError(sentence % {"problem": problem})


@contextmanager
def _progress(total: int, label: str, unit: str) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal; yield a function that is told how far the work has come."""
    with tqdm(
        total=total,
        desc=label,
        unit=unit,
        unit_scale=True,
        leave=False,
        file=sys.stderr,
        disable=not sys.stderr.isatty(),
    ) as bar:

        def show(done: int) -> None:
            bar.update(done - bar.n)

        yield show


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(_("write the instant like 2026-11-22T10:30:00+01:00")) from None
    if instant.year < EARLIEST_YEAR:
        sentence = _("the instant must not be before the year %(year)s") % {"year": EARLIEST_YEAR}
        raise ArgumentTypeError(sentence)
    return instant if instant.tzinfo else timezone.make_aware(instant)
