"""The SQL statement that writes a batch: lots, entries with their running balance, uses of lots and balances.

It runs under the accounts' locks, so the balances it reads are the ones it moves. Lots that are known by id
are changed; the others are opened, or grown when the account already had them.

What is written comes from a plan, as columns of arrays, or from the rows themselves where nothing has to be
planned: all that is over expires, and what purchases earn grows their lots. The writing is the same text.
"""

KNOWN = """
    UPDATE loyalty_lot l SET
        granted_points = l.granted_points + k.granted,
        spent_points = l.spent_points + k.spent,
        expired_points = l.expired_points + k.expired,
        taken_back_points = l.taken_back_points + k.taken_back,
        moved_points = l.moved_points + k.moved,
        remaining_points = l.remaining_points + k.granted - k.spent - k.expired - k.taken_back - k.moved
    FROM changes k
    WHERE l.id = k.id
    RETURNING l.id, l.account_id, l.expires_on, l.available_on
"""
"""Changes lots by their ids."""

OPENED = """
    INSERT INTO loyalty_lot (account_id, expires_on, available_on, granted_points, spent_points,
                             expired_points, taken_back_points, moved_points, remaining_points)
    SELECT o.account_id, o.expires_on, o.available_on, o.granted, o.spent, o.expired, o.taken_back, o.moved,
           o.granted - o.spent - o.expired - o.taken_back - o.moved
    FROM openings o
    ON CONFLICT (account_id, expires_on, available_on) DO UPDATE SET
        granted_points = loyalty_lot.granted_points + excluded.granted_points,
        spent_points = loyalty_lot.spent_points + excluded.spent_points,
        expired_points = loyalty_lot.expired_points + excluded.expired_points,
        taken_back_points = loyalty_lot.taken_back_points + excluded.taken_back_points,
        moved_points = loyalty_lot.moved_points + excluded.moved_points,
        remaining_points = loyalty_lot.remaining_points + excluded.remaining_points
    RETURNING id, account_id, expires_on, available_on
"""
"""Opens lots, or grows those that are there."""

WRITING = """
posted AS (
    INSERT INTO loyalty_entry (id, account_id, kind, points, owed_change_points, balance_after_points, lot_id,
                               purchase_id, corrects_id, transfer_id, occurred_at, posted_at)
    SELECT e.id, e.account_id, e.kind, e.points, e.owed,
           a.balance_points + sum(e.points) OVER (PARTITION BY e.account_id ORDER BY e.id),
           e.lot_id, e.purchase_id, e.corrects_id, e.transfer_id, e.occurred_at, %(at)s::timestamptz
    FROM entries e
    JOIN loyalty_pointaccount a ON a.id = e.account_id
    RETURNING id
), used AS (
    INSERT INTO loyalty_lotuse (entry_id, lot_id, points)
    SELECT entry_id, lot_id, points FROM uses
    RETURNING id
), moved AS (
    UPDATE loyalty_pointaccount a SET
        balance_points = a.balance_points + s.points,
        owed_points = a.owed_points + s.owed
    FROM (SELECT account_id, sum(points) AS points, sum(owed) AS owed FROM entries GROUP BY account_id) s
    WHERE a.id = s.account_id
)
"""
"""Writes the entries, what they took from lots, and the accounts' balances."""

