"""Programmes, earning rules, point accounts, the ledger, the feeds and expiry.

Nothing here knows what points are spent on. In the order in which to read:

- What there is: `models/`, `errors`, `dates`, `enrolment` (taking part and leaving).
- Points: `ledger/` moves them and nothing else does; `expiry/`, `adjustments/` (by staff), `bonuses`,
  `households/`, `merging/` (two members who are one person), `succession/` (one programme follows another).
- Purchases: `earning/` (rules, without a database), `purchases/` (from a line to its verdict), `parked`,
  `feeds/` (files), `groups` (of members, for rules), `backtest/` (rules tried on the past).
- What is read: `selectors/`, `explanations/` (why), `periods`, `documents/` (statements as files),
  `reports/`, `proofs/` (for `verify_ledger`), `holdings` (what is held about a member), `point_value`.
- The site: `middleware` and `requests` (whose it is), `access`, `urls`, `views`, `forms`, `home`, `leaving`,
  `context`, `brand/` (its look), `offline`; and by mail `letters`, `letterheads`.
- Staff and operation: `admin/`, `cards` (of the first page), `management/` (commands), `tasks`, `apps`,
  `migrations/`.
"""
