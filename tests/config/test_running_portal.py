"""`make run`: serves, survives a hard kill, and leaves no process behind however it is stopped."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
# Generous, since the tests share the machine: what is tested is that it happens, not how fast.
PATIENCE = 180


_started: list[subprocess.Popen[str]] = []


@pytest.fixture
def data() -> Iterator[Path]:
    """Return an empty data folder, and end whatever a failed test left running in it."""
    with tempfile.TemporaryDirectory(prefix="portal-run-") as name:
        Path(name).chmod(0o711)
        yield Path(name)
        while _started:
            portal = _started.pop()
            portal.kill()
            portal.communicate()
        for process in running_with(Path(name)):
            process.kill()


def running_with(data: Path, *, but_for: str = "") -> list[psutil.Process]:
    """Return every process that works with a data folder, but for ourselves and those of a name."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), process.environ().get("PORTAL_DATA", "")]
            is_other = process.pid != os.getpid() and process.name() != but_for
        except psutil.Error:  # it ended meanwhile
            continue
        if is_other and any(str(data) in word for word in words):
            found.append(process)
    return found


def start(data: Path, port: int, **more: str) -> subprocess.Popen[str]:
    """Start the portal as `make run` does, in a process group of its own."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
        and not name.startswith("COVERAGE")  # measuring four starts costs more than it shows
    }
    portal = subprocess.Popen(
        [sys.executable, "tools/portal.py", "run"],
        cwd=ROOT,
        env=environment | {"PORTAL_DATA": str(data), "PORT": str(port)} | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    _started.append(portal)
    return portal


def wait_until_ready(portal: subprocess.Popen[str]) -> str:
    """Read what the portal prints until it says how to stop it."""
    said = ""
    assert portal.stdout is not None
    for line in portal.stdout:
        said += line
        if "Ctrl-C stops it." in line:
            return said
    raise AssertionError(said)


def status_of(port: int, address: str) -> int:
    """Return the HTTP status that the site answers with."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", address, headers={"Host": f"localhost:{port}"})
    status = connection.getresponse().status
    connection.close()
    return status


def free_port() -> int:
    """Return a port that nobody uses at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port: int = door.getsockname()[1]
    return port


def wait_until_gone(data: Path, *, but_for: str = "") -> None:
    """Wait until no process works with a data folder, or fail naming those that do."""
    deadline = time.monotonic() + PATIENCE
    while left := running_with(data, but_for=but_for):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def test_the_portal_lives_through_all_its_ends_and_leaves_nothing_behind(data: Path) -> None:
    port = free_port()

    # First start, ended by Ctrl-C, which a terminal sends to the whole group.
    portal = start(data, port)
    said = wait_until_ready(portal)
    assert f"http://localhost:{port}/" in said
    assert status_of(port, "/") == 200
    assert status_of(port, "/static/css/components.css") == 200
    assert status_of(port, "/admin/login/") == 302  # staff sign in on the site
    os.killpg(portal.pid, signal.SIGINT)
    portal.communicate(timeout=PATIENCE)
    assert portal.returncode == 0
    assert running_with(data) == []

    # Second start: nothing is prepared again. Killed outright, it takes the site and the worker with it.
    portal = start(data, port)
    assert "Preparing" not in wait_until_ready(portal)
    second = start(data, free_port())
    assert "already running from this folder" in second.communicate(timeout=PATIENCE)[0]
    assert second.returncode == 1
    portal.kill()
    portal.communicate(timeout=PATIENCE)
    wait_until_gone(data, but_for="postgres")

    # Third start, over what the kill left; a site that dies takes the rest down and is named.
    portal = start(data, port)
    wait_until_ready(portal)
    (site,) = [
        child for child in psutil.Process(portal.pid).children() if "gunicorn" in " ".join(child.cmdline())
    ]
    site.kill()
    said, _nothing = portal.communicate(timeout=PATIENCE)
    assert "The site ended by itself" in said
    assert "Traceback" not in said
    assert portal.returncode == 1
    assert running_with(data) == []

    # Fourth start, ended by SIGTERM to the launcher alone.
    portal = start(data, port)
    wait_until_ready(portal)
    assert status_of(port, "/") == 200
    portal.terminate()
    portal.communicate(timeout=PATIENCE)
    assert portal.returncode == 0
    assert running_with(data) == []


def test_stopping_while_it_is_still_starting_leaves_nothing_behind(data: Path) -> None:
    portal = start(data, free_port())
    assert portal.stdout is not None
    assert portal.stdout.readline().startswith("Preparing the database")
    portal.send_signal(signal.SIGINT)
    said, _nothing = portal.communicate(timeout=PATIENCE)
    assert "Traceback" not in said
    assert running_with(data) == []


@pytest.mark.parametrize(
    ("name", "url", "sentence"),
    [
        (
            "DATABASE_URL",
            "postgresql://portal:hidden@127.0.0.1:9/portal",
            "The PostgreSQL server of DATABASE_URL",
        ),
        ("REDIS_URL", "redis://:hidden@127.0.0.1:9/0", "The Redis server of REDIS_URL"),
    ],
)
def test_a_server_that_does_not_answer_is_said_without_its_password(
    data: Path, name: str, url: str, sentence: str
) -> None:
    portal = start(data, free_port(), **{name: url})
    said, _nothing = portal.communicate(timeout=PATIENCE)
    assert portal.returncode == 1
    assert said.startswith(sentence)
    assert "does not answer" in said
    assert "hidden" not in said
    assert "Traceback" not in said
    assert running_with(data) == []
