"""How many minutes a second the door takes in, and its CPU a delivery, beside a bare `executemany` of the same rows.

Run as `python -m tests.bench.bench_door`, or `pytest -m bench -s tests/bench/bench_door.py`. Real HTTP, the real store;
the agents are threads of another process, so that they don't share an interpreter with the door. Jobs, Slack and new
connections are left out: `bench_crowds` has them.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.clock import MINUTE_MS, system_clock
from bot.domain.machines.packing import POINT_BYTES, Point, pack_points
from bot.domain.machines.readings import Gpu, Minute, Process, Push
from bot.settings import Secrets, parse
from bot.telemetry.wire import to_json
from bot.wiring import Valet, build_valet
from store import Store
from store.machines import agents
from store.sql import sqlite3
from tests.bench.crowd import GPUS
from tests.stories.conftest import SETTINGS

AGENTS = 32
HOSTS = 100

CLIENTS = """
import http.client, json, sys, threading, time
from pathlib import Path
from typing import Any
port, folder, count = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
work = [json.loads(line) for line in (folder / "pushes.jsonl").read_text().splitlines()]
bad = []
def agent(share):
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for token, body in share:
        headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
        line.request("POST", "/v1/minutes", body, headers)
        answer = line.getresponse()
        answer.read()
        if answer.status != 200:
            bad.append(answer.status)
    line.close()
threads = [threading.Thread(target=agent, args=(work[n::count],)) for n in range(count)]
began = time.perf_counter()
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps([time.perf_counter() - began, bad]))
"""


def pushes(per_push: int, rounds: int) -> list[Push]:
    """Deliveries of 8-GPU hosts, `per_push` minutes of every GPU in each."""
    tick = system_clock() // MINUTE_MS
    gpus = tuple(Gpu(gpu, f"GPU-{gpu}", "NVIDIA A100-SXM4-40GB", 40_960) for gpu in range(GPUS))
    one = Minute(0, 0, 4, 87.0, 80.5, 0.0, 301.5, 30_000, 40_960, 1, 0, processes=(Process("python3", "ada", 29_000),))
    made = []
    for turn in range(rounds):
        first = tick - (rounds - turn) * per_push
        told = tuple(replace(one, gpu=gpu, tick=first + minute) for minute in range(per_push) for gpu in range(GPUS))
        made += [Push(f"node-{host}", "boot", turn + 1, tick, 0, gpus, told) for host in range(HOSTS)]
    return made


def valet_for(folder: Path) -> Valet:
    """The bot's parts with the door open; nothing else runs."""
    secrets = Secrets("xoxb-none", "xapp-none", "", "http://127.0.0.1:9/api/")
    made = build_valet(
        parse(SETTINGS, {}), secrets, Store(folder / "valet.db"), clock=system_clock, providers={}, pace_s=0
    )
    with made.ctx.store.writing() as db:
        for host in range(HOSTS):
            agents.add(db, f"node-{host}", hashlib.sha256(f"token-{host}".encode()).hexdigest(), system_clock())
    made.door.start()
    return made


def through_the_door(told: list[Push], folder: Path) -> tuple[float, float]:
    """Minutes a second, all agents together, and milliseconds of CPU a delivery."""
    valet = valet_for(folder)
    lines = [json.dumps([f"token-{push.host.partition('-')[2]}", to_json(push).decode()]) for push in told]
    (folder / "pushes.jsonl").write_text("\n".join(lines))
    command = [sys.executable, "-c", CLIENTS, str(valet.door.port), str(folder), str(AGENTS)]
    before = time.process_time()
    took, bad = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    cpu_ms = (time.process_time() - before) / len(told) * 1000
    assert not bad, bad
    count = stored(valet.ctx.store.reading())
    valet.stop()
    assert count == sum(len(push.minutes) for push in told)
    return count / took, cpu_ms


def stored(db: Any) -> int:
    """Minutes in the store."""
    return db.execute("SELECT coalesce(sum(length(gpus)), 0) FROM minutes").fetchone()[0] // POINT_BYTES


def packed(push: Push) -> list[tuple[int, str, bytes]]:
    """The rows of a delivery."""
    ticks = sorted({each.tick for each in push.minutes})
    points = pack_points(
        Point(each.gpu, "active", 87.0, 80.5, 301.5, 30_000, 1) for each in push.minutes if each.tick == ticks[0]
    )
    return [(tick * MINUTE_MS, push.host, points) for tick in ticks]


def bare(told: list[Push], path: Path, *, commits: bool) -> float:
    """Minutes a second by `executemany` alone; `commits`: a transaction for each delivery instead of one for all."""
    store = Store(path)
    connection = store._writer.conn
    rows = [packed(push) for push in told]
    began = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    for batch in rows:
        connection.executemany("INSERT INTO minutes VALUES (?, ?, ?)", batch)
        if commits:
            connection.execute("COMMIT")
            connection.execute("BEGIN IMMEDIATE")
    connection.execute("COMMIT")
    took = time.perf_counter() - began
    count = stored(connection)
    store.close()
    return count / took


def measure() -> dict[str, float]:
    """Minutes a second."""
    figures = {}
    for per_push, rounds, what in (
        (1, 40, "as agents do, 8 minutes a delivery"),
        (60, 5, "catching up, 480 a delivery"),
    ):
        told = pushes(per_push, rounds)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            one_commit = bare(told, folder / "one.db", commits=False)
            each_commit = bare(told, folder / "each.db", commits=True)
            door, cpu_ms = through_the_door(told, folder)
        figures[f"{what}: through the door"] = door
        figures[f"{what}: ms of CPU a delivery"] = cpu_ms
        figures[f"{what}: bare executemany, a transaction each"] = each_commit
        figures[f"{what}: bare executemany, one transaction"] = one_commit
        figures[f"{what}: door / bare with a transaction each"] = door / each_commit
        figures[f"{what}: door / bare in one transaction"] = door / one_commit
    return figures


def report(figures: dict[str, float]) -> str:
    """A figure a line."""
    mode = f"SQLite {sqlite3.sqlite_version}, minutes a second"
    return "\n".join([mode, *(f"{value:12,.2f}  {name}" for name, value in figures.items())])


@pytest.mark.bench
def test_bench_door(capsys):
    figures = measure()

    with capsys.disabled():
        print("\n" + report(figures))


if __name__ == "__main__":
    print(report(measure()))
