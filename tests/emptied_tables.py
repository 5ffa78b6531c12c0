"""A pytest plugin: what a test has committed is deleted after it, from the tables that have rows.

Django truncates every table instead and asks every app again which permissions it knows, which takes longer
than most of these tests. Permissions and kinds of content are the same for every test and stay.
"""

from django.db import connection
from django.test import TransactionTestCase

DELETE_EVERYTHING = """
DO $$
DECLARE
    name regclass;
    is_filled boolean;
BEGIN
    -- No trigger fires in a session that says it is a replica: nothing refuses this.
    PERFORM set_config('session_replication_role', 'replica', true);
    FOR name IN
        SELECT oid FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
            AND relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
    LOOP
        -- Whoever is still writing, such as a program that was killed, is waited for.
        EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', name);
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', name) INTO is_filled;
        IF is_filled THEN
            EXECUTE format('DELETE FROM %s', name);
        END IF;
    END LOOP;
END $$
"""


def empty_tables() -> None:
    """Delete every row but what the migrations wrote about themselves."""
    with connection.cursor() as cursor:
        cursor.execute(DELETE_EVERYTHING)


TransactionTestCase._fixture_teardown = lambda _case: empty_tables()  # type: ignore[attr-defined] # noqa: SLF001 - Django offers no other way
