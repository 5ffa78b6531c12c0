"""The embedded server: started when needed, stopped by the last who uses it, and never left behind."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from config.embedded import DURABLE, THROW_AWAY, Cluster, EmbeddedPostgresError

ROOT = Path(__file__).resolve().parent.parent.parent

START_A_SERVER_AND_WAIT = """
import subprocess, sys
command = [sys.executable, "-m", "config.embedded"]
server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
print(server.pid, server.stdout.readline().decode(), flush=True)
server.wait()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return an empty folder that the server's account may enter, with a short name for the socket."""
    with tempfile.TemporaryDirectory(prefix="portal-test-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


def servers_in(folder: Path) -> list[psutil.Process]:
    """Return the PostgreSQL servers whose data lie in a folder."""
    return [process for process in psutil.process_iter() if _is_server_in(process, folder)]


def _is_server_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.name() == "postgres" and any(str(folder) in word for word in process.cmdline())
    except psutil.Error:
        return False


def test_the_server_starts_answers_and_keeps_its_data_over_a_restart(folder: Path) -> None:
    cluster = Cluster(folder / "postgres", THROW_AWAY)
    cluster.hold()
    with psycopg.connect(cluster.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    cluster.release()
    assert servers_in(folder) == []

    cluster.hold()
    with psycopg.connect(cluster.url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    cluster.release()
    assert servers_in(folder) == []


def test_only_the_last_who_lets_go_stops_the_server(folder: Path) -> None:
    first, second = Cluster(folder / "postgres", THROW_AWAY), Cluster(folder / "postgres", THROW_AWAY)
    first.hold()
    second.hold()

    first.release()
    with psycopg.connect(second.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)

    second.release()
    assert servers_in(folder) == []


def test_a_server_killed_outright_starts_again_with_what_was_committed(folder: Path) -> None:
    cluster = Cluster(folder / "postgres", DURABLE)
    cluster.hold()
    with psycopg.connect(cluster.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    pid = int((folder / "postgres" / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=10)
    cluster.release()

    again = Cluster(folder / "postgres", DURABLE)
    again.hold()
    with psycopg.connect(again.url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    again.release()


@pytest.mark.parametrize("is_zombie", [False, True], ids=["living", "zombie"])
def test_the_number_of_a_killed_server_now_worn_by_another_program_does_no_harm(
    folder: Path, *, is_zombie: bool
) -> None:
    cluster = Cluster(folder / "postgres", THROW_AWAY)
    cluster.hold()
    cluster.release()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True) as other:
        if is_zombie:
            other.kill()
            while psutil.Process(other.pid).status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.01)
        stale = f"{other.pid}\n{folder / 'postgres'}\n1\n5432\n{folder}\n\n 1 1\nready\n"
        (folder / "postgres" / "postmaster.pid").write_text(stale, encoding="utf-8")

        cluster.hold()
        with psycopg.connect(cluster.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        cluster.release()
        other.kill()


def test_a_folder_too_deep_for_a_socket_works_as_well(folder: Path) -> None:
    deep = folder / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    cluster = Cluster(deep / "postgres", THROW_AWAY)
    assert cluster.socket_folder != cluster.data

    cluster.hold()
    with psycopg.connect(cluster.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    cluster.release()
    assert not cluster.socket_folder.exists()


def test_nobody_else_can_open_the_socket(folder: Path) -> None:
    cluster = Cluster(folder / "postgres", THROW_AWAY)
    cluster.hold()
    mode = cluster.socket_folder.stat().st_mode & 0o777
    with psycopg.connect(cluster.url) as connection:
        listens_on = connection.execute("SHOW listen_addresses").fetchone()
    cluster.release()
    assert mode == 0o700
    assert listens_on == ("",)


def test_real_data_survive_a_power_cut(folder: Path) -> None:
    cluster = Cluster(folder / "postgres", DURABLE)
    cluster.hold()
    with psycopg.connect(cluster.url) as connection:
        answers = [connection.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit")]
    cluster.release()
    assert answers == [("on",), ("on",)]


def test_a_failed_start_says_why_in_words_and_holds_nothing(folder: Path) -> None:
    cluster = Cluster(folder / "postgres", THROW_AWAY | {"shared_buffers": "nonsense"})
    with pytest.raises(EmbeddedPostgresError, match="shared_buffers"):
        cluster.hold()
    assert servers_in(folder) == []

    mended = Cluster(folder / "postgres", THROW_AWAY)
    mended.hold()
    mended.release()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_throw_away_server_disappears_however_its_user_ends(number: signal.Signals) -> None:
    user = subprocess.Popen(
        [sys.executable, "-c", START_A_SERVER_AND_WAIT],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert user.stdout is not None
    pid, url = user.stdout.readline().split()
    server = psutil.Process(int(pid))
    folder = Path(psycopg.conninfo.conninfo_to_dict(url)["host"]).parent  # type: ignore[arg-type]  # always given
    assert len(servers_in(folder)) > 0

    user.send_signal(number)
    user.communicate()
    server.wait(timeout=60)
    assert servers_in(folder) == []
    assert not folder.exists()


def test_a_management_command_starts_the_server_and_stops_it_again(folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"PORTAL_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings.local"}
    command = [sys.executable, "manage.py", "showmigrations", "contenttypes"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "0001_initial" in done.stdout
    assert (folder / "postgres" / "PG_VERSION").exists()
    assert servers_in(folder) == []


def test_a_command_that_reads_no_data_starts_no_server(folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"PORTAL_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings.local"}
    command = [sys.executable, "manage.py", "help"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not (folder / "postgres").exists()
