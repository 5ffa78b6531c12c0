"""The table of who may open what, in the documents, is what the pages do."""

import os
from pathlib import Path

import pytest
from django.conf import settings

from tests.admin.conftest import ADMINISTRATOR, ROLES, Story, make_colleague
from tests.admin.permission_table import table

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "permissions.md"


@pytest.mark.usefixtures("succession", "household")
def test_the_table_of_permissions_is_current(story: Story) -> None:
    found = table(story, {group: make_colleague(group) for group in (*ROLES, ADMINISTRATOR)})

    if os.environ.get("WRITE_PERMISSIONS"):
        DOCUMENT.write_text(found, encoding="utf-8")
    assert DOCUMENT.read_text(encoding="utf-8") == found, "Run python tools/permissions.py"
