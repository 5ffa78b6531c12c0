"""A pytest plugin: one throw-away PostgreSQL per run, started before Django's settings are read.

`TEST_DATABASE_URL` names a real server to try instead. Parallel workers share the server of the run; each has
a database of its own on it.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
_servers: list[subprocess.Popen[str]] = []


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Set DATABASE_URL for the whole run."""
    if os.environ.get("PYTEST_XDIST_WORKER") or early_config.known_args_namespace.collectonly:
        return
    if given := os.environ.get("TEST_DATABASE_URL"):
        os.environ["DATABASE_URL"] = given
        return
    # A session of its own: Ctrl-C must not stop it before the tests have let go of their connections.
    server = subprocess.Popen(
        [sys.executable, "-m", "config.embedded"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    _servers.append(server)
    assert server.stdout is not None
    url = server.stdout.readline().strip()
    if not url:
        pytest.exit("The throw-away PostgreSQL did not start; its reason stands above.", returncode=1)
    os.environ["DATABASE_URL"] = url


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure() -> None:
    """Stop the server and wait until its folder is gone."""
    while _servers:
        server = _servers.pop()
        server.communicate(timeout=60)
