"""The locks that the source takes, found by reading it, and the same source without one of them.

A lock is a clause `FOR UPDATE` and its like in SQL, a call of `select_for_update`, or a call of a function
whose name says that it locks. `SKIP LOCKED` is one more thing to take out: without it, workers wait for each
other.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CLAUSE = re.compile(
    r"\s*\bFOR (?:NO KEY UPDATE|UPDATE|KEY SHARE|SHARE)\b(?P<of> OF \w+)?(?P<skip> SKIP LOCKED| NOWAIT)?"
)
UNKNOWN = re.compile(r"\bLOCK TABLE\b|\bpg_(?:try_)?advisory_\w*lock\w*\b")
IMPATIENT = re.compile(r",\s*(?:skip_locked|nowait)=\w+|(?:skip_locked|nowait)=\w+,?\s*")
LOCKING = re.compile(r"_?lock(?:ed)?_?(?:[a-z]\w*)?$")
WITHOUT = "_without_locks"
"""Ends the name of the module that holds a locking function without its lock."""


class LockNotUnderstood(Exception):
    """The source takes a lock in a way that cannot be taken out by rule; the message says where."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A file, and what it says without the lock."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock by name, and the files as they are without it."""

    name: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    function: str
    what: str
    start: int
    end: int
    new: str
    locking_function: str = ""


def find_locks(root: Path, apps: tuple[str, ...]) -> dict[str, Lock]:
    """Return the locks of the apps by name: module, function and what locks, as `rewards.x.pay: GiftCard`."""
    locks: dict[str, Lock] = {}
    for app in apps:
        for path in sorted((root / app).rglob("*.py")):
            if "migrations" not in path.parts:
                locks.update((lock.name, lock) for lock in _locks_of(path, root))
    return locks


def _locks_of(path: Path, root: Path) -> Iterator[Lock]:
    text = path.read_text(encoding="utf-8")
    module = ".".join(path.relative_to(root).with_suffix("").parts)
    reader = _Reader(text, module)
    reader.visit(ast.parse(text))
    seen: Counter[str] = Counter()
    for found in sorted(reader.found, key=lambda one: (one.start, one.end)):
        name = f"{module}.{found.function}: {found.what}"
        seen[name] += 1
        if seen[name] > 1:
            name = f"{name} {seen[name]}"
        edits = [Edit(path, text[: found.start] + found.new + text[found.end :])]
        if found.locking_function:
            edits.append(_without_locks(found.locking_function, root))
        yield Lock(name, tuple(edits))


def _without_locks(module: str, root: Path) -> Edit:
    """Return a copy of a module in which no SQL and no query locks."""
    path = root.joinpath(*module.split(".")).with_suffix(".py")
    text = path.read_text(encoding="utf-8")
    reader = _Reader(text, module)
    reader.visit(ast.parse(text))
    for found in sorted(reader.found, key=lambda one: one.start, reverse=True):
        if not found.locking_function and not found.what.endswith(("SKIP LOCKED", "NOWAIT")):
            text = text[: found.start] + found.new + text[found.end :]
    return Edit(path.with_name(f"{path.stem}{WITHOUT}.py"), text)


class _Reader(ast.NodeVisitor):
    """Collects the locks of a module; positions are places in its text."""

    def __init__(self, text: str, module: str) -> None:
        self.text = text
        self.module = module
        self.found: list[_Found] = []
        self._inside: list[str] = []
        self._imported: dict[str, str] = {}
        self._line_starts = [0]
        for line in text.splitlines(keepends=True):
            self._line_starts.append(self._line_starts[-1] + len(line))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self._imported[alias.asname or alias.name] = node.module or ""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._enter(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._enter(node)

    def _enter(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        self._inside.append(node.name)
        self.generic_visit(node)
        self._inside.pop()

    def visit_Assign(self, node: ast.Assign) -> None:
        is_constant = not self._inside and isinstance(node.targets[0], ast.Name)
        if is_constant:
            self._inside.append(ast.unparse(node.targets[0]))
        self.generic_visit(node)
        if is_constant:
            self._inside.pop()

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring may speak of locks
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._read_text(node, node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        # The parser gives each part of an f-string the place of the whole.
        constants = [str(part.value) for part in node.values if isinstance(part, ast.Constant)]
        self._read_text(node, "\0".join(constants))
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.generic_visit(part)

    def _read_text(self, node: ast.expr, text: str) -> None:
        if UNKNOWN.search(text):
            raise LockNotUnderstood(
                f"{self.module}:{node.lineno}: teach tools.removal.locks about this lock."
            )
        start, end = self._span(node)
        matches = list(CLAUSE.finditer(self.text, start, end))
        if len(matches) != len(CLAUSE.findall(text)):
            raise LockNotUnderstood(f"{self.module}:{node.lineno}: write the lock's clause in one piece.")
        for match in matches:
            what = " ".join(match[0].split())
            kind = match["skip"] or ""
            self._add(what.removesuffix(kind), match.start(), match.end(), "")
            if kind:
                self._add(what, match.start(), match.end(), match[0].removesuffix(kind))

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        start, end = self._span(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "select_for_update":
            queryset = self.text[start : self._span(node.func.value)[1]]
            model = re.split(r"\W", queryset.strip(), maxsplit=1)[0]
            self._add(model, start, end, queryset)
            if any(keyword.arg in ("skip_locked", "nowait") for keyword in node.keywords):
                patient = IMPATIENT.sub("", self.text[start:end])
                self._add(f"{model} SKIP LOCKED", start, end, patient)
        elif isinstance(node.func, ast.Name) and LOCKING.match(node.func.id):
            home = self._imported.get(node.func.id, self.module)
            unlocked = f'__import__("{home}{WITHOUT}", fromlist=["*"]).{node.func.id}'
            self._add(node.func.id, *self._span(node.func), unlocked, locking_function=home)

    def _add(self, what: str, start: int, end: int, new: str, *, locking_function: str = "") -> None:
        function = ".".join(self._inside) or "module"
        self.found.append(_Found(function, what, start, end, new, locking_function))

    def _span(self, node: ast.expr) -> tuple[int, int]:
        end = self._place(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
        return self._place(node.lineno, node.col_offset), end

    def _place(self, line: int, column: int) -> int:
        """Return the place in the text: the parser counts columns in bytes."""
        start = self._line_starts[line - 1]
        in_bytes = self.text[start : self._line_starts[line]].encode()
        return start + len(in_bytes[:column].decode())
