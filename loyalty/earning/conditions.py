"""Whether a purchase meets what a rule asks. Each condition that is asked becomes one test of the facts."""

from collections.abc import Callable

from loyalty.earning.terms import Conditions, Facts

Test = Callable[[Facts], bool]


def meets(facts: Facts, asked: Conditions) -> bool:
    """Say whether a purchase meets every condition."""
    return all(test(facts) for test in tests_of(asked)) and meets_minimum(facts.amount_cents, asked)


def meets_minimum(amount_cents: int, asked: Conditions) -> bool:
    """Say whether an amount is large enough: all that can change while goods are brought back."""
    return asked.minimum_cents is None or amount_cents >= asked.minimum_cents


def tests_of(asked: Conditions) -> tuple[Test, ...]:
    """Return a test for each condition that is asked, but for the smallest amount."""
    tests: list[Test] = []
    if asked.partner_ids:
        tests.append(lambda facts: facts.partner_id in asked.partner_ids)
    if asked.store_ids:
        tests.append(lambda facts: facts.store_id in asked.store_ids)
    if asked.card_product_ids:
        tests.append(lambda facts: facts.card_product_id in asked.card_product_ids)
    if asked.channel:
        tests.append(lambda facts: facts.channel == asked.channel)
    if asked.is_birthday_month:
        tests.append(lambda facts: facts.birth_month == facts.local_time.month)
    if asked.group_ids:
        tests.append(lambda facts: not asked.group_ids.isdisjoint(facts.group_ids))
    return (*tests, *_tests_of_time(asked))


def _tests_of_time(asked: Conditions) -> list[Test]:
    tests: list[Test] = []
    first, last = asked.starts_on, asked.ends_on
    if first is not None:
        tests.append(lambda facts: facts.local_time.date() >= first)
    if last is not None:
        tests.append(lambda facts: facts.local_time.date() <= last)
    if asked.weekdays:
        tests.append(lambda facts: facts.local_time.isoweekday() in asked.weekdays)
    if asked.from_hour is not None or asked.until_hour is not None:
        hours = _hours_of(asked.from_hour or 0, 24 if asked.until_hour is None else asked.until_hour)
        tests.append(lambda facts: facts.local_time.hour in hours)
    return tests


def _hours_of(first: int, end: int) -> frozenset[int]:
    """Return the hours of a day from one until before another, over midnight when that comes first."""
    if first > end:
        return frozenset(range(first, 24)) | frozenset(range(end))
    return frozenset(range(first, end))
