"""SIGKILL while deliveries are kept by the group: what was answered with 200 is there, and none is half there."""

import hashlib
import http.client
import itertools
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from bot.domain.clock import MINUTE_MS, system_clock
from bot.domain.machines.packing import unpack_points
from bot.domain.machines.readings import Gpu, Minute, Push
from bot.telemetry.wire import to_json
from store import Store
from store.machines import agents
from store.sql import rows

AGENTS = 12
DOOR = """
import sys, time
from pathlib import Path
from bot.domain.clock import system_clock
from bot.settings import Secrets, parse
from bot.wiring import build_valet
from store import Store
secrets = Secrets("xoxb-none", "xapp-none", "", "http://127.0.0.1:9/api/")
settings = parse({"slack": {"channel": "C00"}, "door": {"port": 0}}, {})
valet = build_valet(settings, secrets, Store(Path(sys.argv[1])), clock=system_clock, providers={})
valet.door.start()
print(valet.door.port, flush=True)
time.sleep(600)
"""


class Agent(threading.Thread):
    """Delivers a minute after the other until nobody answers; `kept` are the numbers that were answered with 200."""

    def __init__(self, port, host, first):
        super().__init__(name=host)
        self.port, self.host, self.next = port, host, first
        self.kept = []

    def run(self):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Authorization": f"Bearer token-of-{self.host}", "Content-Type": "application/json"}
        try:
            for seq in itertools.count(self.next):
                line.request("POST", "/v1/minutes", to_json(push(self.host, seq)), headers)
                if line.getresponse().read() == b'{"stored":2,"duplicate":false}':
                    self.kept.append(seq)
                self.next = seq + 1
        except (OSError, http.client.HTTPException):
            line.close()


def push(host, seq):
    now = system_clock() // MINUTE_MS
    told = tuple(Minute(gpu, now - 2000 + seq, 4, 90.0, 90.0) for gpu in (0, 1))
    return Push(host, "boot", seq, now, 0, tuple(Gpu(gpu, f"GPU-{gpu}", "H100", 81_920) for gpu in (0, 1)), told)


@pytest.mark.slow
def test_killed_in_the_middle_it_has_kept_all_that_it_said_it_had(tmp_path):
    path, kept = tmp_path / "valet.db", set()
    store = Store(path)
    with store.writing() as db:
        for number in range(AGENTS):
            agents.add(db, f"dgx-{number}", hashlib.sha256(f"token-of-dgx-{number}".encode()).hexdigest(), 0)
    store.close()
    firsts = dict.fromkeys((f"dgx-{number}" for number in range(AGENTS)), 1)

    for round_number in range(2):
        process = subprocess.Popen([sys.executable, "-c", DOOR, str(path)], stdout=subprocess.PIPE, text=True)
        port = int(process.stdout.readline())
        crowd = [Agent(port, host, first) for host, first in firsts.items()]
        for agent in crowd:
            agent.start()
        deadline = time.monotonic() + 60
        while sum(len(agent.kept) for agent in crowd) < 60 + 37 * round_number:
            assert time.monotonic() < deadline
            time.sleep(0.002)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(20)
        process.stdout.close()
        for agent in crowd:
            agent.join(30)
        firsts = {agent.host: agent.next + 1 for agent in crowd}
        kept |= {(agent.host, seq) for agent in crowd for seq in agent.kept}

    store = Store(path)
    counted = {(row["host"], row["seq"]) for row in rows(store.reading(), "SELECT host, seq FROM pushes")}
    minutes = rows(store.reading(), "SELECT host, gpus FROM minutes")
    store.close()
    assert kept <= counted
    assert len(minutes) == len(counted), "a number is used up and the minutes with it are kept, or neither"
    assert {len(list(unpack_points(row["gpus"]))) for row in minutes} == {2}
