"""Each row says which it is, wherever the admin names it: in lists, in questions, in what is written down."""

import re

import pytest
from django.apps import apps
from django.db.models import Model, QuerySet

from tests.integrity.world import make_world

DEFAULT = re.compile(r"^\w+ object \(.*\)$")
"""What Django says of a row whose model does not name it."""


@pytest.mark.django_db
def test_each_row_says_which_it_is() -> None:
    make_world()
    rows: dict[str, list[str]] = {
        model.__name__: [str(row) for row in QuerySet[Model](model).order_by("pk")]
        for label in ("campaigns", "helpdesk", "loyalty", "members", "partners", "rewards")
        for model in apps.get_app_config(label).get_models()
    }

    assert [model for model, names in rows.items() if not names] == []
    nameless = {
        model for model, names in rows.items() for name in names if DEFAULT.match(name) or not name.strip()
    }
    assert nameless == set()
