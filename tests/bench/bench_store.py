"""What the store costs at 10,000 instances: a page of listings, writing a look down, the verdicts, and deliveries.

One thing after the other: `bench_answers` has what people wait for while all of it runs, and what a look at AWS takes.

Run as `python -m tests.bench.bench_store`, or `pytest -m bench -s tests/bench/bench_store.py`.
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.clock import MINUTE_MS
from bot.domain.machines.fleet import Instance, SourceSnapshot
from bot.domain.machines.listing import FleetFilter
from bot.domain.machines.readings import Gpu, Minute, Push
from bot.services.context import Context
from bot.services.machines import fleet, readings, verdict
from bot.settings import parse
from store import Store
from store.machines import listings

COUNT = 10_000
SOURCES = 20
HOSTS = 500
"""Hosts of 8 GPUs that deliver."""
BASE = Instance("i-0", "train", "ec2", "", "p4d.24xlarge", "running", "A100", 8, launched_at=0, tags={"team": "nlp"})


def fleet_of(source: int) -> tuple[Instance, ...]:
    """The instances of one source."""
    each = COUNT // SOURCES
    return tuple(
        replace(BASE, id=f"i-{number:017x}", name=f"train-{number}", source=f"ec2/1/region-{source}")
        for number in range(source * each, (source + 1) * each)
    )


def timed(name: str, times: int, step: Callable[[int], object]) -> None:
    """Print the median and the worst of some runs, in milliseconds."""
    spent = []
    for number in range(times):
        began = time.perf_counter()
        step(number)
        spent.append((time.perf_counter() - began) * 1000)
    spent.sort()
    print(f"{name:<52} p50 {spent[len(spent) // 2]:8.2f} ms   worst {spent[-1]:8.2f} ms   of {times}")


def push(host: str, seq: int, tick: int) -> Push:
    """A minute of 8 idle GPUs."""
    gpus = tuple(Gpu(gpu, f"GPU-{gpu}", "NVIDIA A100", 81920) for gpu in range(8))
    told = tuple(Minute(gpu, tick, 4, 0.0, 0.0, None, 60.0, 4, 81920, 0, 0) for gpu in range(8))
    return Push(host, "boot", seq, tick + 1, 0, gpus, told)


def measure(folder: Path) -> None:
    """Fill a store, and time what is done most."""
    now = [1_800_000_000_000]
    store = Store(folder / "bench.db")
    ctx = Context(store, lambda: now[0], parse({"slack": {"channel": "C00"}}, {}), {}, lambda: parse({}, {}).roster())
    looks = [SourceSnapshot(f"ec2/1/region-{source}", fleet_of(source)) for source in range(SOURCES)]

    def sweep(number: int) -> None:
        now[0] += MINUTE_MS
        for look in looks:
            fleet.record_snapshot(ctx, look, now[0])

    timed(f"first sweep, {COUNT} instances in {SOURCES} sources", 1, sweep)
    timed("later sweep, nothing changed", 5, sweep)
    delivery = [0]

    def deliver(number: int) -> None:
        delivery[0] += 1
        host, minute = f"i-{number % HOSTS:017x}", delivery[0] // HOSTS
        readings.receive(ctx, push(host, delivery[0], 1_000 + minute), "10.0.0.1")

    timed("one delivery: 8 GPUs, one minute, one transaction", HOSTS * 4, deliver)
    timed("judge everything", 5, lambda _: verdict.judge_all(ctx))
    db = store.reading()
    timed("a page of 20, most wasteful first", 50, lambda _: listings.listings_page(db, FleetFilter(), limit=20))
    timed(
        "a page of 20, idle and unclaimed",
        50,
        lambda _: listings.listings_page(db, FleetFilter("", "", "idle"), limit=20),
    )
    timed("the sums over all", 50, lambda _: listings.fleet_totals(db, FleetFilter()))
    timed("one instance by its name", 50, lambda n: listings.matching_listings(db, f"train-{n}"))
    timed("instances by the beginning of their name", 50, lambda _: listings.matching_listings(db, "train-99"))
    timed("every name", 20, lambda _: listings.names_in_use(db))
    store.close()


@pytest.mark.bench
def test_the_store_at_ten_thousand_instances(tmp_path):
    measure(tmp_path)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name))
