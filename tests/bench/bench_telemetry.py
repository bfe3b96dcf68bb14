"""What telemetry costs at 1,000, 10,000 and 100,000 GPUs, 8 to a host and a minute each.

Disk per day, CPU of a delivery, one judging pass, one hour rolled up, and the strips of a page. Run as
`python -m tests.bench.bench_telemetry`, or `pytest -m bench -s tests/bench/bench_telemetry.py`. Each size runs in a
process of its own, so that memory is its own; 100,000 GPUs take some minutes and about 1 GB of disk.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.packing import Point
from bot.domain.machines.readings import Gpu, Minute, Push
from bot.services.context import Context
from bot.services.machines import readings, verdict
from bot.settings import parse
from store import Store
from store.machines import readings as stored_readings
from store.machines import rollups
from tests.bench.crowd import GPUS, fill

SIZES = (1_000, 10_000, 100_000)
SEEN = 65
"""Minutes in the store when it is judged: the window of the rule and a little more."""
BEGAN = 1_800_000_000_000 // HOUR_MS * HOUR_MS


def desk_in(folder: Path, now: list[int]) -> Context:
    """A bot without a face."""
    settings = parse({"slack": {"channel": "C00"}}, {})
    return Context(Store(folder / "bench.db"), lambda: now[0], settings, {}, settings.roster)


def push(host: str, seq: int, tick: int, util: float = 0.0) -> Push:
    """A minute of 8 GPUs."""
    gpus = tuple(Gpu(gpu, f"GPU-{host}-{gpu}", "NVIDIA A100-SXM4-40GB", 40_960) for gpu in range(GPUS))
    told = tuple(Minute(gpu, tick, 4, util, util, None, 61.3, 30_000, 40_960, 1, 0) for gpu in range(GPUS))
    return Push(host, "boot", seq, tick + 1, 0, gpus, told)


def cpu(step: Callable[[], object]) -> tuple[float, float]:
    """Seconds of a step: on the wall, and of CPU."""
    wall, spent = time.perf_counter(), time.process_time()
    step()
    return time.perf_counter() - wall, time.process_time() - spent


def size_of(ctx: Context, table: str) -> int:
    """Bytes of a table's pages; it is gone then."""
    with ctx.store.writing() as db:
        before, size = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_size"))
        db.execute(f"DROP TABLE {table}")
        return (db.execute("PRAGMA freelist_count").fetchone()[0] - before) * size


def deliveries(folder: Path, hosts: int = 100, length: int = 120) -> dict[str, float]:
    """CPU of a delivery and bytes a minute of a GPU takes, told by real deliveries in the order of time."""
    now = [BEGAN]
    ctx = desk_in(folder, now)
    fill(ctx, hosts)
    names = [f"i-{number:017x}" for number in range(hosts)]

    def tell() -> None:
        for minute in range(length):
            now[0] += MINUTE_MS
            for number, host in enumerate(names):
                readings.receive(ctx, push(host, minute, 1_000 + minute, 80.0 * (number % 2)), "10.0.0.1")

    wall, spent = cpu(tell)
    taken = {table: size_of(ctx, table) for table in ("minutes", "pushes")}
    ctx.store.close()
    count = hosts * length
    return {
        "delivery_wall_us": wall / count * 1e6,
        "delivery_cpu_us": spent / count * 1e6,
        "minutes_a_second_one_writer": count * GPUS / wall,
        "bytes_a_gpu_minute": taken["minutes"] / count / GPUS,
        "bytes_a_delivery_beside": taken["pushes"] / count,
    }


def remember(store: Store, hosts: list[str]) -> None:
    """Quiet minutes of all hosts up to the beginning, written as deliveries would, only faster."""
    told = [Point(gpu, "quiet", 0.0, 0.0, 61.0, 4, 0) for gpu in range(GPUS)]
    last = BEGAN - MINUTE_MS
    known = {"last_minute_at": last, "last_known_at": last, "quiet_since": BEGAN - SEEN * MINUTE_MS, "quiet_head": last}
    known |= {"quiet_bits": ((1 << SEEN) - 1).to_bytes(SEEN // 8 + 1, "little"), "util_max": 0.0, "watts": 61.0}
    with store.writing() as db:
        for host in hosts:
            new = [Gpu(gpu, f"GPU-{host}-{gpu}", "NVIDIA A100-SXM4-40GB", 40_960) for gpu in range(GPUS)]
            stored_readings.save_gpus(db, [stored_readings.new_gpu(host, gpu) | known for gpu in new])
            stored_readings.add(db, host, {BEGAN - ago * MINUTE_MS: told for ago in range(1, SEEN + 1)})


def of_size(gpus: int, folder: Path) -> dict[str, float]:
    """Judging, rolling up and drawing at one size."""
    now = [BEGAN]
    ctx = desk_in(folder, now)
    hosts = [each.id for each in fill(ctx, gpus // GPUS)]
    remember(ctx.store, hosts)
    verdict.judge_all(ctx)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    runs = [cpu(lambda: verdict.judge_all(ctx)) for _ in range(3)]
    found: dict[str, float] = {"judge_s": min(run[0] for run in runs), "judge_cpu_s": min(run[1] for run in runs)}
    found["rss_after_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found["rss_before_judging_again_mib"] = before / 1024
    now[0] += 10 * MINUTE_MS
    found |= rolled(ctx, hosts, now)
    found["file_mib"] = (folder / "bench.db").stat().st_size / 2**20
    ctx.store.close()
    return found


def rolled(ctx: Context, hosts: list[str], now: list[int]) -> dict[str, float]:
    """An hour of every host rolled up, and the strips of a page."""
    with ctx.store.writing() as db:
        for host in hosts:
            rollups.mark_unrolled(db, host, [BEGAN - HOUR_MS])
    wall, spent = cpu(lambda: readings.roll_up_readings(ctx))
    db = ctx.store.reading()
    return {
        "roll_up_an_hour_s": wall,
        "roll_up_cpu_s": spent,
        "strip_of_one_ms": cpu(lambda: rollups.hour_strip(db, hosts[0], now[0]))[0] * 1000,
        "strips_of_ten_ms": cpu(lambda: rollups.hour_strips(db, hosts[:10], now[0]))[0] * 1000,
        "bytes_a_gpu_hour": size_of(ctx, "hours") / len(hosts) / GPUS,
    }


def measured(what: str) -> dict[str, float]:
    """One measurement in this process."""
    with tempfile.TemporaryDirectory() as name:
        return deliveries(Path(name)) if what == "deliveries" else of_size(int(what), Path(name))


def report(sizes: tuple[int, ...] = SIZES) -> str:
    """Every measurement in a process of its own, a figure a line."""
    lines = []
    for what in ("deliveries", *map(str, sizes)):
        command = [sys.executable, "-m", "tests.bench.bench_telemetry", what]
        said: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        lines += [f"{what:>12}  {value:12,.2f}  {name}" for name, value in said.items()]
        if what == "deliveries":
            daily = said["bytes_a_gpu_minute"] * 1440 * 100_000 / 1e9
            lines.append(f"{what:>12}  {daily:12,.2f}  GB of minutes a day at 100,000 GPUs")
    return "\n".join(lines)


@pytest.mark.bench
def test_bench_telemetry(capsys):
    said = report(SIZES[:2])

    with capsys.disabled():
        print("\n" + said)


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1])) if len(sys.argv) > 1 else report())
