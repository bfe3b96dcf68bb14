"""How long 50 people who type at once wait for the acknowledgement while AWS hangs and a stop is stuck in it.

Run as `python -m tests.bench.bench_acknowledge`, or `pytest -m bench -s tests/bench/bench_acknowledge.py`. `valet run`
as a process of its own, over Socket Mode; bursts of 50 commands, as `/gpu status` and as `/gpu claim`, for 30 seconds.
Slack's own patience is 3 seconds. Few machines are there: `bench_answers` has ten thousand, over signed HTTP.
"""

import tempfile
import time
from pathlib import Path

import pytest

from tests.live.hanging import stuck

PEOPLE = 50
LENGTH_S = 30.0
LINES = ("/gpu status", "/gpu claim nb-5 for 1h", "/gpu stop nb-5", "/cost forecast")


def measure() -> tuple[list[float], int]:
    """Milliseconds until each command was acknowledged, and how many bursts there were."""
    took: list[float] = []
    bursts = 0
    with tempfile.TemporaryDirectory() as folder, stuck(Path(folder)) as here:
        began = time.monotonic()
        while time.monotonic() - began < LENGTH_S:
            took += here.burst(PEOPLE, LINES[bursts % len(LINES)])
            bursts += 1
            time.sleep(1)
    return took, bursts


def report(took: list[float], bursts: int) -> str:
    """p50, p99 and the longest; what was never acknowledged is missing."""
    ranked = sorted(took)
    p50, p99 = ranked[len(ranked) // 2], ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))]
    missing = bursts * PEOPLE - len(ranked)
    return (
        f"{bursts} bursts of {PEOPLE} commands while AWS hangs: p50 {p50:.0f} ms, p99 {p99:.0f} ms, "
        f"longest {ranked[-1]:.0f} ms, not acknowledged: {missing}"
    )


@pytest.mark.bench
def test_bench_acknowledge(capsys):
    found = measure()

    with capsys.disabled():
        print("\n" + report(*found))


if __name__ == "__main__":
    print(report(*measure()))
