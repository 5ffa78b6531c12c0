"""Every detail that is written down with an action of staff has a name, where colleagues read it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.urls import reverse
from django.utils import translation

from core.audit import detail_names, record_action
from loyalty.adjustments.deeds import LIMITS, POINTS
from loyalty.models import AdjustmentRequest, EarningRule, Succession
from loyalty.succession.service import TermsOfSuccession
from tests.admin.conftest import ADMINISTRATOR, Story, client_of, make_colleague
from tests.factories import NOW
from tools.messages import APPS, ROOT

WRITERS = ("record_action", "ask", "send_with_reason")
COUNTED_IN_DAY = {"merged", POINTS, LIMITS}
ELSEWHERE: dict[str, set[str]] = {
    "core/admin_exports.py": {"rows", "filters", "searched"},
    "core/admin_questions.py": set(),
    "core/admin_reasons.py": set(),
    "loyalty/adjustments/leaving.py": {POINTS, LIMITS},
    "loyalty/admin/successions.py": set(TermsOfSuccession.__annotations__),
    "loyalty/merging/merge.py": COUNTED_IN_DAY,
    "loyalty/merging/separate.py": COUNTED_IN_DAY,
}
"""The keys in modules whose details are made elsewhere, or passed on; those of columns are named by these."""

OF_THE_ROW: dict[str, type[Model]] = {
    "loyalty/adjustments/requests.py": AdjustmentRequest,
    "loyalty/admin/rules/steps.py": EarningRule,
    "loyalty/admin/successions.py": Succession,
}
"""Where details are columns of the row that something is done to."""

SHOWN_APART = {"changes", "also_changed"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


class MadeElsewhereError(Exception):
    """The keys do not stand where the details are written down."""


def keys_of(value: ast.expr | None, within: ast.AST) -> set[str]:
    """Return the keys of details, which stand in a call or are given to a name in the same function."""
    match value:
        case None | ast.Constant(value=None):
            return set()
        case ast.Dict():
            if not all(isinstance(key, ast.Constant) for key in value.keys):
                raise MadeElsewhereError
            return {str(key.value) for key in value.keys if isinstance(key, ast.Constant)}
        case ast.Name():
            return _keys_given_to(value.id, within)
    raise MadeElsewhereError


def _keys_given_to(name: str, within: ast.AST) -> set[str]:
    found: set[str] = set()
    is_given = False
    for node in ast.walk(within):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=given)], value=value)
                | ast.AnnAssign(target=ast.Name(id=given), value=value)
            ) if given == name:
                found |= keys_of(value, within)
                is_given = True
            case ast.Subscript(value=ast.Name(id=given), slice=ast.Constant(value=key), ctx=ast.Store()) if (
                given == name
            ):
                found.add(str(key))
    if not is_given:
        raise MadeElsewhereError
    return found


def _keys_of_file(make: ast.expr | None, within: ast.AST) -> set[str]:
    """Return the keys of the details that a function returns beside a file."""
    made = [
        (statement.value, node)
        for node in ast.walk(within)
        if isinstance(node, Function) and isinstance(make, ast.Name) and node.name == make.id
        for statement in ast.walk(node)
        if isinstance(statement, ast.Return)
    ]
    if not made:
        raise MadeElsewhereError
    found: set[str] = set()
    for value, node in made:
        assert isinstance(value, ast.Tuple)
        found |= keys_of(value.elts[1], node)
    return found


def _calls(node: ast.AST, within: ast.AST) -> Iterator[tuple[ast.Call, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call) and getattr(child.func, "id", "") in WRITERS:
            yield child, within
        yield from _calls(child, child if isinstance(child, Function) else within)


def _keys_of_call(call: ast.Call, within: ast.AST) -> set[str]:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if getattr(call.func, "id", "") == "send_with_reason":
        return _keys_of_file(given.get("make"), within)
    return keys_of(given.get("details"), within)


def keys_written_in(path: Path) -> tuple[set[str], bool]:
    """Return the keys that a module writes down, and whether some of them are made elsewhere."""
    tree = ast.parse(path.read_text())
    found: set[str] = set()
    is_elsewhere = False
    for call, within in _calls(tree, tree):
        try:
            found |= _keys_of_call(call, within)
        except MadeElsewhereError:
            is_elsewhere = True
    return found, is_elsewhere


def _is_column(name: str, model: type[Model] | None) -> bool:
    try:
        return model is not None and bool(model._meta.get_field(name))
    except FieldDoesNotExist:
        return False


def test_every_detail_that_is_written_down_has_a_name() -> None:
    written: dict[str, set[str]] = {}
    elsewhere = set()
    for path in sorted(path for app in APPS for path in (ROOT / app).rglob("*.py")):
        keys, is_elsewhere = keys_written_in(path)
        module = path.relative_to(ROOT).as_posix()
        if is_elsewhere:
            elsewhere.add(module)
        written[module] = keys | ELSEWHERE.get(module, set())

    assert elsewhere == set(ELSEWHERE)
    nameless = {
        (module, key)
        for module, keys in written.items()
        for key in keys - set(detail_names()) - SHOWN_APART
        if not _is_column(key, OF_THE_ROW.get(module))
    }
    assert nameless == set()
    found = set[str]().union(*written.values())
    assert set(detail_names()) <= found
    assert {"sentence", "decides_from", "preset", "months", "household", "kinds", "left_out"} <= found


def test_every_name_of_a_detail_is_translated() -> None:
    for key, name in detail_names().items():
        with translation.override("en"):
            english = str(name)
        with translation.override("fr"):
            assert str(name) != english or key == "points", key


@pytest.mark.parametrize("page", ["core_staffaction_change", "loyalty_earningrule_history"])
def test_details_are_read_in_french(page: str, story: Story) -> None:
    rule = story.programme.earning_rules.get(code="base", version=1)
    deed = record_action(
        actor=None,
        action="earningrule.scheduled",
        subject=rule,
        details={"sentence": "1 point par euro.", "decides_from": "1er décembre 2026, 00:00", "version": 1},
        at=NOW,
    )
    administrator = client_of(make_colleague(ADMINISTRATOR), "fr")
    number = rule.pk if page == "loyalty_earningrule_history" else deed.pk

    shown = administrator.get(reverse(f"admin:{page}", args=[number])).content.decode()

    for line in (
        "règle en toutes lettres\u00a0: 1 point par euro.",
        "s’applique à partir du\u00a0: 1er décembre 2026, 00:00",
        "version\u00a0: 1",
    ):
        assert line in shown
    assert "decides_from" not in shown
