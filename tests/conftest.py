"""What every test shares: in CI nothing is skipped, and no page asks for a variable that nobody gave."""

import logging
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, VariableDoesNotExist

TEMPLATES_FOLDER = Path(settings.BASE_DIR) / "templates"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failure in CI, where everything a test needs is installed."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped in CI, where nothing may be skipped: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a skipped module into a failure in CI as well."""
    report = yield
    if report.skipped and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"Skipped in CI, where nothing may be skipped: {report.longrepr}"
    return report


class _MissingVariables(logging.Handler):
    """Notes the variables that a template of ours asked for and the view did not give."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Look at one message of Django's template engine."""
        error = record.exc_info[1] if record.exc_info else None
        if not (isinstance(error, VariableDoesNotExist) and isinstance(record.args, tuple)):
            return
        name, template = record.args[0], str(record.args[1])
        if isinstance(error.params[1], Context) and (TEMPLATES_FOLDER / template).is_file():
            self.found.append(f"{template} asked for {name}")


@pytest.fixture(autouse=True)
def _templates_get_what_they_ask_for() -> Iterator[None]:
    handler = _MissingVariables()
    logger = logging.getLogger("django.template")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield
    logger.removeHandler(handler)
    logger.setLevel(level)
    assert not handler.found, (
        f"A template asked for a variable that nobody gave it: {sorted(set(handler.found))}"
    )
