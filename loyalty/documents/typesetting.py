"""Has documents typeset by a process that ends afterwards: its memory and its time are bounded."""

import json
import logging
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from django.conf import settings

from core.errors import DomainError

TYPESETTER = "from loyalty.documents.typesetter import main; main()"
LONGEST_SECONDS = 20

logger = logging.getLogger(__name__)


class DocumentNotMade(DomainError):
    """The document could not be made, or not in time. Nothing is wrong with what was asked for."""

    code: ClassVar[str] = "document_not_made"


def typeset(
    template: Path, data: Mapping[str, object], *, at: datetime, seconds: float = LONGEST_SECONDS
) -> bytes:
    """Return the PDF document that a template makes of data, marked as made at an instant.

    Raises DocumentNotMade when it fails or takes longer than so many seconds; then no process is left.
    """
    second = at.replace(microsecond=0)  # documents know no finer time
    order = json.dumps({"template": str(template), "data": data, "at": second.isoformat()})
    try:
        made = subprocess.run(  # noqa: S603 - the program above; what members wrote is only its input
            [sys.executable, "-c", TYPESETTER],
            cwd=settings.BASE_DIR,
            input=order.encode(),
            capture_output=True,
            timeout=seconds,
            check=True,
        )
    except subprocess.TimeoutExpired:
        logger.warning("A document took longer than %s seconds.", seconds)
        raise DocumentNotMade from None
    except subprocess.CalledProcessError as failure:
        # Its last words may quote what is in the document, so only the kind of the error is logged.
        logger.warning("A document could not be made: the typesetter ended with %s.", failure.returncode)
        raise DocumentNotMade from None
    return made.stdout
