"""Writes a feed file of the story and imports it, as a file that arrives is."""

from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from demo.story.lines import write_lines
from loyalty.feeds.imports import begin_import, finish_import, import_lines
from loyalty.feeds.source import open_source
from loyalty.models import FeedImport, FeedKind, FeedState, Programme

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from _typeshed import DataclassInstance


def import_rows(
    programme: Programme,
    kind: FeedKind,
    name: str,
    rows: "Sequence[DataclassInstance]",
    at: "datetime",
) -> None:
    """Write the file and import it, unless that was done before a load was cut off, or it has no line."""
    path = Path(settings.DATA_DIR) / "demo" / f"{name}.csv"
    is_done = FeedImport.objects.filter(
        programme=programme, kind=kind, file_name=path.name, state=FeedState.DONE
    ).exists()
    if is_done or not rows:
        return
    write_lines(path, type(rows[0]), rows)
    with open_source(path) as source:
        feed_import = begin_import(programme=programme, kind=kind, source=source, name=path.name, at=at)
        feed_import = import_lines(feed_import, source, at=at)
    finish_import(feed_import, at=at)
