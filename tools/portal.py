"""The one command behind `make`: builds the environment, then hands over to the program asked for.

It uses nothing but the standard library and parses on Python 3.6, so that a Python which is too old is told
so in a sentence. Whatever goes wrong ends in one sentence and an exit status other than 0, not in a trace.
"""

import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

OLDEST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
DATA = Path(os.environ.get("PORTAL_DATA") or ROOT / ".data")
NEEDED_BYTES = 600 * 1024 * 1024
INTERRUPTED = 130

USAGE = """usage: python3 tools/portal.py COMMAND

  run         start the portal with its demo on http://localhost:8000/ (PORT=8001 for another port)
  test        run every check and every test
  setup       build the environment in .venv, for .venv/bin/python manage.py ...
  lint        run the checks that need no tests
  real        import a real retailer's year and prove the ledger
  backtest    import that year and try a rule on it
  succession  let one programme replace another, there and back, and prove every step
  bench       measure the speed and compare it with the goals
  removal     take out every lock, trigger and constraint in turn, and show that a test fails
  long        run what takes hours: many more histories, crashes and races, and the removals
  lock        write the lock files again from pyproject.toml (needs uv)"""

# Which lock file a command needs. Those of the tests and of the real data hold all that a run needs.
LOCKS = {
    "run": "run",
    "setup": "run",
    "test": "dev",
    "lint": "dev",
    "succession": "run",
    "bench": "dev",
    "removal": "dev",
    "long": "dev",
    "real": "real",
    "backtest": "real",
}
PROGRAMS = {
    "run": ["-m", "tools.serve"],
    "test": ["-m", "tools.checks", "all"],
    "lint": ["-m", "tools.checks", "quick"],
    "real": ["-m", "tools.real"],
    "backtest": ["-m", "tools.real", "--backtest"],
    "succession": ["-m", "tools.succession"],
    "bench": ["-m", "bench"],
    "removal": ["-m", "tools.removal"],
    "long": ["-m", "tools.long"],
}

# What pip says, and what the person at the keyboard needs to hear.
PIP_TROUBLE = (
    ("No space left", "The disk is full: free some space and try again."),
    ("DO NOT MATCH", "A package differs from the one in the lock file, so nothing was installed."),
    (
        (
            "NewConnectionError",
            "NameResolutionError",
            "Failed to establish",
            "Network is unreachable",
            "timed out",
        ),
        "The packages could not be downloaded: the package index cannot be reached. Check the network.",
    ),
    ("No matching distribution", "The package index does not have a version that the lock file asks for."),
    ("error: subprocess-exited", "A package would have to be compiled on this machine, and that failed."),
)


class Trouble(Exception):
    """Something the person at the keyboard can act on; the message is the whole story."""


def main() -> int:
    """Do what the command line asks; return the exit status."""
    wanted = sys.argv[1] if len(sys.argv) == 2 else "help"  # noqa: PLR2004 - the program's name and one word
    if sys.version_info < OLDEST_PYTHON:
        found = "{}.{}".format(*sys.version_info[:2])
        say(
            f"This needs Python 3.11 or later; this is {found} ({sys.executable}). If a newer one is"
            f" installed, name it: make {wanted} PYTHON=python3.12"
        )
        return 1
    if wanted not in LOCKS and wanted != "lock":
        print(USAGE)
        return 0 if wanted in ("help", "-h", "--help") else 2
    os.chdir(str(ROOT))
    try:
        prepare(wanted)
        if wanted in PROGRAMS:
            sys.stdout.flush()
            os.execv(str(VENV_PYTHON), [str(VENV_PYTHON), *PROGRAMS[wanted]])
        print("Done.")
    except Trouble as trouble:
        say(str(trouble))
        return 1
    except OSError as error:
        say(f"{error.strerror or error}: {error.filename or ROOT}")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def prepare(wanted: str) -> None:
    """Do all that comes before the program asked for."""
    if wanted == "lock":
        write_locks()
        return
    if wanted == "run":
        refuse_taken_port()
    set_up(LOCKS[wanted])


def say(sentence: str) -> None:
    """Write one sentence where errors go."""
    print(sentence, file=sys.stderr)


def refuse_taken_port() -> None:
    """Say so at once, before minutes of setting up, when another program answers on the port."""
    given = os.environ.get("PORT") or "8000"
    if not (given.isdigit() and 0 < int(given) < 65536):  # noqa: PLR2004 - ports have 16 bits
        raise Trouble(f"PORT must be a number from 1 to 65535, not {given!r}.")
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(("127.0.0.1", int(given)))
        except PermissionError:
            raise Trouble(
                f"Port {given} is reserved for the administrator; choose another: PORT=8001 make run"
            ) from None
        except OSError:
            raise Trouble(
                f"Port {given} is taken by another program; stop it or choose another: PORT=8001 make run"
            ) from None


