"""How good and how quick forecasts are, on real daily series.

Run with `pytest -m bench -s tests/bench/bench_forecast.py`.
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

from bot.domain.money.forecast import History, forecast
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


def scored(*arguments):
    """The scorer's table, printed, as a dict."""
    python = os.environ.get("VALET_SCORER_PYTHON") or sys.executable
    scorer = data_file("series/evaluate.py")
    if subprocess.run([python, "-c", "import numpy, pandas"], capture_output=True, check=False).returncode:
        pytest.skip(f"{python} has no numpy and pandas; name one that has by VALET_SCORER_PYTHON")
    command = COMMAND + (" --events {events}" if "--events" in arguments else "")
    done = subprocess.run(
        [python, "-W", "ignore", str(scorer), "run", "--data", str(scorer.parent), "--cmd", command, *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    print("\n" + done.stdout)
    names, cells = [line.split() for line in done.stdout.splitlines()[1:3]]
    return dict(zip(names, map(float, cells[2:]), strict=True))


@pytest.mark.parametrize("name", RUNS)
def test_forecasts_meet_the_bar(name):
    arguments, highest, covers = RUNS[name]

    table = scored(*arguments)

    assert {column: table[column] for column in highest if table[column] > highest[column]} == {}
    if covers:
        assert 0.75 <= table["cov80"] <= 0.90
        assert table["cov95"] >= 0.88


@pytest.mark.parametrize("days", [14, 60, 365, 2_000])
def test_how_long_one_series_takes(days):
    text = data_file("series/binder_gcp.csv").read_text(encoding="utf-8")
    real = [float(value) for value in re.findall(r"^binder/com\.googleapis,[^,]+,(.+)$", text, re.MULTILINE)]
    history = History(date(2020, 1, 1), tuple((real * 4)[:days]))

    began = time.perf_counter()
    for _ in range(20):
        forecast(history, horizon=30)

    print(f"\n{days} days of history: {(time.perf_counter() - began) * 50:.1f} ms a series")
