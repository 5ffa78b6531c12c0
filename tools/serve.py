"""Runs the whole portal on one machine until told to stop: PostgreSQL, the site, the worker, the scheduler.

Each program runs in a session of its own, so that Ctrl-C reaches only this one, which stops the others in
order and PostgreSQL last. When this program is killed outright, the kernel ends the others; PostgreSQL then
waits for the next start, which takes it over.
"""

import ctypes
import fcntl
import hashlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import IO

import psycopg
import redis

from config import embedded
from config.logs import without_secrets

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("PORTAL_DATA") or ROOT / ".data").resolve()
LOGS = DATA / "log"
MANAGE = [sys.executable, "manage.py"]
SECONDS_TO_SERVE = 60
SECONDS_TO_STOP = 5
PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux's prctl


class Trouble(Exception):
    """Something the person at the keyboard can act on; the message is the whole story."""


class StoppedByPerson(Exception):
    """Ctrl-C or SIGTERM came."""


class Portal:
    """The programs that run, and what was asked of them."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cluster: embedded.Cluster | None = None
        self.programs: dict[str, subprocess.Popen[bytes]] = {}
        self.is_stopping = False

    def run(self) -> None:
        """Start everything, wait, and leave nothing behind however it ends."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop_soon)
        try:
            self._start_services()
            self._prepare_data()
            self._start_site()
            self._wait_until_served()
            self._start_worker()
            self._introduce()
            self._watch()
        finally:
            self._stop()

    def _stop_soon(self, _number: int, _frame: FrameType | None) -> None:
        self.is_stopping = True

    def _start_services(self) -> None:
        url = os.environ.get("DATABASE_URL")
        if url:
            _refuse_silent_database(url)
        else:
            self.cluster = embedded.local_cluster()
            self.cluster.hold()
            os.environ["DATABASE_URL"] = self.cluster.url
        if redis_url := os.environ.get("REDIS_URL"):
            _refuse_silent_redis(redis_url)

    def _prepare_data(self) -> None:
        """Migrate and load the demo, unless the embedded database was brought to this very state before."""
        stamp, state = DATA / "prepared", _state_of_code()
        if self.cluster is not None and stamp.exists() and stamp.read_text(encoding="utf-8") == state:
            return
        print("Preparing the database …", flush=True)
        self._finish("The database could not be prepared", [*MANAGE, "migrate", "--verbosity", "0"])
        self._finish("The cache could not be prepared", [*MANAGE, "createcachetable"])
        print("Loading the demo, less than a minute the first time …", flush=True)
        self._finish("The demo could not be loaded", [*MANAGE, "load_demo"])
        if self.cluster is not None:
            stamp.write_text(state, encoding="utf-8")

    def _finish(self, sentence: str, command: Sequence[str]) -> None:
        """Run one command to its end, on the terminal."""
        program = _start(command, None)
        self.programs["step"] = program
        while program.poll() is None:
            self._raise_if_stopping()
            time.sleep(0.05)
        del self.programs["step"]
        if program.returncode:
            message = f"{sentence}; the reason stands above."
            raise Trouble(message)

    def _start_site(self) -> None:
        command = ["gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{self.port}", "--preload"]
        command += ["--workers", "2", "--threads", "4", "--graceful-timeout", "4", "--no-control-socket"]
        self._start_program("site", command)

    def _start_worker(self) -> None:
        (DATA / "celery").mkdir(parents=True, exist_ok=True, mode=0o700)
        command = ["celery", "--app", "config", "--quiet", "worker", "--beat", "--loglevel", "WARNING"]
        command += ["--schedule", str(DATA / "celery" / "schedule"), "--concurrency", "2"]
        command += ["--without-gossip", "--without-mingle"]
        self._start_program("worker", command)

    def _start_program(self, name: str, command: Sequence[str]) -> None:
        """Start a program that is to run until the end, with a log file of its own."""
        self._raise_if_stopping()
        LOGS.mkdir(parents=True, exist_ok=True)
        with (LOGS / f"{name}.log").open("wb") as log:
            self.programs[name] = _start([sys.executable, "-m", *command], log)

    def _wait_until_served(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_SERVE
        while time.monotonic() < deadline:
            self._raise_if_stopping()
            self._raise_if_one_ended()
            if _answers(self.port):
                return
            time.sleep(0.05)
        message = f"The site did not answer in {SECONDS_TO_SERVE} s; its log: {LOGS / 'site.log'}"
        raise Trouble(message)

    def _introduce(self) -> None:
        site = f"http://localhost:{self.port}"
        print(f"\nThe portal is ready.\n\n  Site     {site}/\n  Admin    {site}/admin/", flush=True)
        print(f"  Mailbox  {site}/demo/mailbox/", flush=True)
        print(f"  Second   http://galeries-lafayette.localhost:{self.port}/\n", flush=True)
        self._finish("The sign-ins could not be listed", [*MANAGE, "demo_sign_ins"])
        print("\nCtrl-C stops it.", flush=True)

    def _watch(self) -> None:
        while True:
            self._raise_if_stopping()
            self._raise_if_one_ended()
            time.sleep(0.2)

    def _raise_if_stopping(self) -> None:
        if self.is_stopping:
            raise StoppedByPerson

    def _raise_if_one_ended(self) -> None:
        for name, program in self.programs.items():
            if program.poll() is not None:
                log = LOGS / f"{name}.log"
                last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
                message = (
                    f"The {name} ended by itself (status {program.returncode}); the end of {log}:\n{last}"
                )
                raise Trouble(message)

    def _stop(self) -> None:
        """End every program, the patient way first, then PostgreSQL."""
        deadline = time.monotonic() + SECONDS_TO_STOP
        for program in self.programs.values():
            if program.poll() is None:
                program.terminate()
        for program in self.programs.values():
            try:
                program.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            finally:
                _kill_session(program)
        if self.cluster is not None:
            self.cluster.release()


def _start(command: Sequence[str], log: IO[bytes] | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - no threads here
    )


def _end_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends in any way."""
    ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)


def _kill_session(program: subprocess.Popen[bytes]) -> None:
    """End whatever a program left running; each has a process group of its own."""
    try:
        os.killpg(program.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS answers the latter for a group that is gone
        return
    program.wait()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/", headers={"Host": f"localhost:{port}"})
        connection.getresponse()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def _state_of_code() -> str:
    """Return a fingerprint of all that decides how the database must look."""
    parts = [f"redis={bool(os.environ.get('REDIS_URL'))}"]
    for path in sorted(ROOT.glob("*/migrations/*.py")):
        parts += [str(path.relative_to(ROOT)), hashlib.sha256(path.read_bytes()).hexdigest()]
    lock = ROOT / "requirements" / "run.lock"  # other apps' migrations come with their versions
    parts.append(hashlib.sha256(lock.read_bytes()).hexdigest())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _refuse_silent_database(url: str) -> None:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.Error as error:
        message = f"The PostgreSQL server of DATABASE_URL does not answer: {without_secrets(str(error))}"
        raise Trouble(message) from error


def _refuse_silent_redis(url: str) -> None:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        message = f"The Redis server of REDIS_URL does not answer: {without_secrets(str(error))}"
        raise Trouble(message) from error


def main() -> int:
    """Run the portal; return the exit status."""
    DATA.mkdir(parents=True, exist_ok=True)
    with (DATA / "run.lock").open("a", encoding="utf-8") as alone:
        try:
            fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("The portal is already running from this folder.", file=sys.stderr)
            return 1
        try:
            Portal(int(os.environ.get("PORT") or "8000")).run()
        except StoppedByPerson:
            print("Stopped.")
        except (Trouble, embedded.EmbeddedPostgresError) as error:
            print(error, file=sys.stderr)
            return 1
        except OSError as error:
            print(f"{error.strerror or error}: {error.filename or ROOT}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
