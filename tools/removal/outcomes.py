"""A pytest plugin that writes which tests failed, one a line, to the file that the environment names."""

import os
from pathlib import Path

import pytest

FILE = "REMOVAL_OUTCOMES"


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write down a test that failed, whether in its preparation, its body or its end, and one that passed."""
    if report.failed or (report.when == "call" and report.passed):
        with Path(os.environ[FILE]).open("a", encoding="utf-8") as file:
            file.write(f"{'failed' if report.failed else 'passed'}\t{report.nodeid}\n")
