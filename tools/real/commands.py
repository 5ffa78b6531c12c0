"""Running the project's own commands, and what became of them: output, time and peak memory."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


class Trouble(Exception):
    """Something that makes the run worthless; the message is the whole story."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended: what it printed, its time by the clock and the processor, its peak memory."""

    output: str
    seconds: float
    megabytes: float
    processor_seconds: float


def manage(environment: Mapping[str, str], *arguments: str) -> Done:
    """Run a management command as anybody would."""
    print(f"manage.py {' '.join(arguments)}", file=sys.stderr)
    return command([sys.executable, "manage.py", *arguments], environment)


def command(program: list[str], environment: Mapping[str, str]) -> Done:
    """Run a program to its end; its progress goes to the terminal. Raises Trouble when it fails."""
    started = time.monotonic()
    with subprocess.Popen(
        program, cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, text=True
    ) as child:
        output = child.stdout.read() if child.stdout else ""
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise Trouble(f"{' '.join(program[1:3])} failed:\n{output}")
    processor_seconds = usage.ru_utime + usage.ru_stime
    return Done(output, time.monotonic() - started, peak_megabytes(usage), processor_seconds)


def peak_megabytes(usage: resource.struct_rusage) -> float:
    """Return the peak memory; Linux counts kilobytes, macOS bytes."""
    return usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def summary(output: str) -> dict[str, int]:
    """Return the counts of a command's summary line, the last line it printed."""
    line = output.strip().splitlines()[-1] if output.strip() else ""
    try:
        return {name: int(count) for name, count in (pair.split("=") for pair in line.split())}
    except ValueError:
        raise Trouble(f"This is no summary line: {line}") from None
