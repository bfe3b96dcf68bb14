"""Crashes, many times over: what was lost, done twice, or done to a machine that was restarted since it was approved.

Nothing is measured in seconds here. Run as `python -m tests.bench.bench_crashes [--kills ROUNDS] [--points ROUNDS]
[--seed N]`. `--kills` rounds of SIGKILL at random moments of a fan-out, every second one while Slack and AWS stumble;
`--points` rounds of each named point of an action, where the process ends by itself.
"""

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.bot.services.acting.crashing import EFFECTS, POINTS, crashed
from tests.bot.services.room import ADA
from tests.live.killing import Tally, one_round, prepared


def killed(rounds: int, seed: int, folder: Path) -> Tally:
    """So many rounds of SIGKILL, between two and six kills in each."""
    total, template = Tally(), prepared(folder)
    for number in range(seed, seed + rounds):
        with tempfile.TemporaryDirectory(dir=folder) as own:
            seen = one_round(template, Path(own), number, kills=2 + number % 5, stumbling=number % 2 == 1)
        if not seen.is_clean:
            print(f"seed {number}: {seen}", flush=True)
        total.add(seen)
    return total


def ended_at_points(rounds: int, folder: Path) -> Counter[str]:
    """So many rounds of every named point; what was counted so far is said after each, as many rounds take long."""
    total: Counter[str] = Counter()
    for number in range(1, rounds + 1):
        for kind, points in POINTS.items():
            for point in points:
                with tempfile.TemporaryDirectory(dir=folder) as own:
                    total += _at(Path(own), kind, point)
        print(f"{number} rounds of each point: {dict(total)}", flush=True)
    return total


def _at(folder: Path, kind: str, point: str) -> Counter[str]:
    seen = crashed(folder, kind, point)
    assert seen.ended == 137
    holders = [] if kind == "stop" else [ADA]
    counted = Counter(
        {
            "rounds": 1,
            "actions lost": seen.state != "done" or seen.made.keys() != EFFECTS[kind],
            "actions doubled": sum(seen.made.values()) - len(seen.made),
            "messages lost": max(0, 1 - seen.told),
            "messages doubled": max(0, seen.told - 1),
            "claims lost": seen.holders != holders,
        }
    )
    if counted.total() > 1:
        print(f"{kind} {point}: {seen}", flush=True)
    return counted


def report(kills: Tally, points: Counter[str]) -> str:
    """What came of both."""
    named = sum(map(len, POINTS.values()))
    lines = [
        f"kill -9: {kills.rounds} rounds, {kills.kills} kills, {kills.faults} faults of Slack and AWS",
        f"  machines that somebody restarted: {kills.relaunches}, stopped all the same {kills.actions_wrong}",
        f"  actions:  {kills.actions:,}, lost {kills.actions_lost}, doubled {kills.actions_doubled}",
        f"  messages: {kills.messages:,}, lost {kills.messages_lost}, doubled {kills.messages_doubled}",
        f"named points: {points['rounds']} rounds at {named} points in {len(POINTS)} kinds of action",
        *(
            f"  {name}: {points[name]}"
            for name in ("actions lost", "actions doubled", "messages lost", "messages doubled", "claims lost")
        ),
    ]
    return "\n".join(lines)


@pytest.mark.bench
def test_bench_crashes(capsys, tmp_path):
    kills, points = killed(5, 0, tmp_path), ended_at_points(1, tmp_path)

    with capsys.disabled():
        print("\n" + report(kills, points))


def main() -> None:
    """As called."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--kills", type=int, default=20)
    wanted.add_argument("--points", type=int, default=1)
    wanted.add_argument("--seed", type=int, default=0)
    given, began = wanted.parse_args(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        kills, points = killed(given.kills, given.seed, Path(folder)), ended_at_points(given.points, Path(folder))
    print(report(kills, points))
    print(f"in {(time.monotonic() - began) / 60:.0f} minutes")


if __name__ == "__main__":
    main()
