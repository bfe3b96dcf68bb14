"""What home tabs cost among 10,000 machines: one that is opened, and a minute's look at the 20 that are open.

Run as `python -m tests.bench.bench_desks [MACHINES]`, or by `pytest -m bench`. CPU of services and drawing, beside
one search of what is free for one person, as a floor within the run. Slack's side and the jobs are left out.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.services import home
from handlers import home as home_face
from tests.bench.bench_telemetry import BEGAN, desk_in
from tests.bench.crowd import fill

OPEN = 20


def measure(machines: int) -> str:
    """A line for each figure, in milliseconds of CPU and as a ratio to the floor."""
    with tempfile.TemporaryDirectory() as folder:
        ctx = desk_in(Path(folder), [BEGAN])
        fill(ctx, machines)
        people = [f"U{number:09d}" for number in range(OPEN)]
        for person in people:
            home_face.opened(ctx, person)
        floor = _cpu(lambda: home.free_now(ctx, people[0]))
        opened = _cpu(lambda: home_face.opened(ctx, people[0]))
        news = _cpu(lambda: list(home.changed_desks(ctx)))
        ctx.store.close()
    figures = {"what is free for one": floor, "a home tab opened": opened, f"news of {OPEN} that are open": news}
    rows = [f"{1000 * spent:9.0f} {spent / floor:6.1f}   {name}" for name, spent in figures.items()]
    return "\n".join([f"{'ms CPU':>9} {'times':>6}   {machines:,} machines, load {os.getloadavg()[0]:.1f}", *rows])


def _cpu(step: Callable[[], object], times: int = 3) -> float:
    spent = []
    for _ in range(times):
        began = time.process_time()
        step()
        spent.append(time.process_time() - began)
    return min(spent)


@pytest.mark.bench
def test_bench_desks(capsys):
    found = measure(10_000)

    with capsys.disabled():
        print("\n" + found)


if __name__ == "__main__":
    print(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
