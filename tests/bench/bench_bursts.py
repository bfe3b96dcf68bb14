"""How often a GPU that works in short bursts is called idle: by a gauge polled every minute, and by Valet.

Run as `python -m tests.bench.bench_bursts`, or `pytest -m bench -s tests/bench/bench_bursts.py`. That is 300 hours
a row and takes some minutes; `python -m tests.bench.bench_bursts 1` judges 50. The GPU is the fake library's: its gauge
tells the utilisation of the moment, and its history, which nvmlDeviceGetSamples reads, goes back 20 s.

Every hour lies at a random place in the pattern of bursts, and the same hours are judged

- by the gauge: 60 readings a minute apart, each 0 %;
- by Valet: a look every 15 s from 16 minutes before the hour on, folded, judged at the end of the hour;
- by Valet on a driver that keeps no history, so that it looks at the gauge every 15 s.

The power of the GPU is left out: Valet's learned floor could only make it less often idle. The last row has no work in
it, so all should call it idle.
"""

import sys
import tempfile
from pathlib import Path

import pytest

from tests.live.gpus.library import GpuHost, build, has_compiler

PATTERNS = {
    "10 s per 5 min": (10, 300),
    "20 s per 5 min": (20, 300),
    "5 s per min": (5, 60),
    "30 s per 10 min": (30, 600),
    "no work": (0, 300),
}
BATCH, BATCHES = 50, 6
SEED = 20260

WATCH = """
import json, os, random, sys
import pynvml
from bot.agent.minutes import Folding
from bot.agent.print import GpuOutlook
from bot.telemetry.nvml import Nvml

length, period, hours, seed = map(int, sys.argv[1:])
BEGAN, WATCHED = 1000, 76  # ticks of a host that booted long ago: 15 to settle, 60 to judge, one to be late

def sets(at_s, more=""):
    with open(os.environ["FAKE_NVML"], "w") as file:
        file.write(f"gpus 1\\n0 burst {length} {period} 97\\n{more}now {int(at_s * 1000)}\\n")

def valet(shift_s, more=""):
    at = [BEGAN * 60.0]
    sets(shift_s + at[0], more)
    nvml = Nvml(lambda: at[0])
    nvml.open()
    folding, outlook = Folding(), GpuOutlook(BEGAN)
    for look in range(WATCHED * 4 + 1):
        at[0] = BEGAN * 60 + look * 15 + 0.02
        sets(shift_s + at[0], more)
        outlook.add(folding.add(BEGAN + look // 4, {0: nvml.sample(0, with_processes=look % 4 == 0)}))
    said = outlook.text(nvml.gpus, BEGAN + WATCHED)
    nvml.close()
    return said.startswith(("gpu 0: free", "gpu 0: held"))

def gauge(shift_s):
    pynvml.nvmlInit()
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    seen = []
    for minute in range(WATCHED - 60, WATCHED):
        sets(shift_s + (BEGAN + minute) * 60)
        seen.append(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    pynvml.nvmlShutdown()
    return not any(seen)

places = random.Random(seed)
shifts = [places.uniform(0, period) for _ in range(hours)]
idle = [(gauge(shift), valet(shift), valet(shift, "0 fail Samples 3\\n")) for shift in shifts]
print(json.dumps([sum(each) for each in zip(*idle)]))
"""


def measure(batches: int = BATCHES) -> dict[str, list[float]]:
    """Percent of the hours called idle, for each pattern: by the gauge, by Valet, by Valet without a history."""
    shares = {}
    with tempfile.TemporaryDirectory() as folder:
        host = GpuHost(Path(folder), build(Path(folder) / "lib"))
        for name, (length, period) in PATTERNS.items():
            counts = [
                host.answers(WATCH, *map(str, (length, period, BATCH, SEED + batch)), live=True)
                for batch in range(batches)
            ]
            shares[name] = [100 * sum(each) / (BATCH * batches) for each in zip(*counts, strict=True)]
    return shares


def report(shares: dict[str, list[float]]) -> str:
    """A pattern a line."""
    head = f"{'hours called idle':18}{'gauge 60 s':>12}{'Valet':>12}{'Valet, no history':>20}"
    rows = [f"{name:18}{gauge:10.1f} %{valet:10.1f} %{blind:18.1f} %" for name, (gauge, valet, blind) in shares.items()]
    return "\n".join([head, *rows])


@pytest.mark.bench
def test_bench_bursts(capsys):
    if not has_compiler():
        pytest.skip("gcc is needed to build the fake libnvidia-ml.so.1")

    shares = measure()

    with capsys.disabled():
        print("\n" + report(shares))


if __name__ == "__main__":
    print(report(measure(*map(int, sys.argv[1:2]))))
