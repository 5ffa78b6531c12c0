"""Each row says which it is, wherever the admin names it: in lists, in questions, in what is written down."""

import re

import pytest
from django.apps import apps

from tests.integrity.world import make_world

DEFAULT = re.compile(r"^\w+ object \(.*\)$")
"""What Django says of a row whose model does not name it."""


@pytest.mark.django_db
def test_each_row_says_which_it_is() -> None:
    make_world()
    names = {
        model.__name__: [str(row) for row in model._default_manager.order_by("pk")]
        for label in ("campaigns", "helpdesk", "loyalty", "members", "partners", "rewards")
        for model in apps.get_app_config(label).get_models()
    }

    assert [model for model, found in names.items() if not found] == []
    assert [one for found in names.values() for one in found if DEFAULT.match(one) or not one.strip()] == []
