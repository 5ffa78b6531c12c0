"""In CI a skipped test or module is a failure; on a laptop it is not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SKIPPED_TEST = "import pytest\ndef test_it():\n    pytest.skip('no browser here')\n"
SKIPPED_MODULE = "import pytest\npytest.skip('no browser here', allow_module_level=True)\n"
EXPECTED_FAILURE = "import pytest\n@pytest.mark.xfail\ndef test_it():\n    assert False\n"


def run_pytest(folder: Path, source: str, *, ci: str) -> int:
    """Run one test file with the plugin; return pytest's exit status."""
    (folder / "test_it.py").write_text(source, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        str(folder / "pytest.ini"),
        "-p",
        "no:cacheprovider",
    ]
    command += ["-p", "no:django", "-p", "tests.nothing_skipped", str(folder / "test_it.py")]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COVERAGE"))
    }
    return subprocess.run(
        command, cwd=ROOT, env=environment | {"CI": ci}, capture_output=True, check=False
    ).returncode


@pytest.mark.parametrize(
    ("source", "on_a_laptop", "in_ci"),
    [(SKIPPED_TEST, 0, 1), (SKIPPED_MODULE, 5, 2), (EXPECTED_FAILURE, 0, 0)],
    ids=["test", "module", "expected failure"],
)
def test_a_skip_is_a_failure_in_ci_only(tmp_path: Path, source: str, on_a_laptop: int, in_ci: int) -> None:
    assert run_pytest(tmp_path, source, ci="") == on_a_laptop
    assert run_pytest(tmp_path, source, ci="true") == in_ci
