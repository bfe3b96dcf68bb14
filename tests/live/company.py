"""What tests of a whole Valet have in common: its folder and environment, its door, typing to it, and waiting."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.domain.clock import system_clock
from bot.domain.machines.fleet import Instance
from bot.domain.machines.readings import Gpu, Minute, Push
from bot.sandbox.machines import SandboxFleet
from bot.sandbox.slack import SandboxSlack
from bot.sandbox.slack.people import BOB, GPUS
from bot.settings import Secrets, parse
from bot.telemetry.wire import to_json
from bot.wiring import Valet, build_valet
from store import Store
from tests.stories.conftest import SETTINGS

ROOT = Path(__file__).parents[2]
TOML = f"""
[slack]
channel = "{GPUS}"
admins = ["{BOB}"]
[owned.hosts.dgx-1]
[door]
port = 0
"""
DGX = Instance(
    id="dgx-1", name="dgx-1", provider="owned", source="elsewhere", type="", state="running", gpu_model="A100"
)


def until(what: Callable[[], Any], seconds: float = 40.0) -> Any:
    """Wait for something to become true; what it became."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
    return found


def bot(slack: SandboxSlack, path: Path, api_url: str = "", **how: Any) -> Valet:
    """Valet as a part of this process, with the sandbox's machines and the stories' settings; not started yet."""
    secrets = Secrets(slack.bot_token, slack.app_token, "", api_url or f"{slack.url}/api/")
    providers = {"ec2": SandboxFleet(system_clock)}
    return build_valet(
        parse(SETTINGS, {}), secrets, Store(path), clock=system_clock, providers=providers, pace_s=0, **how
    )


def environment(slack: SandboxSlack) -> dict[str, str]:
    """Of a process that reaches this Slack and nothing else."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": f"{slack.url}/api/",
    }


def command(*words: object) -> list[str]:
    """A `valet` command of this working tree."""
    return [sys.executable, "-m", "bot", *map(str, words)]


def door_in(log: Path) -> str:
    """The address of the door, once it is in the log."""
    found = until(lambda: re.search(r"the door is on 127\.0\.0\.1:(\d+)", log.read_text()))
    return f"http://127.0.0.1:{found[1]}"


@contextmanager
def running(
    folder: Path, environ: Mapping[str, str], *rights: str, options: Sequence[str] = ()
) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """`valet run` with its log in the folder, and the address of its door; `rights` is what takes rights from it."""
    log = folder / "log"
    with log.open("w") as out:
        words = [*rights, *command("run", *options)]
        process = subprocess.Popen(words, cwd=folder, env=environ, stdout=out, stderr=out)
        try:
            until(lambda: "connected to Slack" in log.read_text())
            yield process, door_in(log)
        finally:
            process.terminate()
            process.wait(30)


def health(door: str) -> tuple[int, list[str]]:
    """Status and problems."""
    try:
        with urllib.request.urlopen(f"{door}/healthz", timeout=10) as answer:
            return answer.status, json.load(answer)["problems"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)["problems"]


def delivered(door: str, token: str, host: str = "dgx-1") -> int:
    """An agent's delivery; the HTTP status."""
    push = Push(host, "boot", 1, 1_000, 0, (Gpu(0, "GPU-1", "A100", 81920),), (Minute(0, 999, 4, 0.0, 0.0, 0.0),))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{door}/v1/minutes", to_json(push), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def answered(slack: SandboxSlack, line: str) -> str:
    """What Ada is told when she types this."""
    before = len(slack.sees("ada", "#gpus"))
    slack.command("ada", "#gpus", line)
    return str(until(lambda: slack.sees("ada", "#gpus")[before:])[-1])
