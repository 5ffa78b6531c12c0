"""What `make` offers: each target is known to `tools/portal.py`, told by it, and runs what exists."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

from tools.portal import LOCKS, PROGRAMS, USAGE

ROOT = Path(__file__).resolve().parent.parent.parent
TARGETS = {*LOCKS, "lock"}


def test_make_and_its_program_offer_the_same_targets_and_tell_what_each_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    told = {line.split()[0] for line in USAGE.splitlines() if line.startswith("  ")}

    assert set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split()) == TARGETS
    assert set(re.findall(r"^([a-z ]+):$", makefile, re.MULTILINE)[0].split()) == TARGETS
    assert told == TARGETS


def test_each_target_runs_a_program_that_exists() -> None:
    for name, (_dash_m, module, *_rest) in PROGRAMS.items():
        assert importlib.util.find_spec(module) is not None, name


def test_programs_and_documents_name_no_target_that_does_not_exist() -> None:
    texts = [*(ROOT / "tools").rglob("*.py"), *(ROOT / "bench").rglob("*.py"), *ROOT.glob("*.md")]
    named = {
        (path.name, target)
        for path in [*texts, *(ROOT / "docs").rglob("*.md")]
        for target in re.findall(r"`(?:PORT=\d+ )?make ([a-z]+)`", path.read_text(encoding="utf-8"))
    }

    assert ("README.md", "succession") in named
    assert {(file, target) for file, target in named if target not in TARGETS} == set()


def test_the_story_of_a_succession_is_told_and_every_check_holds() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tools.succession", "--members", "30"],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 0, told.stderr
    rows = [line.split() for line in told.stdout.splitlines()]
    assert ["Every", "check", "held."] in rows
    assert ["late:", "accounts", "whose", "total", "is", "not", "one", "conversion", "0"] in rows
    assert ["closing:", "left", "behind", "with", "a", "reason", "0"] in rows
