"""What becomes of 240 Slack commands while 1,000 agents deliver in the same second, over one door.

Run as `python -m tests.bench.bench_crowds [--agents N] [--commands N]`, or by `pytest -m bench`. `valet run` as a
process with all its jobs, signed HTTP, deliveries of 8 GPUs; the agents are a process of their own, all behind one
address, each on a connection of its own, as the agent has it. Said are the statuses of both, how long the commands
waited for their acknowledgement, alone and beside the agents, and how long the agents did. A refused agent comes again
by itself and loses nothing, which is left out here.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

import pytest

from bot.domain.clock import MINUTE_MS, system_clock
from bot.domain.machines.readings import Gpu, Minute, Process, Push
from bot.sandbox.slack.people import ADA
from bot.telemetry.wire import to_json
from store import Store
from store.machines import agents
from tests.bench.crowd import GPUS
from tests.bench.rig import Company, Line, Rig, ranked, rig, typed_command

AGENTS = """
import asyncio, json, sys, time
port, folder = int(sys.argv[1]), sys.argv[2]
work = [json.loads(line) for line in open(folder + "/pushes.jsonl")]
async def deliver(token, body):
    began = time.perf_counter()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = "POST /v1/minutes HTTP/1.1\\r\\nHost: valet\\r\\nConnection: close\\r\\n"
        head += f"Authorization: Bearer {token}\\r\\nContent-Type: application/json\\r\\n"
        head += f"Content-Length: {len(body)}\\r\\n\\r\\n"
        writer.write(head.encode() + body.encode())
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return answer[9:12].decode() or "closed", time.perf_counter() - began
    except (OSError, TimeoutError) as error:
        return type(error).__name__, time.perf_counter() - began
async def main():
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(await asyncio.gather(*(deliver(*each) for each in work))), flush=True)
asyncio.run(main())
"""
SLACK_LINES = 24


def prepare(here: Rig, count: int) -> None:
    """So many hosts have a token, and something to deliver."""
    tick, lines = system_clock() // MINUTE_MS, []
    store = Store(here.folder / "valet.db")
    with store.writing() as db:
        for number in range(count):
            token = f"token-{number}"
            agents.add(db, f"node-{number}", hashlib.sha256(token.encode()).hexdigest(), system_clock())
            lines.append(json.dumps([token, to_json(_push(f"node-{number}", tick)).decode()]))
    store.close()
    (here.folder / "pushes.jsonl").write_text("\n".join(lines))


def _push(host: str, tick: int) -> Push:
    gpus = tuple(Gpu(gpu, f"GPU-{gpu}", "NVIDIA A100-SXM4-40GB", 40_960) for gpu in range(GPUS))
    program = (Process("python3", "ada", 29_000),)
    told = tuple(
        Minute(gpu, tick - 1, 4, 87.0, 80.5, 0.0, 301.5, 30_000, 40_960, 1, 0, processes=program) for gpu in range(GPUS)
    )
    return Push(host, "boot", 1, tick, 0, gpus, told)


def commands(here: Rig, count: int) -> list[tuple[float, str]]:
    """Milliseconds of each command, and its status or what became of its connection, 24 at a time."""
    body = typed_command("/gpu", "help", ADA, "http://127.0.0.1:9/")
    lines = threading.local()

    def one(_: int) -> tuple[float, str]:
        if not hasattr(lines, "line"):
            lines.line = Line(here.port)
        began = time.perf_counter()
        try:
            took, status = lines.line.post(body)
        except (OSError, HTTPException) as error:
            return 1000 * (time.perf_counter() - began), type(error).__name__
        return took, str(status)

    with ThreadPoolExecutor(SLACK_LINES) as pool:
        return list(pool.map(one, range(count)))


def measure(agents_at_once: int, count: int) -> str:
    """A quiet round of commands, then one beside the agents."""
    with rig(Company(machines=200)) as here:
        prepare(here, agents_at_once)
        command = [sys.executable, "-c", AGENTS, str(here.port), str(here.folder)]
        crowd = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert crowd.stdin
        assert crowd.stdout
        crowd.stdout.readline()
        quiet, used = commands(here, count), here.cpu_s()["valet"]
        crowd.stdin.write("go\n")
        crowd.stdin.flush()
        busy = commands(here, count)
        answers = json.loads(crowd.stdout.readline())
        time.sleep(0.5)
        spent = here.cpu_s()["valet"] - used
        crowd.stdin.close()
        crowd.stdout.close()
        crowd.wait(20)
    return report(quiet, busy, answers, spent)


def report(
    quiet: list[tuple[float, str]], busy: list[tuple[float, str]], answers: list[tuple[str, float]], cpu_s: float
) -> str:
    """A line each."""
    waits = [1000 * took for _, took in answers]
    rows = [("commands alone", [took for took, _ in quiet], Counter(status for _, status in quiet))]
    rows.append(("commands beside agents", [took for took, _ in busy], Counter(status for _, status in busy)))
    rows.append(("agents", waits, Counter(status for status, _ in answers)))
    lines = [
        f"{'p50 ms':>9} {'p99 ms':>9} {'max ms':>9}   load {os.getloadavg()[0]:.1f}, CPU of the burst {cpu_s:.1f} s"
    ]
    for name, took, statuses in rows:
        p50, p99 = ranked(took, 0.5), ranked(took, 0.99)
        lines.append(f"{p50:9.1f} {p99:9.1f} {max(took):9.1f}   {name}: {dict(statuses)}")
    return "\n".join(lines)


@pytest.mark.bench
def test_bench_crowds(capsys):
    found = measure(1_000, 240)

    with capsys.disabled():
        print("\n" + found)


def main() -> None:
    """As called."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--agents", type=int, default=1_000)
    wanted.add_argument("--commands", type=int, default=240)
    given = wanted.parse_args()
    print(measure(given.agents, given.commands))


if __name__ == "__main__":
    main()
