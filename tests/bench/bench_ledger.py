"""What questions about money take over a filled ledger, and how much memory they leave behind.

Run as `python -m tests.bench.bench_ledger [--machines M] [--days D]`, or by `pytest -m bench -s` and its path.
CPU, not the clock on the wall, and each beside the same sum by a scan of the charges in the same run. It leaves out
Slack, and the jobs that run beside.
"""

import argparse
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.domain.clock import HOUR_MS, system_clock
from bot.domain.days import ONE_DAY, local_day
from bot.domain.machines.fleet import Instance
from bot.domain.money.scope import TOTAL
from bot.services.context import Context
from bot.services.money import budget_amounts, forecast, ledger, reports
from bot.settings import parse
from store import Store
from store.money import day_sums, source_reads
from store.sql import many, rows
from tests.bench.crowd import fill
from tests.stories.conftest import SETTINGS

ROUNDS = 5
SCAN = (
    "SELECT c.team, s.use, sum(s.micros) AS micros, sum(s.gpu_ms) AS gpu_ms FROM charges c "
    "JOIN shares s ON s.charge_id = c.id WHERE c.from_at >= ? GROUP BY 1, 2"
)


def cpu_s() -> float:
    """CPU this process has had, seconds."""
    times = os.times()
    return times.user + times.system


def resident_mib() -> float:
    """What it holds in memory."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def charge_all(ctx: Context, made: list[Instance], hours: int) -> None:
    """A charge for each machine and hour up to now, most of one share."""
    chance, first = random.Random(5), ctx.clock() // HOUR_MS * HOUR_MS - hours * HOUR_MS
    uses = {each.id: chance.choice(["busy", "busy", "idle", "unknown"]) for each in made}
    with ctx.store.writing() as db:
        source_reads.carry(db, made[0].source, first, ctx.clock())
    for hour in range(hours):
        numbered = list(enumerate(made, hour * len(made) + 1))
        with ctx.store.writing() as db:
            many(db, CHARGE, _charges(numbered, first + hour * HOUR_MS))
            many(db, SHARE, ((number, f"U{number % 300}", uses[each.id]) for number, each in numbered))


CHARGE = (
    "INSERT INTO charges (id, instance_id, from_at, until_at, running_ms, micros, rate_micros, team, exact, idle_ms) "
    f"VALUES (?, ?, ?, ?, {HOUR_MS}, 21957642, 21957642, 'nlp', 1, 0)"
)
SHARE = (
    "INSERT INTO shares (charge_id, holder, team, use, gpu_ms, micros) "
    f"VALUES (?, ?, 'nlp', ?, {8 * HOUR_MS}, 21957642)"
)


def _charges(numbered: list[tuple[int, Instance]], at: int) -> Iterator[tuple[object, ...]]:
    return ((number, each.id, at, at + HOUR_MS) for number, each in numbered)


def questions(ctx: Context, days: int) -> dict[str, Callable[[], object]]:
    """What is asked of the last days, by what it is called in the report."""
    today = local_day(ctx.clock(), ZoneInfo(ctx.settings.digest.timezone))
    first = today - days * ONE_DAY
    return {
        "/cost report": lambda: reports.spend_report(ctx, "team", first, today),
        "/cost report by machine": lambda: reports.spend_report(ctx, "instance", first, today),
        "/cost idle": lambda: reports.made_idle_report(ctx, "instance", first, today),
        "/cost budget, what is spent": lambda: budget_amounts.spent_of(ctx, ctx.store.reading(), TOTAL),
        "/cost forecast, once it is made": lambda: forecast.current_report(ctx, TOTAL),
    }


def measure(machines: int, days: int) -> dict[str, float]:
    """CPU seconds and MiB by what was measured."""
    with tempfile.TemporaryDirectory() as folder:
        settings = parse(SETTINGS | {"budget": {"usd": "90000000"}}, {})
        ctx = Context(Store(Path(folder) / "valet.db", durable=False), system_clock, settings, {}, settings.roster)
        charge_all(ctx, fill(ctx, machines), days * 24)
        began = cpu_s()
        rows(ctx.store.reading(), SCAN, 0)
        found = {"a scan of all charges, s": cpu_s() - began}
        began = cpu_s()
        ledger.catch_up_spend(ctx)
        found |= {"sums made, s": cpu_s() - began, "charges": float(day_sums.newest_charge(ctx.store.reading()))}
        began = cpu_s()
        forecast.refresh_reports(ctx)
        found |= {"all forecasts made, s": cpu_s() - began, "resident then, MiB": resident_mib()}
        for name, ask in questions(ctx, days).items():
            began = cpu_s()
            for _ in range(ROUNDS):
                ask()
            found[f"{name}, s"] = (cpu_s() - began) / ROUNDS
        for number in range(10):
            for ask in questions(ctx, days).values():
                ask()
            if number in {0, 9}:
                found[f"resident after round {number + 1} of all, MiB"] = resident_mib()
        ctx.store.close()
    return found


def report(found: dict[str, float]) -> str:
    """A figure a line."""
    return "\n".join(f"{value:12,.3f}  {name}" for name, value in found.items())


@pytest.mark.bench
def test_bench_ledger(capsys):
    found = measure(1_000, 30)

    with capsys.disabled():
        print("\n" + report(found))


def main() -> None:
    """As called."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--machines", type=int, default=10_000)
    wanted.add_argument("--days", type=int, default=10)
    given = wanted.parse_args()
    print(report(measure(given.machines, given.days)))


if __name__ == "__main__":
    main()
