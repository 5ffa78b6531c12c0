"""What runs as a program of its own: it turns a template and data into a PDF document, and ends.

The library remembers all it ever set, a hundred megabytes for a long document, so no process that lives on
may use it. Data come in as JSON; texts among them are never markup.
"""

import json
import sys
from datetime import datetime
from pathlib import Path

import typst


def main() -> None:
    """Read the order from the input and write a tagged document (PDF/UA-1) to the output."""
    order = json.load(sys.stdin)
    document = typst.compile(
        Path(order["template"]).read_bytes(),
        sys_inputs={"data": json.dumps(order["data"])},
        ignore_system_fonts=True,
        pdf_standards=["ua-1"],
        timestamp=datetime.fromisoformat(order["at"]),
    )
    sys.stdout.buffer.write(document)
