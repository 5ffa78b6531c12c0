"""How the state machines of the ledger are run: short by default, long at night, shared among tests."""

import os

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def number_of(name: str, usual: int) -> int:
    """Return a number that the environment asks for, or the usual one."""
    return int(os.environ.get(name, usual))


def run_machine(machine: type[RuleBasedStateMachine], *, examples: int, steps: int, shards: int) -> None:
    """Run one of so many tests that share the examples."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=-(-examples // shards),
            stateful_step_count=steps,
            # In CI sequences are the same each time, and so they would be in each shard.
            derandomize=shards == 1 and "CI" in os.environ,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
