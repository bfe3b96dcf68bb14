"""`valet run` while AWS takes every connection and answers none: a sweep and an approved stop are stuck in it."""

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.domain.clock import DAY_MS, MINUTE_MS, system_clock
from bot.domain.machines.fleet import Instance, SourceSnapshot
from bot.domain.machines.readings import Gpu, Minute, Push
from bot.sandbox.slack import SandboxServer, SandboxSlack
from bot.sandbox.slack.people import ADA, BOB, GPUS
from bot.services.acting import approvals
from bot.services.context import Context
from bot.services.machines import fleet, readings
from bot.settings import parse
from store import Store

ROOT = Path(__file__).parents[2]
SETTINGS = f"""
[slack]
channel = "{GPUS}"
admins = ["{BOB}"]
[[aws]]
regions = ["us-east-1"]
[door]
port = 0
"""
MACHINE = "i-00123456789abcdef"


class Hole:
    """Takes connections and says nothing."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.taken: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return  # closed
            self.taken.append(line)

    def asked(self) -> str:
        """What was said on all lines so far."""
        said = b""
        for line in list(self.taken):
            line.settimeout(0.01)
            try:
                said += line.recv(65_536, socket.MSG_PEEK)
            except OSError:
                continue
        return said.decode("latin-1")

    def close(self) -> None:
        for line in self.taken:
            line.close()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


class Stuck:
    """The bot at work, and Slack around it."""

    def __init__(self, slack: SandboxSlack, hole: Hole) -> None:
        self.slack, self.hole = slack, hole

    def burst(self, count: int, line: str = "/gpu status") -> list[float]:
        """So many commands at once; milliseconds until each was acknowledged, and only then."""
        took: list[float] = []
        deliver = self.slack.deliver

        def timed(kind: str, payload: dict[str, Any]) -> Any:
            began = time.perf_counter()
            answer = deliver(kind, payload)
            if kind == "slash_commands":  # Slack tells the bot of its own welcome, too
                took.append((time.perf_counter() - began) * 1000)
            return answer

        self.slack.deliver = timed
        try:
            with ThreadPoolExecutor(count) as people:
                list(people.map(lambda _: self.slack.command("ada", "#gpus", line), range(count)))
        finally:
            self.slack.deliver = deliver
        return took


def prepared(folder: Path) -> None:
    """Settings, and a database in which the stop of an idle machine has just been approved."""
    (folder / "valet.toml").write_text(SETTINGS)
    now = system_clock()
    given = {"slack": {"channel": GPUS, "admins": [BOB]}, "aws": [{"regions": ["us-east-1"]}]}
    settings = parse(given, {})
    ctx = Context(Store(folder / "valet.db"), lambda: now, settings, {}, settings.roster)
    machine = Instance(
        id=MACHINE,
        name="nb-5",
        provider="ec2",
        source=settings.aws[0].account.source("us-east-1"),
        type="g4dn.xlarge",
        state="running",
        gpu_model="T4",
        gpu_count=1,
        launched_at=now - DAY_MS,
    )
    fleet.record_snapshot(ctx, SourceSnapshot(machine.source, (machine,)), now)
    tick = 1_000_000 + now // MINUTE_MS
    told = tuple(Minute(0, tick - ago, 4, 0.0, 0.0, 0.0, 60.0, 4, 16_384, 0, 0) for ago in range(75, 0, -1))
    readings.receive(ctx, Push(MACHINE, "boot", 1, tick, 0, (Gpu(0, "GPU-1", "T4", 16_384),), told), "10.0.0.1")
    asked = approvals.ask_to_stop(ctx, MACHINE, ADA)
    approvals.decide(ctx, asked.id, BOB, yes=True)
    ctx.store.close()


@contextmanager
def stuck(folder: Path) -> Iterator[Stuck]:
    """The bot, once the sweep and the stop hang."""
    prepared(folder)
    hole, log = Hole(), folder / "log"
    with SandboxServer(SandboxSlack(system_clock)) as server, log.open("w") as out:
        keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_ENDPOINT_URL": hole.url}
        tokens = {"SLACK_BOT_TOKEN": server.slack.bot_token, "SLACK_APP_TOKEN": server.slack.app_token}
        here = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "SLACK_API_URL": server.api_url}
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], cwd=folder, env=keys | tokens | here, stdout=out, stderr=out
        )
        try:
            until(lambda: server.link.connections == 1)
            until(lambda: len(set(re.findall(r"InstanceId\.1|Filter\.1", hole.asked()))) == 2)
            yield Stuck(server.slack, hole)
        finally:
            process.kill()
            process.wait()
            hole.close()


def until(what: Any, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
