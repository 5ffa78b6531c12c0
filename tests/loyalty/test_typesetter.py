"""The program that sets documents, run in this process; what it is for is tested with the documents."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import BooleanObject

from loyalty.documents import typesetter

TEMPLATE = """
#let told = json(bytes(sys.inputs.data))
#set document(title: told.title)
#set text(lang: "fr")
#told.words
"""


def test_a_template_and_data_become_a_tagged_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    template = tmp_path / "template.typ"
    template.write_text(TEMPLATE, encoding="utf-8")
    data = {"title": "Relevé", "words": "*300* points"}
    order = {"template": str(template), "data": data, "at": "2026-11-22T10:00:00+01:00"}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(order)))

    typesetter.main()

    made = PdfReader(io.BytesIO(capsysbinary.readouterr().out))
    assert made.pages[0].extract_text() == "*300* points"
    root: Any = made.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] == BooleanObject(value=True)
    assert made.metadata is not None
    assert made.metadata.title == "Relevé"
