"""Runs every check in turn, one line each, and shows what a check said only when it failed."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

# What is quick and says most comes first.
QUICK: tuple[tuple[str, Sequence[str]], ...] = (
    ("format", ["ruff", "format", "--check", "--quiet", "."]),
    ("lint", ["ruff", "check", "--quiet", "."]),
    ("layers", ["lint-imports", "--no-cache"]),
    ("templates", ["djlint", "templates", "--lint", "--quiet"]),
    ("translations", ["python", "-m", "tools.messages", "check"]),
    ("types", ["mypy", "."]),
)
TESTS = [
    "python", "-m", "pytest", "--numprocesses", "auto", "--dist", "worksteal", "--quiet",
    "--cov", "--cov-report", "", "--durations", "10",
]  # fmt: skip
# Points and gift cards: every branch is tried. The floor of the rest only keeps it from falling.
COVERAGE: tuple[tuple[str, Sequence[str]], ...] = (
    (
        "branches of loyalty and rewards",
        ["coverage", "report", "--include", "loyalty/*,rewards/*", "--fail-under=100"],
    ),
    ("branches of everything", ["coverage", "report", "--fail-under=90"]),
)


def main() -> int:
    """Run the quick checks, or all; return 1 when one failed."""
    started = time.monotonic()
    failed = [name for name, command in QUICK if not passes(name, command)]
    if sys.argv[1:] == ["all"]:
        print("tests …", flush=True)
        if call(TESTS).returncode:
            failed.append("tests")
        else:
            failed += [name for name, command in COVERAGE if not passes(name, command)]
    seconds = round(time.monotonic() - started)
    if failed:
        print(f"\nFailed after {seconds} s: {', '.join(failed)}.")
        return 1
    print(f"\nAll passed in {seconds} s.")
    return 0


def passes(name: str, command: Sequence[str]) -> bool:
    """Run one check, print its line, and what it said when it failed."""
    started = time.monotonic()
    done = call(command, is_silent=True)
    verdict = "failed" if done.returncode else "ok"
    print(f"{name:<34}{verdict:<8}{time.monotonic() - started:5.1f} s", flush=True)
    if done.returncode:
        print(done.stdout.decode(errors="replace"), flush=True)
    return done.returncode == 0


def call(command: Sequence[str], *, is_silent: bool = False) -> subprocess.CompletedProcess[bytes]:
    """Run a program of the environment in the project's root."""
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        check=False,
        cwd=ROOT,
        env=os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"},
        stdout=subprocess.PIPE if is_silent else None,
        stderr=subprocess.STDOUT if is_silent else None,
    )


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
