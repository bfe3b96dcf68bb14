"""`valet run` as a company has it: Slack over a real socket, AWS by real boto3, an agent through the real door."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto.ec2.models import ec2_backends

from bot.domain.clock import system_clock
from bot.domain.machines.readings import Gpu, Minute, Push
from bot.sandbox.slack import SandboxServer, SandboxSlack
from bot.sandbox.slack.people import ADA, BOB, GPUS
from bot.telemetry.wire import to_json
from tests.live.moto_server import ENVIRONMENT, moto_server

ROOT = Path(__file__).parents[2]
SETTINGS = f"""
[slack]
channel = "{GPUS}"
admins = ["{BOB}"]
[[aws]]
regions = ["us-east-1"]
[teams.nlp]
members = ["{ADA}"]
[door]
port = 0
"""


@pytest.fixture
def slack():
    sandbox = SandboxSlack(system_clock)
    with SandboxServer(sandbox):
        yield sandbox


@pytest.fixture
def company(tmp_path, slack):
    """Folder, environment and moto server; one p4d runs since yesterday."""
    with moto_server() as aws:
        aws.reset()
        environment = {
            **{name: os.environ[name] for name in ("PATH",)},
            **ENVIRONMENT,
            "PYTHONPATH": str(ROOT),
            "AWS_ENDPOINT_URL": aws.url,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": f"{slack.url}/api/",
        }
        (tmp_path / "valet.toml").write_text(SETTINGS)
        yield tmp_path, environment, rented(aws.url)


def ec2(url):
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.client("ec2", region_name="us-east-1", endpoint_url=url, **keys)


def rented(url):
    client = ec2(url)
    tags = [{"Key": "Name", "Value": "train-7"}, {"Key": "team", "Value": "nlp"}]
    made = client.run_instances(
        ImageId="ami-12c6146b",
        InstanceType="p4d.24xlarge",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )["Instances"][0]["InstanceId"]
    backend = ec2_backends["123456789012"]["us-east-1"]
    backend.get_instance(made).launch_time = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=1)
    return client, made


@contextlib.contextmanager
def running(folder, environment):
    """The bot, and the address of its door."""
    command = [sys.executable, "-m", "bot", "run"]
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr:
            if "the door is on" in line:
                break
        yield f"http://{line.split()[-1]}"
    finally:
        process.terminate()
        process.communicate(timeout=20)


def until(look, words, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if words in look():
            return look()
        time.sleep(0.1)
    raise AssertionError(f"{words!r} never came up; instead:\n{look()}")


def quiet_hours(host):
    tick = 10_000
    gpus = tuple(Gpu(number, f"GPU-{number}", "NVIDIA A100-SXM4-40GB", 40_960) for number in range(8))
    told = [
        Minute(number, tick - ago, 4, 0.0, 0.0, 0.0, 52.0, 4, 40_960, 0, 0)
        for ago in range(1, 62)
        for number in range(8)
    ]
    return Push(host, "boot-1", 1, tick, 0, gpus, tuple(told))


def deliver(door, token, push):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{door}/v1/minutes", data=to_json(push), headers=headers, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def _was_said_minutes_ago(folder):
    """Nobody here waits for two minutes until an agent has told of one that began after the yes."""
    with contextlib.closing(sqlite3.connect(next(folder.glob("*.db")))) as db, db:
        db.execute("UPDATE actions SET decided_at = decided_at - 180000 WHERE state = 'approved'")


def test_an_idle_machine_is_seen_asked_about_approved_and_really_stopped(company, slack):
    folder, environment, (client, instance_id) = company
    with running(folder, environment) as door:
        until(lambda: typed(slack, "/gpu status"), "train-7 | :white_circle: unknown")
        made = subprocess.run(
            [sys.executable, "-m", "bot", "token", "add", "train-7"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"{instance_id}" in made.stderr
        assert deliver(door, made.stdout.strip(), quiet_hours(instance_id)) == {"stored": 488, "duplicate": False}

        typed(slack, "/gpu stop train-7 the run is over")
        card = until(lambda: slack.latest("bob", "#gpus"), "Stop train-7? @Ada asks.")
        assert "$21.96/h" in card
        assert "8.0 TB of local NVMe" in card
        slack.click("bob", "#gpus", "Stop train-7")
        until(lambda: slack.latest("bob", "#gpus"), "has not measured a whole minute since then")
        _was_said_minutes_ago(folder)

        until(lambda: slack.latest("bob", "#gpus"), "It took", seconds=40)
    state = client.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]["State"]["Name"]
    assert state == "stopped"


def typed(slack, line):
    slack.command("ada", "#gpus", line)
    time.sleep(0.5)
    return slack.latest("ada", "#gpus")
