"""Imports that are killed at any moment and started again end as undisturbed ones do, row for row."""

import signal
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
import time_machine
from django.core.management import call_command

from loyalty.models import FeedImport, FeedState, PointAccount, Programme, Purchase, PurchaseState
from tests.emptied_tables import empty_tables
from tests.factories import NOW, make_store
from tests.loyalty.feeds.files import CARDHOLDER, PURCHASE, RETURN, as_csv
from tests.loyalty.feeds.processes import database_content, start_import
from tests.proofs import violations

KILLS = (0, 5, 10)
"""Of the import of early purchases, of cardholders and of late purchases."""

MEMBERS = 400
LINES = 1500


def set_up() -> None:
    with time_machine.travel(NOW, tick=False):
        call_command("load_preset", "happy-card", verbosity=0)
    programme = Programme.objects.get()
    for partner in ("conforama", "boulanger"):
        make_store(partner=partner, programme=programme)


def write_feeds(folder: Path) -> list[tuple[str, Path]]:
    """Write purchases of cards nobody knows yet, the cardholders, and lines of every kind of outcome."""
    random = Random(0)  # noqa: S311 - the same files each time
    early = [purchase(random, number) for number in range(LINES)]
    late = [purchase(random, number) for number in range(LINES - 100, 2 * LINES)]
    late += [bring_back(number) for number in range(0, 2 * LINES, 7)]
    late += [purchase(random, 9000 + number) | {"amount": "0.00"} for number in range(50)]
    random.shuffle(late)
    cards = [
        CARDHOLDER | {"card_token": f"tok-{number}", "member_reference": f"M-{number // 2}"}
        for number in range(MEMBERS)
    ]
    feeds = [
        ("purchases", "early.csv", early),
        ("cardholders", "cards.csv", cards),
        ("purchases", "late.csv", late),
    ]
    for kind, name, rows in feeds:
        (folder / name).write_bytes(as_csv(rows, kind))
    return [(kind, folder / name) for kind, name, _ in feeds]


def purchase(random: Random, number: int) -> dict[str, str]:
    return PURCHASE | {
        "reference": f"P-{number}",
        "partner": random.choice(("conforama", "boulanger")),
        "card_token": f"tok-{number % (MEMBERS + 20)}",
        "amount": f"{random.randrange(1, 90)}.50",
    }


def bring_back(number: int) -> dict[str, str]:
    return RETURN | {
        "reference": f"R-{number}",
        "original_reference": f"P-{number}",
        "card_token": f"tok-{number % MEMBERS}",
        "amount": "5.00" if number % 2 else "900.00",
    }


def import_undisturbed(kind: str, path: Path) -> tuple[str, int]:
    """Return the summary and how many calls of functions the command took."""
    program = start_import(kind, path)
    out, err = program.communicate()
    assert program.returncode == 0, err
    return out, int(err.splitlines()[-1])


