"""Takes out every lock, trigger, unique and check constraint, one at a time: a test must then fail.

Constraints and triggers are listed by the catalogue of a migrated database, locks by reading the source, so
that none can be forgotten. `tests.integrity.refusals` and `table` name the tests that must catch each.
"""
