"""On how many examples a property is tried: few for every change, EXAMPLES_TIMES as many in `make long`."""

import os

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("EXAMPLES_TIMES", "1"))


def patient(examples: int) -> settings:
    """Return settings for a property that works on the database, which is slower than Hypothesis expects."""
    return settings(max_examples=examples * TIMES, deadline=None, suppress_health_check=list(HealthCheck))
