"""Loading the demo: killed again and again it ends as the story tells, and a second load changes nothing."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.conf import settings

from demo.department_store import ORDERED_DAYS_AGO
from demo.story.calendar import periods
from demo.story.deliveries import purchase_rows, tell
from demo.story.department_store import ELISE, MEMBERS
from demo.story.orders import wishes
from demo.story.people import ALICE, BRUNO, CHLOE, DENISE
from demo.story.promotions import OFFERS

# The tests of this file may be shared between processes; each then loads a demo of its own.
DATABASE = f"demo_killed_{os.environ.get('PYTEST_XDIST_WORKER', '')}"
KILLS = 3
HAPPY_CARD, SECOND = "happy-card", "galeries-lafayette"
OF = "programme_id = (SELECT id FROM loyalty_programme WHERE code = %s)"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Make an empty database of its own, migrated, and a folder for the files."""
    server = os.environ["DATABASE_URL"]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
    url = urlunsplit(urlsplit(server)._replace(path=f"/{DATABASE}"))
    own = {"DATABASE_URL": url, "PORTAL_DATA": str(tmp_path_factory.mktemp("data"))}
    environment = os.environ | own | {"DJANGO_SETTINGS_MODULE": "config.settings.local"}
    run(environment, "migrate", "--verbosity", "0")
    yield environment
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