def import_with_kills(kind: str, path: Path, *, kills: int, calls: int, random: Random) -> str:
    """Kill the import so many times at random moments, then let it finish; return its summary."""
    for kill in range(kills):
        program = start_import(
            kind,
            path,
            calls_to_live=random.randrange(1, calls // (kills + 2)),
            seconds_to_live=random.random() / 50 if kill % 2 else 0,
        )
        program.communicate()
        assert program.returncode == -signal.SIGKILL
    out, _ = import_undisturbed(kind, path)
    return out


@pytest.mark.usefixtures("real_commits")
def test_imports_killed_at_ten_random_moments_end_as_undisturbed_ones(tmp_path: Path) -> None:
    random = Random("kill")  # noqa: S311 - the same moments each time
    feeds = write_feeds(tmp_path)
    set_up()
    undisturbed = [import_undisturbed(kind, path) for kind, path in feeds]
    expected = database_content()
    verdicts = [Path(f"{path}.verdicts.csv").read_bytes() for _, path in feeds]
    assert len(expected["loyalty.Purchase"]) > 2 * LINES
    assert Purchase.objects.filter(state=PurchaseState.PARKED).exists()
    assert violations() == []

    empty_tables()
    set_up()
    killed = [
        import_with_kills(kind, path, kills=kills, calls=calls, random=random)
        for (kind, path), kills, (_, calls) in zip(feeds, KILLS, undisturbed, strict=True)
    ]
    content = database_content()
    for table, rows in expected.items():
        assert content[table] == rows, table
    assert killed == [summary for summary, _ in undisturbed]
    assert [Path(f"{path}.verdicts.csv").read_bytes() for _, path in feeds] == verdicts
    assert violations() == []


def kill_at(path: Path, is_the_moment: Callable[[FeedImport], bool]) -> FeedImport:
    """Kill an import of the file ever earlier, until it left what is asked for; return what it left."""
    set_up()
    _, calls = import_undisturbed("purchases", path)
    while True:
        empty_tables()
        set_up()
        Path(f"{path}.verdicts.csv").unlink(missing_ok=True)
        calls -= calls // 200
        start_import("purchases", path, calls_to_live=calls).communicate()
        left = FeedImport.objects.first()
        assert left is not None, "The import was killed before it began and never at the right moment."
        if left.state == FeedState.RUNNING and is_the_moment(left):
            return left


@pytest.mark.usefixtures("real_commits")
def test_a_run_killed_after_its_last_chunk_writes_the_verdicts_when_it_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(as_csv([PURCHASE]))
    kill_at(path, lambda left: left.read_lines == 1)
    out, _ = import_undisturbed("purchases", path)
    assert out == "read=1 accepted=0 duplicate=0 parked=1 rejected=0 points=0\n"
    verdicts = Path(f"{path}.verdicts.csv").read_text(encoding="utf-8")
    assert verdicts == "line,reference,outcome,reason,points\n2,P-1,parked,unknown_card,0\n"
    assert FeedImport.objects.get().state == FeedState.DONE


@pytest.mark.usefixtures("real_commits")
def test_an_import_goes_on_as_of_the_instant_it_began(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(as_csv([PURCHASE | {"reference": f"P-{n}"} for n in range(2000)]))
    kill_at(path, lambda left: 0 < left.read_lines < 2000)
    start_import("purchases", path, at=NOW.replace(year=2027)).communicate()
    assert FeedImport.objects.get().business_at == NOW
    assert set(Purchase.objects.values_list("received_at", flat=True)) == {NOW}
    assert Purchase.objects.count() == 2000


@pytest.mark.usefixtures("real_commits")
def test_two_processes_on_one_file_do_no_line_twice(tmp_path: Path) -> None:
    set_up()
    cards = [CARDHOLDER | {"card_token": f"tok-{n}", "member_reference": f"M-{n}"} for n in range(50)]
    rows = [PURCHASE | {"reference": f"P-{n}", "card_token": f"tok-{n % 50}"} for n in range(3000)]
    (tmp_path / "cards.csv").write_bytes(as_csv(cards, "cardholders"))
    (tmp_path / "feed.csv").write_bytes(as_csv(rows))
    (tmp_path / "copy.csv").write_bytes(as_csv(rows))
    import_undisturbed("cardholders", tmp_path / "cards.csv")
    programs = [start_import("purchases", tmp_path / name) for name in ("feed.csv", "copy.csv", "feed.csv")]
    summaries = [program.communicate()[0] for program in programs]
    assert [program.returncode for program in programs] == [0, 0, 0]
    alone = "read=3000 accepted=3000 duplicate=0 parked=0 rejected=0 points=36000\n"
    again = "read=3000 accepted=0 duplicate=3000 parked=0 rejected=0 points=0\n"
    assert alone in summaries
    assert set(summaries) <= {alone, again}
    assert set(PointAccount.objects.values_list("balance_points", flat=True)) == {720}
    assert FeedImport.objects.filter(kind="purchases", state=FeedState.DONE).count() == 1 + summaries.count(
        again
    )
    assert violations() == []
