"""Real workers and schedulers on a real broker, and a way to kill them."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.db import connection
from kombu import Connection

from config.settings.jobs import broker
from tests.transactions import PROGRAM, real_commits

if TYPE_CHECKING:
    from celery import Task

__all__ = ["real_commits"]  # the fixture, for the tests of this folder

PATIENCE_SECONDS = 60


def wait_until(condition: Callable[[], object], sentence: str) -> None:
    """Return as soon as the condition holds; fail with the sentence when it does not for very long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, sentence
        time.sleep(0.02)


@dataclass
class Machine:
    """A broker of its own and the programs that were started on it."""

    folder: Path
    redis_url: str = ""
    programs: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a worker with one process for tasks."""
        return self._start("worker", "--loglevel", "WARNING", "--without-gossip", "--without-mingle")

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        """Start a scheduler that asks for a sweep each second."""
        schedule = self.folder / f"schedule-{len(self.programs)}"
        return self._start("beat", "--loglevel", "WARNING", "--schedule", str(schedule))

    def send(self, task: "Task[..., object]", *arguments: int) -> None:
        """Send one message, as any program of the portal would."""
        url, options = broker(redis_url=self.redis_url, folder=self.folder)
        with Connection(url, transport_options=options) as channel:
            current_app.send_task(task.name, arguments, connection=channel)

    def empty_redis(self) -> None:
        """Remove every message and all that the workers told Redis."""
        redis.Redis(unix_socket_path=urlsplit(self.redis_url).path).flushall()

    def kill(self, program: subprocess.Popen[bytes]) -> None:
        """End a program and its children at once, as a power cut would."""
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()

    def kill_all(self) -> None:
        """End whatever still runs."""
        for program in self.programs:
            if program.poll() is None:
                self.kill(program)

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
        with (self.folder / f"program-{len(self.programs)}.log").open("wb") as log:
            program = subprocess.Popen(
                [sys.executable, "-m", "celery", "--app", "config", "--quiet", *arguments],
                cwd=settings.BASE_DIR,
                env=os.environ
                | PROGRAM
                | {
                    "DJANGO_SETTINGS_MODULE": "tests.jobs.worker_settings",
                    "DATABASE_URL": address.geturl(),
                    "REDIS_URL": self.redis_url,
                    "BROKER_FOLDER": str(self.folder),
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.programs.append(program)
        return program


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a Redis server that listens on a socket only; stop it at the end."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed, so nothing is tried on a real Redis.")
    socket = tmp_path_factory.mktemp("redis") / "socket"
    server = subprocess.Popen(
        [program, "--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    wait_until(socket.exists, "Redis did not start.")
    yield f"redis+socket://{socket}"
    server.terminate()
    server.wait()


@pytest.fixture
def on_redis(redis_url: str, tmp_path: Path, real_commits: None) -> Iterator[Machine]:  # noqa: ARG001 - for its effect
    """Give a machine whose messages go through Redis."""
    machine = Machine(tmp_path, redis_url)
    yield machine
    machine.kill_all()


@pytest.fixture
def on_files(tmp_path: Path, real_commits: None) -> Iterator[Machine]:  # noqa: ARG001 - for its effect
    """Give a machine whose messages are files in a folder."""
    machine = Machine(tmp_path)
    yield machine
    machine.kill_all()


@pytest.fixture(params=["redis", "files"])
def machine(request: pytest.FixtureRequest) -> Machine:
    """Give a machine with each kind of broker in turn."""
    chosen: Machine = request.getfixturevalue(f"on_{request.param}")
    return chosen
