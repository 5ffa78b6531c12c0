"""`manage.py import_group_members FILE --programme CODE --group CODE`."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from core.card_numbers import holds_card_number
from core.commands import PortalCommand, typed_day
from loyalty.dates import local_date
from loyalty.feeds.command import find_programme, telling_in_one_sentence
from loyalty.feeds.reader import Records
from loyalty.feeds.refusals import FeedRefused
from loyalty.feeds.source import Source, open_source
from loyalty.feeds.verdicts import safe_reference
from loyalty.groups import EndsBeforeItBegan, add_to_group
from loyalty.models import MemberGroup, Programme

COLUMN = "member_reference"


class Command(PortalCommand):
    """Add the members of a file to a group of members and say in one line what became of its lines."""

    help = "Add the members whose references are in the column member_reference of a CSV file to a group."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file, the programme, the group and the days."""
        parser.add_argument("file", type=Path, help=_("CSV in UTF-8, or the same compressed as .gz"))
        parser.add_argument("--programme", required=True, help=_("code of the programme"))
        parser.add_argument("--group", required=True, help=_("code of the group of members"))
        parser.add_argument("--joined-on", type=typed_day, help=_("first day, today by default"))
        parser.add_argument("--left-on", type=typed_day, help=_("last day, none by default"))

    def handle(
        self,
        *_arguments: object,
        file: Path,
        programme: str,
        group: str,
        joined_on: date | None,
        left_on: date | None,
        **_options: object,
    ) -> None:
        """Add them all, or none and say in one sentence why not. A repeat adds nobody."""
        read = 0

        def references(source: Source) -> Iterator[str]:
            nonlocal read
            for reference in read_references(source):
                read += 1
                yield reference

        with telling_in_one_sentence(), open_source(file) as source:
            owner = find_programme(programme)
            try:
                added = add_to_group(
                    group=_group(owner, group),
                    references=references(source),
                    joined_on=joined_on or local_date(timezone.now(), owner.zone),
                    left_on=left_on,
                )
            except EndsBeforeItBegan:
                raise CommandError(_("The last day must not be before the first.")) from None
        for reference in added.unknown_references:
            self.stderr.write(
                _("No member of the programme has the reference %s.") % safe_reference(reference)
            )
        duplicate = read - added.added - added.unknown
        self.stdout.write(
            f"read={read} accepted={added.added} duplicate={duplicate} parked=0"
            f" rejected={added.unknown} points=0"
        )


def read_references(source: Source) -> Iterator[str]:
    """Yield the reference of each line. Raises FeedRefused when the file is not to be trusted."""
    records = iter(Records(source.blocks()))
    _line, header = next(records, (1, []))
    if [column.strip() for column in header] != [COLUMN]:
        raise FeedRefused("no_header" if header else "empty_file", columns=COLUMN)
    for line, fields in records:
        if any(map(holds_card_number, fields)):
            raise FeedRefused("full_card_number", line=line)
        if len(fields) != 1:
            raise FeedRefused("wrong_fields", line=line)
        yield fields[0].strip()


def _group(programme: Programme, code: str) -> MemberGroup:
    groups = MemberGroup.objects.filter(programme=programme).order_by("code")
    found = groups.filter(code=code).first()
    if found is None:
        known = ", ".join(groups.values_list("code", flat=True)) or "-"
        raise CommandError(_("There is no such group. Known groups: %(known)s.") % {"known": known})
    return found
