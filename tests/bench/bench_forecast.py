"""How good and how quick forecasts are, on real daily series, beside plain methods and the bar.

Run with `pytest -m bench -s -rs tests/bench/bench_forecast.py`.
The scorer needs numpy and pandas. Where this Python lacks them, VALET_SCORER_PYTHON names one that has them.
"""

import os
import re
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from bot.domain.money.forecast import DailyHistory, forecast
from tests.data import data_file

pytestmark = pytest.mark.bench

REPOSITORY = Path(__file__).parents[2]
COMMAND = (
    f"{sys.executable} -c 'from bot.commands.forecast import forecast; forecast()'"
    " --history {history} --out {out} --horizon {horizon}"
)
RUNS = {
    "full history": ([], {"WAPE30": 0.28, "QL": 0.13}, True),
    "14 days of history": (["--history", "14"], {"WAPE30": 0.30}, False),
    "7 days of history": (["--history", "7"], {"WAPE30": 0.30}, False),
    "known stops": (["--only", "helios", "--events", "stops"], {"WAPE30": 0.155}, False),
    "all changes known": (["--only", "helios", "--events", "all"], {"WAPE30": 0.0}, False),
}
COLUMNS = ("WAPE30", "medWAPE", "MASE", "cov80", "cov95", "QL")
BAR = {"WAPE30": "<= 0.28", "cov80": "0.75-0.90", "cov95": ">= 0.88", "QL": "<= 0.13"}
PLAIN = ("naive (last day)", "snaive7", "mean14", "mean28", "mean60", "linear60")


def skipped(why):
    print(f"\nSKIPPED: {why}")
    pytest.skip(why)


def series(name):
    """A file of the series; where it is missing, that is said."""
    try:
        return data_file(f"series/{name}")
    except pytest.skip.Exception as missing:
        skipped(str(missing))


def scorer_says(mode, *arguments):
    """What the scorer prints. Skips, and says why, where the data or the scorer's libraries are missing."""
    python = os.environ.get("VALET_SCORER_PYTHON") or sys.executable
    scorer = series("evaluate.py")
    if subprocess.run([python, "-c", "import numpy, pandas"], capture_output=True, check=False).returncode:
        skipped(f"{python} has no numpy and pandas; name one that has by VALET_SCORER_PYTHON")
    return subprocess.run(
        [python, "-W", "ignore", str(scorer), mode, "--data", str(scorer.parent), *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def rows_of(text):
    """The scorer's table: a dict of columns for each row of all series, by its method."""
    _, head, *lines = text.splitlines()
    names, found = head.split(), {}
    for line in lines:
        method = re.match(r"(.*?)\s+(?:all|fleet|bursty)\s", f"{line} ")
        cells = line.split()[-len(names) :]
        if method and re.search(r"\sall\s", line):
            found[method[1].strip()] = dict(zip(names, map(float, cells), strict=True))
    return found


def scored(*arguments):
    """Our row of the scorer's table."""
    command = COMMAND + (" --events {events}" if "--events" in arguments else "")
    return rows_of(scorer_says("run", "--cmd", command, *arguments))["cmd"]


def line(name, cells):
    print(f"{name:<28}" + "".join(f"{cells.get(column, ''):>12}" for column in COLUMNS))


@pytest.mark.parametrize("name", RUNS)
def test_forecasts_meet_the_bar(name):
    arguments, highest, covers = RUNS[name]

    table = scored(*arguments)

    print()
    line(name, {column: column for column in COLUMNS})
    line("Valet", table)
    line("bar", BAR if covers else {column: f"<= {most}" for column, most in highest.items()})
    assert {column: table[column] for column in highest if table[column] > highest[column]} == {}
    if covers:
        assert 0.75 <= table["cov80"] <= 0.90
        assert table["cov95"] >= 0.88


def test_no_plain_method_is_better():
    ours, plain = scored(), rows_of(scorer_says("baselines"))

    print()
    line("16 series, 30 days ahead", {column: column for column in COLUMNS})
    line("Valet", ours)
    line("bar", BAR)
    for name in PLAIN:
        line(name, plain[name])
    assert ours["WAPE30"] <= min(plain[name]["WAPE30"] for name in PLAIN)


def real_days(days):
    text = series("binder_gcp.csv").read_text(encoding="utf-8")
    real = [float(value) for value in re.findall(r"^binder/com\.googleapis,[^,]+,(.+)$", text, re.MULTILINE)]
    return DailyHistory(date(2020, 1, 1), tuple((real * 4)[:days]))


@pytest.mark.parametrize("days", [14, 60, 365, 2_000])
def test_how_long_one_series_takes(days):
    history = real_days(days)

    began = time.perf_counter()
    for _ in range(20):
        forecast(history, horizon=30)

    print(f"\n{days} days of history: {(time.perf_counter() - began) * 50:.1f} ms a series")


def test_how_long_two_hundred_series_of_half_a_year_take():
    history = real_days(180)

    began = time.perf_counter()
    for _ in range(200):
        forecast(history, horizon=30)

    print(f"\n200 series of 180 days: {time.perf_counter() - began:.2f} s")
