"""`valet run` on a file system that takes nothing any more: loud, answering, idle, and well again by itself."""

import json
import os
import re
import resource
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from bot.domain.clock import system_clock
from bot.domain.fleet import Instance
from bot.sandbox.slack import SandboxServer, SandboxSlack
from bot.sandbox.slack.people import BOB, GPUS
from store import Store, audit, fleet
from store.sql import rows

ROOT = Path(__file__).parents[2]
TOML = f"""
[slack]
channel = "{GPUS}"
admins = ["{BOB}"]
[owned.hosts.dgx-1]
[door]
port = 0
"""
NOTHING, EVERYTHING = (1, resource.RLIM_INFINITY), (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
pytestmark = pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")


def until(what, seconds=40.0):
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
    return found


@pytest.fixture
def slack():
    with SandboxServer(SandboxSlack(system_clock)) as server:
        yield server.slack


@pytest.fixture
def valet(tmp_path, slack):
    """The process and the address of its door."""
    (tmp_path / "valet.toml").write_text(TOML)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": f"{slack.url}/api/",
        "VALET_DB": str(tmp_path / "valet.db"),
    }
    log = tmp_path / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], cwd=tmp_path, env=environment, stdout=out, stderr=out
        )
        try:
            until(lambda: "connected to Slack" in log.read_text())
            port = re.search(r"the door is on 127\.0\.0\.1:(\d+)", log.read_text())[1]
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def health(door):
    """Status and problems."""
    try:
        with urllib.request.urlopen(f"{door}/healthz", timeout=10) as answer:
            return answer.status, json.load(answer)["problems"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)["problems"]


def answered(slack, line):
    before = len(slack.sees("ada", "#gpus"))
    slack.command("ada", "#gpus", line)
    return until(lambda: slack.sees("ada", "#gpus")[before:])[-1]


def test_a_disk_that_takes_nothing_is_survived_and_nothing_that_was_kept_is_lost(valet, slack, tmp_path):
    process, door = valet
    store = Store(tmp_path / "valet.db")
    with store.writing() as db:
        made = Instance(
            id="dgx-1", name="dgx-1", provider="owned", source="elsewhere", type="", state="running", gpu_model="A100"
        )
        fleet.save(db, made, team="", rate=None)
    first = answered(slack, "/gpu claim dgx-1 for 2h")
    well = until(lambda: health(door)[0] == 200)

    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, NOTHING)
    refused = answered(slack, "/gpu release dgx-1")
    shown = answered(slack, "/gpu status")
    sick = health(door)
    told = until(lambda: slack.sees("bob", "@bob"))
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, EVERYTHING)
    until(lambda: health(door)[0] == 200)
    released = answered(slack, "/gpu release dgx-1")

    process.terminate()
    assert process.wait(30) == 0
    assert well
    assert "dgx-1" in first
    assert refused == "Valet's database can't be used now: the disk reports errors. Nothing was changed."
    assert "dgx-1" in shown
    assert sick == (503, ["the database can't be used: the disk reports errors"])
    assert told[0].startswith("*Valet's database can't be used: the disk reports errors.*")
    assert "released" in released
    assert [row["ended_at"] is not None for row in rows(store.reading(), "SELECT ended_at FROM claims")] == [True]
    assert audit.verify(store.reading()) is None
    store.close()
