"""House rules that no other tool checks."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.template.loader import get_template

ROOT = Path(settings.BASE_DIR)
FOLDERS = (
    "bench", "campaigns", "config", "core", "demo", "feedback", "helpdesk", "information", "loyalty",
    "members", "partners", "rewards", "tests", "tools",
)  # fmt: skip
LONGEST_FILE = 400
# Written in two halves, so that this file does not find itself.
LEFT_OPEN = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")
ONE_MACHINE = re.compile("|".join([r"(?<![\w.])/" + name + "/" for name in ("work", "farm", "root", "home")]))
SWITCHED_OFF = re.compile(
    r"#\s*(?:noqa(?::[\sA-Z0-9,]+)?|type:\s*ignore(?:\[[\w\-, ]+\])?|pragma:\s*no\s+(?:cover|branch))"
    r"\s*(?:[-\u2013:#]+\s*)?(?P<reason>.*)$"
)
SHORTEST_REASON = len("likewise")


def python_files() -> Iterator[Path]:
    """Yield every Python file of ours."""
    yield ROOT / "manage.py"
    for folder in FOLDERS:
        yield from sorted((ROOT / folder).rglob("*.py"))


def text_files() -> Iterator[Path]:
    """Yield every file that people write."""
    yield from python_files()
    for folder in (*FOLDERS, "docs", "static", "templates"):
        for suffix in ("css", "html", "js", "md", "mjml", "txt"):
            yield from sorted(
                path
                for path in (ROOT / folder).rglob(f"*.{suffix}")
                if "vendor" not in path.relative_to(ROOT).parts
            )
    yield from (path for path in ROOT.iterdir() if path.suffix in (".md", ".toml") or path.name == "Makefile")


def our_models() -> list[type[models.Model]]:
    """Return the models of our apps."""
    return [model for model in apps.get_models() if (ROOT / model._meta.app_label).is_dir()]


def test_the_largest_app_names_all_that_is_in_it() -> None:
    folder = ROOT / "loyalty"
    packages = {f"{path.name}/" for path in folder.iterdir() if (path / "__init__.py").exists()}
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    named = set(re.findall(r"`([a-z_]+/?)`", (folder / "__init__.py").read_text(encoding="utf-8")))
    assert named - {"verify_ledger"} == packages | modules


def test_files_stay_readable() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in python_files()
        if not {"migrations", "tests"} & set(path.relative_to(ROOT).parts)
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


@pytest.mark.parametrize(
    ("pattern", "what"), [(LEFT_OPEN, "left open"), (ONE_MACHINE, "a path of one machine")]
)
def test_nothing_is_left_open_and_no_machine_is_named(pattern: re.Pattern[str], what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {what}: {line.strip()}"
        for path in text_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_every_check_that_is_switched_off_says_why() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in python_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (off := SWITCHED_OFF.search(line)) and len(off["reason"]) < SHORTEST_REASON
    ]
    assert silent == []


def test_apps_tell_each_other_by_outbox_and_not_by_signals() -> None:
    found = []
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules: list[str] = []
            if isinstance(node, ast.Import):
                modules = [name.name for name in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module or "", *(f"{node.module}.{name.name}" for name in node.names)]
            found += [
                f"{path.relative_to(ROOT)}: {module}"
                for module in modules
                if module.startswith(("django.dispatch", "django.db.models.signals", "django.core.signals"))
            ]
    assert found == []


def test_models_do_not_hide_work_in_save_or_delete() -> None:
    hidden = [
        f"{parent.__name__}.{name}"
        for model in our_models()
        for parent in inspect.getmro(model)
        if parent.__module__.partition(".")[0] in FOLDERS
        for name in ("save", "asave", "save_base", "delete", "adelete")
        if name in vars(parent)
    ]
    assert hidden == []


def test_no_model_orders_its_rows_for_everybody() -> None:
    assert [model.__name__ for model in our_models() if model._meta.ordering] == []


def test_nothing_that_touches_points_disappears_with_something_else() -> None:
    cascades = [
        f"{model.__name__}.{field.name}"
        for model in our_models()
        if model._meta.app_label in ("loyalty", "rewards")
        for field in model._meta.fields
        if isinstance(field, models.ForeignKey) and field.remote_field.on_delete is models.CASCADE
    ]
    assert cascades == []


def test_points_and_money_are_integers() -> None:
    inexact = [
        f"{model.__name__}.{field.name}"
        for model in our_models()
        if model._meta.app_label in ("loyalty", "rewards")
        for field in model._meta.fields
        if isinstance(field, models.FloatField | models.DecimalField)
    ]
    assert inexact == []


def test_every_template_can_be_read() -> None:
    folder = ROOT / "templates"
    for path in sorted(folder.rglob("*.html")):
        get_template(str(path.relative_to(folder)))
