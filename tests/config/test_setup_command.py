"""`tools/portal.py`: whatever is missing on a machine is said in one sentence, without a traceback."""

import ast
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PORTAL = ROOT / "tools" / "portal.py"


def run_portal(
    root: Path, command: str, *, first: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in a project folder, after some Python that changes what it finds on the machine."""
    script = (
        f"import runpy, sys\n{first}\nsys.argv = ['portal.py', {command!r}]\n"
        f"runpy.run_path({str(root / 'tools' / 'portal.py')!r}, run_name='__main__')"
    )
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=root,
        env=os.environ | {"PORTAL_DATA": str(root / ".data")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence a command ended with, having made sure that it is one and that it failed."""
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture
def bare_project(tmp_path: Path) -> Path:
    """Return a project just cloned, without an environment."""
    (tmp_path / "tools").mkdir()
    shutil.copy(PORTAL, tmp_path / "tools")
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def test_a_python_as_old_as_3_6_can_read_the_command() -> None:
    ast.parse(PORTAL.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_a_too_old_python_is_told_which_one_is_needed(bare_project: Path) -> None:
    said = refusal(run_portal(bare_project, "run", first="sys.version_info = (3, 9, 2)"))
    assert said.startswith("This needs Python 3.11 or later; this is 3.9 (")
    assert said.endswith("make run PYTHON=python3.12")
    assert not (bare_project / ".venv").exists()


def test_a_taken_port_is_named_before_anything_is_installed(bare_project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refusal(run_portal(bare_project, "run", PORT=str(port)))
    assert said == f"Port {port} is taken by another program; stop it or choose another: PORT=8001 make run"
    assert not (bare_project / ".venv").exists()


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1"])
def test_a_port_that_is_no_port_is_refused(bare_project: Path, port: str) -> None:
    said = refusal(run_portal(bare_project, "run", PORT=port))
    assert said == f"PORT must be a number from 1 to 65535, not {port!r}."


def test_a_python_without_venv_is_told_what_to_install(bare_project: Path) -> None:
    said = refusal(run_portal(bare_project, "setup", first="sys.modules['ensurepip'] = None"))
    assert "apt install python3-venv" in said
    assert not (bare_project / ".venv").exists()


def test_a_full_disk_is_said_before_it_breaks_something(bare_project: Path) -> None:
    full = "import shutil; shutil.disk_usage = lambda path: shutil._ntuple_diskusage(10**9, 10**9, 0)"
    said = refusal(run_portal(bare_project, "setup", first=full))
    assert said == f"The disk is full: the portal needs 600 MB free in {bare_project}."
    assert not (bare_project / ".venv").exists()


def test_a_folder_that_cannot_be_written_is_named(bare_project: Path) -> None:
    (bare_project / ".data").write_text("a file where the folder should be", encoding="utf-8")
    said = refusal(run_portal(bare_project, "setup"))
    assert said == f"File exists: {bare_project / '.data'}"


def test_a_package_index_out_of_reach_is_one_sentence(bare_project: Path) -> None:
    said = refusal(
        run_portal(
            bare_project,
            "setup",
            PIP_CONFIG_FILE=os.devnull,
            PIP_INDEX_URL="http://127.0.0.1:9/simple",
            PIP_EXTRA_INDEX_URL="",
            PIP_FIND_LINKS="",
        )
    )
    assert said.startswith("The packages could not be downloaded: the package index cannot be reached.")
    again = run_portal(bare_project, "setup", PIP_NO_INDEX="1", PIP_CONFIG_FILE=os.devnull, PIP_FIND_LINKS="")
    assert refusal(again).startswith("The package index does not have a version")


def test_an_unknown_command_shows_what_there_is(bare_project: Path) -> None:
    done = run_portal(bare_project, "fly")
    assert done.returncode == 2
    assert done.stdout.startswith("usage: python3 tools/portal.py COMMAND")


def pins(name: str) -> dict[str, str]:
    """Return what a lock file pins, by package and by the machines it is for."""
    text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    found = re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)(?: ; (.*?))? \\$", text, re.MULTILINE)
    return {f"{package} ; {marker.partition(' or ')[0]}": version for package, version, marker in found}


@pytest.mark.parametrize("name", ["run", "dev", "real"])
def test_a_lock_file_holds_a_hash_for_each_package_and_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    for package in re.split(r"\n(?=[a-z])", text):
        assert "--hash=sha256:" in package, package


@pytest.mark.parametrize("larger", ["dev", "real"])
def test_the_larger_lock_files_hold_what_a_run_needs_in_the_same_versions(larger: str) -> None:
    needed, there = pins("run"), pins(larger)
    assert len(needed) > 30
    names = {package.partition(" ;")[0]: version for package, version in there.items()}
    for package, version in needed.items():
        assert names[package.partition(" ;")[0]] == version, package
