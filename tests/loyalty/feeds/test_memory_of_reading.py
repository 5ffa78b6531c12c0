"""Reading a file takes the same memory whatever its size: a file of ten times the lines needs no more."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.loyalty.feeds.files import COLUMNS

READ = """
import sys
import django
django.setup()
from pathlib import Path
from loyalty.feeds.check import check_file
from loyalty.feeds.chunks import ChunkReader
from loyalty.feeds.source import open_source

with open_source(Path(sys.argv[1])) as source:
    lines = check_file(source, "purchases").total_lines
    reader = ChunkReader(source, "purchases")
    place, read = reader.first, 0
    while read < lines:
        chunk = reader.read(place, lines - read)
        place, read = chunk.end, read + len(chunk.lines)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(read, status["VmHWM"].split()[0])
"""
FEW, MANY = 30_000, 300_000


def write_purchases(path: Path, lines: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(COLUMNS["purchases"]) + "\n")
        for number in range(lines):
            file.write(f"conforama,lyon,P-{number},purchase,tok-{number},")
            file.write("2026-11-20T10:00:00+01:00,12.50,EUR,store,\n")


def kilobytes_to_read(path: Path, lines: int) -> int:
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)],
        cwd=settings.BASE_DIR,
        check=True,
        capture_output=True,
        text=True,
    )
    read, kilobytes = done.stdout.split()
    assert int(read) == lines
    return int(kilobytes)


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_ten_times_the_lines_need_no_more_memory(compression: str, tmp_path: Path) -> None:
    kilobytes = []
    for lines in (FEW, MANY):
        path = tmp_path / f"{lines}.csv"
        write_purchases(path, lines)
        if compression == "gzip":
            path.write_bytes(gzip.compress(path.read_bytes(), compresslevel=1))
        kilobytes.append(kilobytes_to_read(path, lines))
    few, many = kilobytes
    assert many - few < 8 * 1024


def test_a_chunk_of_very_long_lines_ends_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(COLUMNS["purchases"]) + "\n")
        file.writelines(f"{'x' * 1_000_000},{number}\n" for number in range(100))
    done = subprocess.run(
        [sys.executable, "-c", READ.replace("chunk.lines", "chunk.numbers"), str(path)],
        cwd=settings.BASE_DIR,
        check=True,
        capture_output=True,
        text=True,
    )
    read, kilobytes = done.stdout.split()
    assert int(read) == 100
    assert int(kilobytes) < 150 * 1024
