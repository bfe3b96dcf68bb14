"""What a scrape costs and how many series it brings, by size of the fleet, with a week of hours in the ledger.

Run as `python -m tests.bench.bench_metrics`, or `pytest -m bench -s tests/bench/bench_metrics.py`.
"""

import os
import tempfile
from pathlib import Path

import pytest

from bot.domain.clock import HOUR_MS
from bot.domain.machines.readings import AgentReport
from bot.services import metrics
from bot.services.context import Context
from bot.services.money import ledger
from bot.settings import parse
from bot.telemetry.figures import exposition
from store import Store
from store.machines import agents
from tests.bench.crowd import fill
from tests.conftest import MONDAY
from tests.stories.conftest import SETTINGS

SIZES = (100, 1_000, 10_000)
DAYS = 7


def with_a_week(store: Store, ids: list[str]) -> None:
    """An hour's charge of each machine for every hour of the last week."""
    with store.writing() as db:
        for hour in range(DAYS * 24):
            at = MONDAY - (hour + 1) * HOUR_MS
            rows = [(each, at, at + HOUR_MS, HOUR_MS, 21_957_642, 21_957_642, "nlp", 1) for each in ids]
            db.conn.executemany(
                "INSERT INTO charges (instance_id, from_at, until_at, running_ms, rate_micros, micros, team, exact) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )


def measure(count: int, folder: Path) -> str:
    store = Store(folder / f"valet-{count}.db", durable=False)
    settings = parse(SETTINGS | {"budget": {"usd": 100_000}}, {})
    roster = settings.roster()
    ctx = Context(store=store, clock=lambda: MONDAY, settings=settings, providers={}, roster=lambda: roster)
    ids = [each.id for each in fill(ctx, count)]
    with_a_week(store, ids)
    with store.writing() as db:
        for each in ids:
            agents.save_report(db, AgentReport(each, MONDAY, 8, f"0.1.{hash(each) % 40}", "550.54", "", None))
    ledger.catch_up_spend(ctx)
    exposition(metrics.stored_figures(ctx))
    before = os.times()
    text = exposition(metrics.stored_figures(ctx))
    after = os.times()
    store.close()
    series = sum(not line.startswith(b"#") for line in text.splitlines())
    return f"{count:>6} machines and agents: {(after.user - before.user) * 1000:6.0f} ms of CPU, {series} series"


@pytest.mark.bench
def test_bench_metrics(capsys):
    with tempfile.TemporaryDirectory() as folder, capsys.disabled():
        for count in SIZES:
            print(measure(count, Path(folder)))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        for size in SIZES:
            print(measure(size, Path(place)))