POST_STATEMENT = f"""
WITH changes AS (
    SELECT * FROM unnest(
        %(known_id)b::bigint[], %(known_granted)b::bigint[], %(known_spent)b::bigint[],
        %(known_expired)b::bigint[], %(known_taken_back)b::bigint[], %(known_moved)b::bigint[]
    ) AS k(id, granted, spent, expired, taken_back, moved)
), known AS (
    {KNOWN}
), openings AS (
    SELECT * FROM unnest(
        %(opened_account)b::bigint[], %(opened_expires)b::date[], %(opened_available)b::date[],
        %(opened_granted)b::bigint[], %(opened_spent)b::bigint[], %(opened_expired)b::bigint[],
        %(opened_taken_back)b::bigint[], %(opened_moved)b::bigint[]
    ) AS o(account_id, expires_on, available_on, granted, spent, expired, taken_back, moved)
), opened AS (
    {OPENED}
), touched AS (
    SELECT * FROM known UNION ALL SELECT * FROM opened
), entries AS (
    SELECT e.*, t.id AS lot_id
    FROM unnest(
        %(entry_id)b::bigint[], %(entry_account)b::bigint[], %(entry_kind)b::smallint[],
        %(entry_points)b::bigint[], %(entry_owed)b::bigint[], %(entry_expires)b::date[],
        %(entry_available)b::date[], %(entry_purchase)b::bigint[], %(entry_corrects)b::bigint[],
        %(entry_transfer)b::bigint[], %(entry_occurred)b::timestamptz[]
    ) AS e(id, account_id, kind, points, owed, expires_on, available_on, purchase_id, corrects_id,
           transfer_id, occurred_at)
    LEFT JOIN touched t USING (account_id, expires_on, available_on)
), uses AS (
    SELECT u.entry_id, t.id AS lot_id, u.points
    FROM unnest(
        %(use_entry)b::bigint[], %(use_account)b::bigint[], %(use_expires)b::date[],
        %(use_available)b::date[], %(use_points)b::bigint[]
    ) AS u(entry_id, account_id, expires_on, available_on, points)
    JOIN touched t USING (account_id, expires_on, available_on)
), {WRITING}
SELECT (SELECT count(*) FROM posted), (SELECT count(*) FROM used)
"""
"""Writes what a plan says."""

EXPIRE_STATEMENT = f"""
WITH over AS MATERIALIZED (
    SELECT nextval((SELECT pg_get_serial_sequence('loyalty_entry', 'id')::regclass)) AS entry_id, l.*
    FROM (
        SELECT id, account_id, expires_on, remaining_points AS points FROM loyalty_lot
        WHERE account_id = ANY(%(accounts)b::bigint[]) AND remaining_points > 0
          AND expires_on < %(today)s::date
        ORDER BY account_id, expires_on, available_on
    ) l
), changes AS (
    SELECT id, 0 AS granted, 0 AS spent, points AS expired, 0 AS taken_back, 0 AS moved FROM over
), known AS (
    {KNOWN}
), entries AS (
    SELECT entry_id AS id, account_id, 6 /* expiry */ AS kind, -points AS points, 0::bigint AS owed,
           NULL::bigint AS lot_id, NULL::bigint AS purchase_id, NULL::bigint AS corrects_id,
           NULL::bigint AS transfer_id,
           (expires_on + 1)::timestamp AT TIME ZONE %(zone)s::text AS occurred_at
    FROM over
), uses AS (
    SELECT entry_id, id AS lot_id, points FROM over
), {WRITING}
SELECT count(DISTINCT account_id), count(*), coalesce(sum(points), 0)::bigint,
       (SELECT count(*) FROM posted), (SELECT count(*) FROM used)
FROM over
"""
"""Ends the points of every lot of the accounts whose last day is before today."""

