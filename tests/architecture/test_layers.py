"""The layers hold where imports cannot show it: foreign keys, migrations and models fetched by name."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.migrations.loader import MigrationLoader

ROOT = Path(settings.BASE_DIR)
# Each app, and those it may know. Apps on one line do not know each other.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("core",),
    ("members", "partners"),
    ("loyalty",),
    ("rewards",),
    ("campaigns", "feedback", "helpdesk", "information"),
    ("demo",),
)
ALLOWED = {
    app: {below for lower in LAYERS[:level] for below in lower} | {app}
    for level, layer in enumerate(LAYERS)
    for app in layer
}
OURS = set(ALLOWED)
HERE = sorted(app for app in OURS if (ROOT / app).is_dir())


def foreign_keys() -> Iterator[tuple[str, str, str]]:
    """Yield our app, the app its field points to, and the field's name."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label in OURS:
            for field in model._meta.get_fields():
                target = field.related_model
                if field.concrete and isinstance(target, type) and issubclass(target, models.Model):
                    yield model._meta.app_label, target._meta.app_label, f"{model.__name__}.{field.name}"


def migration_dependencies() -> Iterator[tuple[str, str, str]]:
    """Yield our app, the app its migration builds on, and the migration's name."""
    for (app, name), migration in MigrationLoader(None).disk_migrations.items():
        if app in OURS:
            for target, _migration in [*migration.dependencies, *migration.run_before]:
                yield app, target, f"{app}.{name}"


def fetched_models() -> Iterator[tuple[str, str, str]]:
    """Yield our app, the app of a model it fetches by name, and where."""
    for app in HERE:
        for path in sorted((ROOT / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    words = [word.value for word in node.args if isinstance(word, ast.Constant)]
                    if node.func.attr in ("get_model", "get_app_config", "import_module") and words:
                        target = str(words[0]).partition(".")[0]
                        yield app, target, f"{path.relative_to(ROOT)}:{node.lineno}"


@pytest.mark.parametrize(
    "references",
    [foreign_keys, migration_dependencies, fetched_models],
    ids=lambda function: function.__name__,
)
def test_no_app_reaches_upwards(references: object) -> None:
    assert callable(references)
    upwards = [
        f"{where}: {app} reaches {target}"
        for app, target, where in references()
        if target in OURS and target not in ALLOWED[app]
    ]
    assert upwards == []


def test_the_search_sees_the_references_there_are() -> None:
    assert ("loyalty", "members", "PointAccount.member") in set(foreign_keys())
    assert any(app == "loyalty" and target == "members" for app, target, _where in migration_dependencies())


def test_every_app_has_its_place_in_the_layers() -> None:
    with_models = {config.label for config in apps.get_app_configs() if (ROOT / config.name).is_dir()}
    assert with_models <= OURS