def set_up(lock_name: str) -> None:
    """Make `.venv` hold what the lock file lists. When nothing changed, this takes no time."""
    lock_file = ROOT / "requirements" / (lock_name + ".lock")
    DATA.mkdir(parents=True, exist_ok=True)
    with (DATA / "setup.lock").open("a") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not environment_works():
            refuse_full_disk()
            make_environment()
        if not is_installed(lock_name):
            refuse_full_disk()
            install(lock_file)
            stamp(lock_name).write_text(fingerprint(lock_name))
        compile_translations()


def environment_works() -> bool:
    """Say whether `.venv` exists and starts; it does not after its Python was removed or upgraded."""
    if not VENV_PYTHON.exists():
        return False
    check = "import sys; sys.exit(sys.version_info < {!r})".format(OLDEST_PYTHON)
    return subprocess.run([str(VENV_PYTHON), "-I", "-c", check], stderr=subprocess.DEVNULL).returncode == 0


def make_environment() -> None:
    """Build an empty environment."""
    try:
        import ensurepip  # noqa: F401, PLC0415 - some systems ship Python without it
        import venv  # noqa: F401, PLC0415 - some systems ship Python without it
    except ImportError:
        raise Trouble(
            "This Python cannot make environments: its modules venv and ensurepip are missing. On Debian and"
            " Ubuntu: apt install python3-venv"
        ) from None
    if VENV.exists():
        shutil.rmtree(str(VENV))
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if made.returncode:
        shutil.rmtree(str(VENV), ignore_errors=True)
        raise Trouble("The environment could not be made: " + made.stdout.decode(errors="replace").strip())


def refuse_full_disk() -> None:
    """Stop before pip does so halfway."""
    if shutil.disk_usage(str(ROOT)).free < NEEDED_BYTES:
        raise Trouble(f"The disk is full: the portal needs 600 MB free in {ROOT}.")


def fingerprint(lock_name: str) -> str:
    """Return what the lock file says, in short."""
    return hashlib.sha256((ROOT / "requirements" / (lock_name + ".lock")).read_bytes()).hexdigest()


def stamp(lock_name: str) -> Path:
    """Return the file that remembers what was installed last."""
    return VENV / ("installed-" + lock_name)


def is_installed(lock_name: str) -> bool:
    """Say whether this lock file is installed, or a larger one when a run is all that is wanted."""
    candidates = [lock_name] + (["dev", "real"] if lock_name == "run" else [])
    return any(stamp(name).exists() and stamp(name).read_text() == fingerprint(name) for name in candidates)


def install(lock_file: Path) -> None:
    """Install exactly what the lock file lists, each package checked against its hash."""
    count = sum(1 for line in lock_file.read_text().splitlines() if "==" in line)
    print(f"Installing {count} packages into .venv, about a minute the first time ...", flush=True)
    log = DATA / "log" / "setup.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [
        str(VENV_PYTHON),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
    ]
    command += ["--retries", "2", "--require-hashes", "--requirement", str(lock_file)]
    with log.open("wb") as output:
        returncode = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT).returncode
    if returncode == 0:
        return
    said = log.read_text(errors="replace")
    for signs, sentence in PIP_TROUBLE:
        if any(sign in said for sign in ([signs] if isinstance(signs, str) else signs)):
            raise Trouble(f"{sentence} Details: {log}")
    raise Trouble(f"The packages could not be installed; pip's last words are in {log}")


def compile_translations() -> None:
    """Compile the catalogues that changed since last time."""
    for source in sorted((ROOT / "locale").glob("*/LC_MESSAGES/*.po")):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            done = subprocess.run([str(VENV_PYTHON), "-m", "tools.messages", "compile"])
            if done.returncode:
                raise Trouble("The translations could not be compiled; the reason stands above.")
            return


def write_locks() -> None:
    """Resolve pyproject.toml again into lock files with hashes and no address; pins that still fit stay."""
    uv = shutil.which("uv")
    if uv is None:
        raise Trouble("Writing the lock files needs uv: pip install uv")
    for name, groups in (("run", []), ("dev", ["--group", "dev"]), ("real", ["--group", "real"])):
        command = [uv, "pip", "compile", "pyproject.toml", "--output-file", "requirements/" + name + ".lock"]
        command += ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url"]
        command += ["--no-header", "--no-annotate", "--no-strip-extras", "--quiet", *groups]
        if subprocess.run(command).returncode:
            raise Trouble(f"The lock file requirements/{name}.lock could not be written.")


if __name__ == "__main__":
    sys.exit(main())
