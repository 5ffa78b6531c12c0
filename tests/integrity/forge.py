"""A program that forks one child for each piece of work, so that killing it at many points costs little.

It reads orders as lines of JSON, and answers each with how the child ended and how many calls of functions it
took. A child that is told so kills itself, or the whole PostgreSQL server, after so many calls: at once, or a
moment later, when it most often waits for the database.
"""

import json
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import django
import psutil
import time_machine

django.setup()

from django.core.management import call_command  # noqa: E402 - the models must be ready
from django.db import connection  # noqa: E402 - the models must be ready

from core.jobs import start_due_runs  # noqa: E402 - the models must be ready
from core.models import JobRun, JobState  # noqa: E402 - the models must be ready
from core.tasks import work_on_run  # noqa: E402 - the models must be ready
from loyalty.expiry import pace  # noqa: E402 - the models must be ready
from loyalty.expiry.job import JOB  # noqa: E402 - the models must be ready
from loyalty.feeds import chunks, kinds  # noqa: E402 - the models must be ready
from loyalty.models import FeedImport, FeedState, Succession, SuccessionState  # noqa: E402 - the models must be ready
from loyalty.succession import walks  # noqa: E402 - the models must be ready
from loyalty.succession.background import run_succession  # noqa: E402 - the models must be ready
from loyalty.succession.service import begin_rehearsal, begin_succession  # noqa: E402 - the models must be ready
from tests.factories import NOW  # noqa: E402 - the models must be ready
from tests.integrity import crash_stories  # noqa: E402 - the models must be ready
from tests.loyalty.feeds.processes import database_content  # noqa: E402 - the models must be ready
from tests.proofs import violations  # noqa: E402 - the models must be ready


def import_file(folder: Path) -> None:
    """Import a file of purchases, as the command line does, unless it is seen to be done.

    Killed between the last commit and its end, the command leaves a finished import that it has told of.
    Whoever imports the same again has a second one, of duplicates only.
    """
    if FeedImport.objects.filter(state=FeedState.DONE).exists():
        return
    call_command("import_purchases", str(folder / "feed.csv"), programme="happy-card", as_of=NOW)


def expire(_folder: Path) -> None:
    """Do what a worker does in the night: make the runs that are due and work on those that expire points."""
    start_due_runs(at=NOW)
    for run_id in JobRun.objects.filter(job=JOB, state=JobState.RUNNING).values_list("pk", flat=True):
        work_on_run(run_id)
    left = JobRun.objects.filter(job=JOB).exclude(state=JobState.DONE)
    if left.exists():
        raise RuntimeError("A run that expires points is not done.")


def succeed(_folder: Path) -> None:
    """Rehearse a succession and let it run through its first walk: what staff do, and the worker's part."""
    succession = Succession.objects.get()
    if succession.state in (SuccessionState.DRAFT, SuccessionState.REHEARSING):
        begin_rehearsal(succession=succession, at=NOW)
        run_succession(succession.pk)
    succession.refresh_from_db()
    if succession.state in (SuccessionState.REHEARSED, SuccessionState.RUNNING):
        begin_succession(succession=succession, at=NOW)
        run_succession(succession.pk)
    succession.refresh_from_db()
    if succession.is_walking or not succession.walks:
        raise RuntimeError("The succession has not walked through all accounts.")


def dump(folder: Path) -> None:
    """Write down every row there is, and what the proofs find."""
    found = [str(violation) for violation in violations()]
    (folder / "dump").write_bytes(pickle.dumps((database_content(), found)))


WORK: dict[str, Callable[[Path], None]] = {
    "import": import_file,
    "expire": expire,
    "succeed": succeed,
    "dump": dump,
    "tell import": lambda folder: crash_stories.before_the_import(folder / "feed.csv"),
    "tell expire": lambda _folder: crash_stories.before_the_expiry(),
    "tell succeed": lambda _folder: crash_stories.before_the_succession(),
}


def kill_worker() -> None:
    """End this process at once, as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def kill_server(data: str) -> None:
    """End every process of the PostgreSQL server whose data stand here."""
    pid = int((Path(data) / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    postmaster = psutil.Process(pid)
    for process in [postmaster, *postmaster.children(recursive=True)]:
        process.send_signal(signal.SIGKILL)
    postmaster.wait()


def count_calls(order: dict[str, Any]) -> Callable[[], int]:
    """Count the calls of functions from now on, and kill at the call that the order names.

    Returns what stops counting and says how many there were.
    """
    calls = 0
    server = order.get("server")

    def strike() -> None:
        if server:
            kill_server(server)
        else:
            kill_worker()

    def count(_frame: FrameType, _event: str, _argument: object) -> None:
        nonlocal calls
        calls += 1
        if calls == order.get("calls"):
            if order["seconds"]:
                threading.Timer(order["seconds"], strike).start()
            else:
                strike()

    def stop() -> int:
        sys.setprofile(None)
        return calls

    sys.setprofile(count)
    return stop


def live(order: dict[str, Any], answer: int) -> None:
    """Do the work in the child; write how many calls it took."""
    connection.settings_dict["NAME"] = order["database"]
    chunks.LINES_AT_ONCE = kinds.PARKED_AT_ONCE = 50
    pace.FEWEST = pace.MOST = 20
    walks.REHEARSED_AT_ONCE, walks.MOVED_AT_ONCE = 20, 8
    status = 0
    stop = count_calls(order)
    try:
        with time_machine.travel(NOW, tick=False):
            WORK[order["work"]](Path(order["folder"]))
    except BaseException:  # noqa: BLE001 - whatever it is, the child must end here
        status = 1
        if not order.get("server"):
            traceback.print_exc()
    os.write(answer, str(stop()).encode())
    os._exit(status)


def main() -> None:
    """Fork a child for each order and answer how it ended."""
    for line in sys.stdin:
        order = json.loads(line)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            devnull = os.open(os.devnull, os.O_WRONLY)
            os.dup2(devnull, sys.stdout.fileno())
            live(order, write)
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            calls = pipe.read()
        _, status = os.waitpid(child, 0)
        answer = {"status": os.waitstatus_to_exitcode(status), "calls": int(calls or 0)}
        print(json.dumps(answer), flush=True)  # noqa: T201 - the test reads it


if __name__ == "__main__":
    main()