def start(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def run(environment: dict[str, str], *arguments: str) -> str:
    with start(environment, *arguments) as program:
        output, _ = program.communicate(timeout=300)
    assert program.returncode == 0, output
    return output


def query(environment: dict[str, str], statement: str, *parameters: str) -> list[tuple[object, ...]]:
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        return connection.execute(statement.replace("OF_PROGRAMME", OF), parameters or None).fetchall()


def steps_done(environment: dict[str, str]) -> int:
    rows = query(
        environment, "SELECT coalesce((cursor->>'steps')::int, 0) FROM core_jobrun WHERE job = 'demo-story'"
    )
    return int(str(rows[0][0])) if rows else 0


@pytest.fixture(scope="module")
def loaded(environment: dict[str, str]) -> dict[str, str]:
    """Load the demo; the load is killed three times, each time after some more steps."""
    chance = Random(20051122)  # noqa: S311 - the moments need not be secret
    for _ in range(KILLS):
        wanted = steps_done(environment) + 1
        with start(environment, "load_demo") as program:
            while steps_done(environment) < wanted:
                assert program.poll() is None
                time.sleep(0.02)
            time.sleep(chance.random() / 2)
            program.kill()
    assert "proved" in run(environment, "load_demo")
    return environment


def test_a_killed_load_ends_with_all_that_the_story_tells(loaded: dict[str, str]) -> None:
    day = query(loaded, "SELECT business_date FROM core_jobrun WHERE job = 'demo-story'")[0][0]
    assert isinstance(day, date)
    story = tell(day)
    orders = [wish for those in wishes(story).values() for wish in those]
    lines = sum(len(purchase_rows(story, period)) for period in periods())
    sign_ins = [person for person in story.persons if person.activated_days_ago is not None]
    sales = sum(len(those) for those in story.delivered.values())

    assert query(
        loaded,
        "SELECT sum(read_lines) FROM loyalty_feedimport WHERE kind = 'purchases' AND OF_PROGRAMME",
        HAPPY_CARD,
    ) == [(lines,)]
    assert query(loaded, "SELECT count(*) FROM loyalty_pointaccount WHERE OF_PROGRAMME", HAPPY_CARD) == [
        (300,)
    ]
    activated = "SELECT count(*) FROM members_member WHERE activated_at IS NOT NULL AND reference LIKE 'HC%'"
    assert query(loaded, activated) == [(len(sign_ins),)]
    assert query(loaded, "SELECT count(*), sum(points) FROM loyalty_entry WHERE kind = 3") == [
        (len(sign_ins), 50 * len(sign_ins))
    ]
    # One purchase in a closed store is refused, two unknown cards and one unknown purchase wait.
    assert query(loaded, "SELECT count(*) FROM loyalty_purchase WHERE OF_PROGRAMME", HAPPY_CARD) == [
        (sales - 1 + 3,)
    ]
    assert query(
        loaded,
        "SELECT count(*) FROM rewards_order o JOIN loyalty_pointaccount a ON a.id = o.account_id"
        " WHERE OF_PROGRAMME",
        HAPPY_CARD,
    ) == [(len(orders),)]
    assert query(loaded, "SELECT count(*) FROM rewards_giftcardmovement WHERE kind = 2") == [
        (sum(len(wish.payments) for wish in orders),)
    ]
    assert query(loaded, "SELECT count(*) FROM campaigns_promotion WHERE OF_PROGRAMME", HAPPY_CARD) == [
        (len(OFFERS),)
    ]


def test_the_second_programme_has_a_host_of_its_own_and_members_with_points(loaded: dict[str, str]) -> None:
    hosts = "SELECT code, host_names FROM loyalty_programme ORDER BY code"
    assert query(loaded, hosts) == [
        ("galeries-lafayette", ["galeries-lafayette.localhost"]),
        ("happy-card", ["localhost", "127.0.0.1", "[::1]"]),
    ]
    assert query(loaded, "SELECT count(*) FROM loyalty_pointaccount WHERE OF_PROGRAMME", SECOND) == [
        (len(MEMBERS),)
    ]
    elise = (
        "SELECT balance_points > 300, m.user_id IS NOT NULL FROM loyalty_pointaccount a"
        " JOIN members_member m ON m.id = a.member_id WHERE m.reference = %s"
    )
    assert query(loaded, elise, ELISE) == [(True, True)]
    wallet = "SELECT count(*) FROM rewards_giftcard WHERE face_value_cents = 1000"
    assert query(loaded, wallet) == [(len(ORDERED_DAYS_AGO),)]


def test_no_file_is_imported_twice(loaded: dict[str, str]) -> None:
    assert query(loaded, "SELECT count(*) - count(DISTINCT file_name) FROM loyalty_feedimport") == [(0,)]
    assert query(loaded, "SELECT DISTINCT state FROM loyalty_feedimport") == [("done",)]


def test_every_outcome_of_a_line_can_be_seen(loaded: dict[str, str]) -> None:
    last = (
        "SELECT duplicate_lines, parked_lines, rejected_lines FROM loyalty_feedimport"
        " WHERE kind = 'purchases' AND OF_PROGRAMME ORDER BY business_at DESC LIMIT 1"
    )
    assert query(loaded, last, HAPPY_CARD) == [(4, 3, 7)]


def test_the_cast_stands_where_the_story_left_it(loaded: dict[str, str]) -> None:
    rows = query(
        loaded,
        "SELECT m.reference, a.balance_points, a.owed_points, m.user_id IS NOT NULL"
        " FROM loyalty_pointaccount a JOIN members_member m ON m.id = a.member_id"
        " WHERE m.reference BETWEEN 'HC100001' AND 'HC100004'",
    )
    cast = {row[0]: row[1:] for row in rows}
    alice, denise = cast[ALICE], cast[DENISE]
    assert int(str(alice[0])) >= 3000
    assert alice[1:] == (0, True)
    assert int(str(cast[BRUNO][0])) >= 1500
    assert cast[BRUNO][1:] == (0, False)
    assert 0 < int(str(cast[CHLOE][0])) < 1500
    assert denise == (-1450, 1450, True)
    soon = "SELECT count(*) FROM loyalty_lot WHERE remaining_points > 0 AND expires_on < current_date + 42"
    assert query(loaded, soon) > [(0,)]
    assert query(loaded, "SELECT count(*) > 100 FROM loyalty_entry WHERE kind = 6") == [(True,)]


def test_each_role_has_a_colleague_in_its_group(loaded: dict[str, str]) -> None:
    rows = query(
        loaded,
        "SELECT g.name FROM members_user u JOIN members_user_groups ug ON ug.user_id = u.id"
        " JOIN auth_group g ON g.id = ug.group_id WHERE u.is_staff ORDER BY g.name",
    )
    roles = ["Auditor", "Call centre", "Finance", "Marketing", "Operator", "Programme manager"]
    assert [row[0] for row in rows] == roles


def test_alice_lives_with_chloe_who_lets_her_spend_her_points(loaded: dict[str, str]) -> None:
    assert query(
        loaded,
        "SELECT g.reference, s.reference FROM loyalty_spendingpermission p"
        " JOIN loyalty_householdstay x ON x.id = p.giver_id"
        " JOIN loyalty_householdstay y ON y.id = p.spender_id"
        " JOIN loyalty_pointaccount a ON a.id = x.account_id"
        " JOIN loyalty_pointaccount b ON b.id = y.account_id"
        " JOIN members_member g ON g.id = a.member_id JOIN members_member s ON s.id = b.member_id"
        " WHERE p.ended_at IS NULL AND x.household_id = y.household_id",
    ) == [(CHLOE, ALICE)]


def test_letters_of_years_past_are_not_in_the_mailbox(loaded: dict[str, str]) -> None:
    assert not list(Path(loaded["PORTAL_DATA"]).glob("mailbox/*"))


def test_a_second_load_changes_nothing(loaded: dict[str, str]) -> None:
    state = "SELECT (SELECT max(id) FROM loyalty_entry), (SELECT max(id) FROM loyalty_feedimport)"
    before = query(loaded, state)
    assert "already" in run(loaded, "load_demo")
    assert query(loaded, state) == before


def test_the_sign_ins_are_printed_with_what_stands_on_the_letter(loaded: dict[str, str]) -> None:
    printed = run(loaded, "demo_sign_ins")
    assert "alice@demo.example" in printed
    assert "reference HC100002, card ending 7302, born 03/09/1986" in printed
    for role in ("Programme manager", "Marketing", "Call centre", "Finance", "Auditor", "Operator"):
        assert role in printed
