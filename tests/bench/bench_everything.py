"""Everything at once, for as long as you like: how much was come by, and whether anything broke.

Run as `python -m tests.bench.bench_everything [--minutes M] [--seed N] [--steps S]`. It prints one line of counts; what
breaks is printed by hypothesis, with the steps that lead there, unshortened, and ends it.
"""

import argparse
import time

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.stories.chaos import Upheaval
from tests.stories.faults import COUNTS
from tests.stories.test_everything_at_once import Everything

AT_ONCE = 20
"""Rounds between looks at the clock."""


def measure(minutes: float, first: int, steps: int) -> None:
    """Round after round, each twenty by a seed of their own."""
    Upheaval.patient = True
    end, number = time.monotonic() + minutes * 60, first
    while time.monotonic() < end:
        chosen = settings(
            max_examples=AT_ONCE,
            stateful_step_count=steps,
            database=None,
            phases=[Phase.generate],
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(seed(number)(Everything), settings=chosen)
        number += 1


def report() -> str:
    """One line: what was come by, in the order of the alphabet."""
    return "; ".join(f"{COUNTS[name]:,} {name}" for name in sorted(COUNTS))


@pytest.mark.bench
def test_bench_everything(capsys):
    measure(0.5, 0, 60)

    with capsys.disabled():
        print("\n" + report())


def main() -> None:
    """As called."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--minutes", type=float, default=10)
    wanted.add_argument("--seed", type=int, default=0)
    wanted.add_argument("--steps", type=int, default=60)
    given = wanted.parse_args()
    try:
        measure(given.minutes, given.seed, given.steps)
    finally:
        print(report())


if __name__ == "__main__":
    main()
