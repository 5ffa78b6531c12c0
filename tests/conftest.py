"""What every test shares: no page asks for a variable that nobody gave."""

import gc
import logging
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, VariableDoesNotExist
from django.utils import translation

from tests.kept_fixtures import forget_what_the_process_knows
from tests.kept_plans import KeepsPlans

TEMPLATES_FOLDER = Path(settings.BASE_DIR) / "templates"

# A test leaves little behind and all of Django stays: looking for garbage as often as Python does by itself
# takes a quarter of the time of the tests.
gc.set_threshold(100_000, 50, 100)

# What a shell starts in the background is deaf to Ctrl-C, and so would be the programs that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


UNTRACED = (
    # They go through all pages: what these do is counted where each is tested by itself.
    "tests/admin/test_large_tables.py",
    "tests/admin/test_permission_table.py",
    "tests/admin/test_permissions.py",
    "tests/browser/",
    "tests/site/test_no_words_left_untranslated.py",
    "tests/site/test_query_counts.py",
    # They start programs, which are not traced, or look at the text of the program.
    "tests/architecture/",
    "tests/config/",
    "tests/demo/",
    "tests/tools/",
    # They go where chance leads them: the next time they may not reach the same branch.
    "tests/loyalty/backtest/test_equality.py",
    "tests/loyalty/succession/test_reversal_properties.py",
    "tests/loyalty/test_ledger_machine.py",
    "tests/loyalty/test_life_machine.py",
    "tests/loyalty/test_merging_properties.py",
    "tests/loyalty/test_purchases_in_any_order.py",
    "tests/loyalty/test_rule_machine.py",
    "tests/loyalty/test_rules_in_any_order.py",
)
"""What these tests reach does not count as covered: to be traced, pages take three quarters longer."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Trace no test that goes through many pages, starts programs, or is led by chance."""
    for item in items:
        is_led_by_chance = getattr(getattr(item, "function", None), "is_hypothesis_test", False)
        if is_led_by_chance or item.nodeid.startswith(UNTRACED):
            item.add_marker("no_cover")


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
        # Pages of the admin stand inside the theme's, which ask for whatever they may be given.
        is_ours = (TEMPLATES_FOLDER / template).is_file() and not template.startswith("admin/")
        if isinstance(error.params[1], Context) and is_ours:
            self.found.append(f"{template} asked for {name}")


settings.DATABASES["default"]["OPTIONS"]["cursor_factory"] = KeepsPlans


@pytest.fixture(autouse=True)
def _language_of_the_settings() -> Iterator[None]:
    """Take back the language that a page was shown in, so that no test depends on the one before."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _nothing_is_known_from_the_test_before() -> None:
    """Begin each test as a new process does: the programme of the test before may be this one as well."""
    forget_what_the_process_knows()


@pytest.fixture(autouse=True)
def _templates_get_what_they_ask_for() -> Iterator[None]:
    handler = _MissingVariables()
    logger = logging.getLogger("django.template")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False  # the admin's pages alone would fill the log
    yield
    logger.propagate = True
    logger.removeHandler(handler)
    logger.setLevel(level)
    assert not handler.found, (
        f"A template asked for a variable that nobody gave it: {sorted(set(handler.found))}"
    )