CREDIT_STATEMENT = f"""
WITH credits AS (
    SELECT * FROM unnest(
        %(purchase)b::bigint[], %(account)b::bigint[], %(points)b::bigint[], %(occurred)b::timestamptz[],
        %(expires)b::date[], %(available)b::date[]
    ) AS c(purchase_id, account_id, points, occurred_at, expires_on, available_on)
), accounts AS (
    SELECT id, balance_points, owed_points FROM loyalty_pointaccount
    WHERE id = ANY(%(account)b::bigint[]) ORDER BY id FOR NO KEY UPDATE
), planned AS (
    SELECT nextval((SELECT pg_get_serial_sequence('loyalty_entry', 'id')::regclass)) AS id, c.*
    FROM (
        SELECT c.*, a.balance_points, a.owed_points,
               CASE WHEN c.expires_on < %(today)s::date THEN 0 ELSE
                   least(c.points, greatest(0, a.owed_points - coalesce(
                       sum(c.points) FILTER (WHERE c.expires_on >= %(today)s::date) OVER before, 0)))::bigint
               END AS repaid
        FROM credits c JOIN accounts a ON a.id = c.account_id
        WINDOW before AS (PARTITION BY c.account_id ORDER BY c.occurred_at, c.purchase_id
                          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        ORDER BY c.occurred_at, c.purchase_id
    ) c
), openings AS (
    SELECT account_id, expires_on, available_on, sum(points - repaid)::bigint AS granted, 0 AS spent,
           0 AS expired, 0 AS taken_back, 0 AS moved
    FROM planned WHERE points > 0 GROUP BY account_id, expires_on, available_on ORDER BY min(id)
), opened AS (
    {OPENED}
), posted AS (
    INSERT INTO loyalty_entry (id, account_id, kind, points, owed_change_points, balance_after_points, lot_id,
                               purchase_id, occurred_at, posted_at)
    SELECT p.id, p.account_id, 1 /* purchase */, p.points, -p.repaid,
           p.balance_points + sum(p.points) OVER (PARTITION BY p.account_id ORDER BY p.id),
           o.id, p.purchase_id, p.occurred_at, %(at)s::timestamptz
    FROM planned p
    LEFT JOIN opened o ON p.points > 0 AND o.account_id = p.account_id AND o.expires_on = p.expires_on
                      AND o.available_on = p.available_on
    RETURNING id
), moved AS (
    UPDATE loyalty_pointaccount a SET balance_points = s.balance, owed_points = s.owed
    FROM (SELECT account_id, balance_points + sum(points) AS balance, owed_points - sum(repaid) AS owed
          FROM planned GROUP BY account_id, balance_points, owed_points) s
    WHERE a.id = s.account_id
)
SELECT count(*) FROM posted
"""
"""Lets what purchases earned grow the lots that they name, after repaying points owed.

It locks the accounts by itself and goes on from what they held when the lock came. Had it been waited for,
the table would still show this statement what was before the wait, and have its constraints checked on that.
"""

CREDIT_ONE = """
account AS (
    SELECT a.id, a.balance_points, a.owed_points,
           CASE WHEN %(expires)s::date < %(today)s::date THEN 0
                ELSE least(a.owed_points, %(points)s::bigint) END AS repaid
    FROM loyalty_pointaccount a WHERE a.id = (SELECT f.account_id FROM inserted, found f)
      AND a.separations = (SELECT f.separations FROM found f)
    FOR NO KEY UPDATE
), lot AS (
    INSERT INTO loyalty_lot (account_id, expires_on, available_on, granted_points, spent_points,
                             expired_points, taken_back_points, moved_points, remaining_points)
    SELECT id, %(expires)s::date, %(available)s::date, %(points)s - repaid, 0, 0, 0, 0, %(points)s - repaid
    FROM account WHERE %(points)s > 0
    ON CONFLICT (account_id, expires_on, available_on) DO UPDATE SET
        granted_points = loyalty_lot.granted_points + excluded.granted_points,
        remaining_points = loyalty_lot.remaining_points + excluded.remaining_points
    RETURNING id
), posted AS (
    INSERT INTO loyalty_entry (account_id, kind, points, owed_change_points, balance_after_points, lot_id,
                               purchase_id, occurred_at, posted_at)
    SELECT a.id, 1 /* purchase */, %(points)s, -a.repaid, a.balance_points + %(points)s,
           (SELECT id FROM lot), i.id, %(occurred)s::timestamptz, %(at)s::timestamptz
    FROM account a, inserted i
    RETURNING id
), moved AS (
    UPDATE loyalty_pointaccount a SET
        balance_points = k.balance_points + %(points)s, owed_points = k.owed_points - k.repaid
    FROM account k WHERE a.id = k.id
)
"""
"""The same for the one purchase that was `inserted`, of the account that was `found`, without any sets.

Nothing is posted when cards went back from the account to another member while its lock was waited for.
"""
