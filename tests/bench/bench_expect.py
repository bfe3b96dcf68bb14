"""What to expect at 100, 1,000 and 10,000 machines, as the table that stands in docs/runbook.md.

Run as `python -m tests.bench.bench_expect [--sizes 100 1000 10000] [--minutes M]`, a quarter of an hour. A whole Valet
at each size (`rig`): rented machines of 8 GPUs, agents' last ten minutes, two days of ledger and all jobs at work; some
minutes alone, then as many with a command every tenth of a second over signed HTTP. Waiting is given as multiples of
Bolt's own no-op in the same run, work as seconds of CPU: milliseconds would be those of the machine it ran on. Left out
are agents' deliveries (`bench_door`, `bench_crowds`), Socket Mode (`bench_acknowledge`) and a year's ledger.
"""

import argparse
import os
import time
from collections.abc import Sequence

import pytest

from tests.bench.bench_answers import LINES, typed
from tests.bench.rig import Company, ranked, rig

HOURS, TOLD = 48, 10
Column = dict[str, str]


def measured(machines: int, minutes: float) -> Column:
    """One column of the table."""
    with rig(Company(machines, ledger_hours=HOURS, told_minutes=TOLD)) as here:
        start = sum(here.start_cpu_s.values())
        here.until_swept(2)
        for line in LINES:
            here.ask(*line)
        here.calls()
        used = here.cpu_s()
        time.sleep(60 * minutes)
        now, calls = here.cpu_s(), sum(here.calls().values()) / minutes
        spent = {what: (now.get(what, 0.0) - used.get(what, 0.0)) / minutes for what in ("valet", "child")}
        rows, held = typed(here, minutes), here.mib()
    floor = ranked(rows["floor"], 0.99)
    return {
        "a command is acknowledged, p99": f"{ranked(rows['acknowledged'], 0.99) / floor:.1f}",
        "a command is answered, median": f"{ranked(rows['answered'], 0.5) / floor:.1f}",
        "a command is answered, p99": f"{ranked(rows['answered'], 0.99) / floor:.1f}",
        "CPU until the door is open": f"{start:.1f} s",
        "CPU a minute": f"{spent['valet']:.1f} s",
        "CPU a minute of the child process": _or_none(spent["child"], "s"),
        "memory": f"{held['valet']:.0f} MiB",
        "memory of the child process": _or_none(held.get("child", 0.0), "MiB"),
        "calls of AWS a minute": f"{calls:.0f}",
    }


def _or_none(value: float, unit: str) -> str:
    return f"{value:.1f} {unit}" if value else "none"


def table(columns: dict[int, Column]) -> str:
    """Markdown."""
    sizes = list(columns)
    lines = ["| machines, of 8 GPUs each | " + " | ".join(f"{size:,}" for size in sizes) + " |"]
    lines.append("| --- |" + " ---: |" * len(sizes))
    names = next(iter(columns.values()))
    return "\n".join(
        [*lines, *(f"| {name} | " + " | ".join(columns[size][name] for size in sizes) + " |" for name in names)]
    )


def measure(sizes: Sequence[int], minutes: float) -> str:
    """The table, and how busy the machine was."""
    columns = {size: measured(size, minutes) for size in sizes}
    return f"{table(columns)}\n\nload {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores"


@pytest.mark.bench
def test_bench_expect(capsys):
    found = measure([100, 1_000], 1)

    with capsys.disabled():
        print("\n" + found)


def main() -> None:
    """As called."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--sizes", type=int, nargs="+", default=[100, 1_000, 10_000])
    wanted.add_argument("--minutes", type=float, default=2)
    given = wanted.parse_args()
    print(measure(given.sizes, given.minutes))


if __name__ == "__main__":
    main()
