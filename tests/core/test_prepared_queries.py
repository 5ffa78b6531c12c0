"""Queries that are written once a process and planned once a connection find what Django's own would."""

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from core.bulk import bulk_cursor, for_few_rows
from core.models import IdempotencyRecord, JobRun
from core.prepared import Given, PreparedQuery, prepared_rows
from loyalty.models import PointAccount
from tests.factories import NOW, make_cardholder, make_programme

pytestmark = pytest.mark.django_db

RUNS = PreparedQuery(lambda: JobRun.objects.filter(job=Given("job")).order_by("-pk"))


def make_run(job: str, day: int) -> JobRun:
    return JobRun.objects.create(
        job=job,
        business_date=NOW.date().replace(day=day),
        cursor={"after": day},
        started_at=NOW,
        moved_at=NOW,
    )


def test_rows_come_in_order_as_their_models_with_every_value() -> None:
    older, newer = make_run("sweep", 1), make_run("sweep", 2)
    make_run("other", 3)

    found = RUNS.all(job="sweep")

    assert found == [newer, older]
    assert [(run.cursor, run.business_date, run.started_at) for run in found] == [
        ({"after": 2}, newer.business_date, NOW),
        ({"after": 1}, older.business_date, NOW),
    ]


def test_the_first_row_or_none_is_found_for_the_values_of_each_call() -> None:
    run = make_run("sweep", 1)

    assert RUNS.first(job="sweep") == run
    assert RUNS.first(job="nobody's") is None


def test_a_value_given_once_stands_wherever_the_query_names_it() -> None:
    query = PreparedQuery(
        lambda: IdempotencyRecord.objects.filter(Q(scope=Given("word")) | Q(key=Given("word"))).order_by("pk")
    )
    one = IdempotencyRecord.objects.create(scope="a", key="b", created_at=NOW)
    other = IdempotencyRecord.objects.create(scope="c", key="a", created_at=NOW)

    assert query.all(word="a") == [one, other]


def test_related_rows_are_there_without_another_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    programme = make_programme()
    alice = make_cardholder(programme, first_name="Alice", at=NOW)
    query = PreparedQuery(
        lambda: PointAccount.objects.select_related("member", "programme__brand").filter(pk=Given("account"))
    )

    with django_assert_num_queries(1):
        account = query.all(account=alice.account.pk)[0]
        assert (account.member, account.programme) == (alice.member, programme)
        assert not hasattr(account.programme, "brand")


def test_postgresql_keeps_the_plan_and_the_log_shows_the_statement() -> None:
    statement = "SELECT %s::bigint + 1 AS kept"
    with CaptureQueriesContext(connection) as seen:
        rows = [prepared_rows(statement, [number]) for number in (1, 1_000_000, 1_000_000_000_000)]
    kept = prepared_rows("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", ["%AS kept%"])

    assert rows == [[(2,)], [(1_000_001,)], [(1_000_000_000_001,)]]
    assert [query["sql"] for query in seen] == [statement] * 3
    assert kept == [(1,)]


def test_values_have_places_by_order_or_by_name_and_a_percent_sign_is_written_twice() -> None:
    by_order = prepared_rows("SELECT %s::int %% %b::int", [17, 5])
    by_name = prepared_rows("SELECT %(a)s::int %% %(b)s::int, %(a)s", {"b": 5, "a": 17})

    assert (by_order, by_name) == ([(2,)], [(2, 17)])


def kept_plans(statement: str) -> int:
    """Return how many plans PostgreSQL keeps of a statement."""
    rows = prepared_rows("SELECT count(*) FROM pg_prepared_statements WHERE statement = %s", [statement])
    return int(rows[0][0])


def test_a_statement_on_columns_is_planned_for_them_unless_its_rows_are_few() -> None:
    statement = "SELECT n FROM unnest(%b::bigint[]) AS n"

    def ask() -> list[tuple[int, ...]]:
        with bulk_cursor() as cursor:
            return cursor.execute(statement, [[1, 2]]).fetchall()

    assert (ask(), kept_plans("SELECT n FROM unnest($1::bigint[]) AS n")) == ([(1,), (2,)], 0)
    with for_few_rows():
        assert (ask(), kept_plans("SELECT n FROM unnest($1::bigint[]) AS n")) == ([(1,), (2,)], 1)
    assert ask() == [(1,), (2,)]
