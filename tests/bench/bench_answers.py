"""How long people wait over signed HTTP while all jobs run, with rented machines and a filled ledger.

Run as `python -m tests.bench.bench_answers [--machines N] [--hours H] [--minutes M] [--share S] [--told T]`, or by
`pytest -m bench`. A command every tenth of a second, turn by turn with Bolt's own no-op as a floor, over whole minutes
in which every job of a minute ran; said are p50, p99 and the longest, the ratio of the p99 to the floor's, CPU and
memory of Valet and of its children, and what AWS was asked. It leaves out agents' deliveries (`bench_door`,
`bench_crowds`) and Socket Mode.
"""

import argparse
import os
import time

import pytest

from tests.bench.rig import Company, Rig, ranked, rig

LINES = (
    *(("/gpu", "status"), ("/gpu", "find 1xA100 for 6h"), ("/gpu", "claim train-7 for 1h"), ("/gpu", "why train-9")),
    *(("/cost", "forecast"), ("/gpu", ""), ("/gpu", "status idle"), ("/gpu", "status team:nlp")),
)
PAUSE_S = 0.1
Rows = dict[str, list[float]]


def measure(company: Company, minutes: float) -> str:
    """A report of so many minutes."""
    with rig(company) as here:
        here.until_swept(2)
        first = {" ".join(line): here.ask(*line)[1] for line in LINES}
        here.calls()
        began, used = time.monotonic(), here.cpu_s()
        rows = typed(here, minutes)
        length = (time.monotonic() - began) / 60
        spent = {name: (value - used.get(name, 0.0)) / length for name, value in here.cpu_s().items()}
        return f"first answers, s: {_said({line: ms / 1000 for line, ms in first.items()})}\n" + report(
            rows, spent, here, length
        )


def typed(here: Rig, minutes: float) -> Rows:
    """Milliseconds by what was measured."""
    rows: Rows = {}
    end, turn = time.monotonic() + 60 * minutes, 0
    while time.monotonic() < end:
        acknowledged, answered = here.ask(*LINES[turn % len(LINES)])
        rows.setdefault("acknowledged", []).append(acknowledged)
        rows.setdefault("floor", []).append(here.floor())
        rows.setdefault("answered", []).append(answered)
        rows.setdefault("answered: " + " ".join(LINES[turn % len(LINES)]), []).append(answered)
        turn += 1
        time.sleep(PAUSE_S)
    return rows


def report(rows: Rows, spent: dict[str, float], here: Rig, length: float) -> str:
    """All figures."""
    lines = [f"{'p50 ms':>9} {'p99 ms':>9} {'max ms':>9} {'n':>5}   load {os.getloadavg()[0]:.1f}"]
    for name, values in rows.items():
        p50, p99 = ranked(values, 0.5), ranked(values, 0.99)
        lines.append(f"{p50:9.1f} {p99:9.1f} {max(values):9.1f} {len(values):5}   {name}")
    ratio = ranked(rows["acknowledged"], 0.99) / ranked(rows["floor"], 0.99)
    calls = {name: round(count / length, 1) for name, count in here.calls().items()}
    lines.append(f"acknowledged p99: {ratio:.2f} times the floor's")
    lines.append(f"CPU s a minute: {_said(spent)}; MiB: {_said(here.mib())}; highest: {_said(here.mib('VmHWM'))}")
    lines.append(f"AWS calls a minute: {sum(calls.values()):.0f} {calls}")
    return "\n".join(lines)


def _said(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.1f}" for name, value in figures.items())


@pytest.mark.bench
def test_bench_answers(capsys):
    found = measure(Company(machines=2_000, ledger_hours=24), 2)

    with capsys.disabled():
        print("\n" + found)


def main() -> None:
    """As called."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--machines", type=int, default=10_000)
    wanted.add_argument("--hours", type=int, default=24)
    wanted.add_argument("--minutes", type=float, default=3)
    wanted.add_argument("--share", type=float, default=1.0)
    wanted.add_argument("--told", type=int, default=10, help="minutes that agents have delivered")
    given = wanted.parse_args()
    company = Company(given.machines, share=given.share, ledger_hours=given.hours, told_minutes=given.told)
    print(measure(company, given.minutes))


if __name__ == "__main__":
    main()
