"""No secret ends up in the log, the database, a backup or a message, whatever libraries print at DEBUG."""

import json
import socket
import subprocess

import pytest

from bot.domain.clock import system_clock
from bot.sandbox.slack import SandboxServer, SandboxSlack
from bot.sandbox.slack.people import BOB, GPUS
from tests.live.company import answered, command, delivered, door_in, environment, until

TOML = f"""
[slack]
channel = "{GPUS}"
admins = ["{BOB}"]
[[aws]]
regions = ["us-east-1"]
[prometheus]
url = "PROMETHEUS"
token_file = "prometheus-token"
[door]
port = 0
"""
CANARIES = {
    "SLACK_BOT_TOKEN": "xoxb-canary-bot-5f1e",
    "SLACK_APP_TOKEN": "xapp-canary-app-77ad",
    "AWS_ACCESS_KEY_ID": "AKIACANARYCANARY0001",
    "AWS_SECRET_ACCESS_KEY": "canary+aws/secret+0a1b2c3d4e5f",
    "AWS_SESSION_TOKEN": "canary//aws//session//token//99887766",
}
PROMETHEUS = "canary-prometheus-bearer-3344"


@pytest.fixture
def slack():
    made = SandboxSlack(system_clock)
    made.bot_token, made.app_token = CANARIES["SLACK_BOT_TOKEN"], CANARIES["SLACK_APP_TOKEN"]
    return made


@pytest.fixture
def server(slack):
    with SandboxServer(slack) as made:
        yield made


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture
def valet(tmp_path, slack, server, closed_port):
    """Run a `valet` command in the company's folder with every secret in its environment."""
    nowhere = f"http://127.0.0.1:{closed_port}"
    (tmp_path / "valet.toml").write_text(TOML.replace("PROMETHEUS", nowhere))
    (tmp_path / "prometheus-token").write_text(PROMETHEUS)
    here = CANARIES | environment(slack) | {"AWS_ENDPOINT_URL": nowhere}

    begun = []

    def start(*words, **more):
        here_too = {"cwd": tmp_path, "env": here, "text": True, "stderr": subprocess.STDOUT}
        begun.append(subprocess.Popen(command(*words), **here_too, **more))
        return begun[-1]

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def test_no_canary_is_found_anywhere(valet, slack, server, tmp_path):
    token = valet("token", "add", "dgx-1", stdout=subprocess.PIPE).communicate(timeout=30)[0].splitlines()[0]
    wrong = "vlt_canaryOfAStranger-42"
    log = tmp_path / "log"
    with log.open("w") as out:
        bot = valet("run", "--verbose", stdout=out)
        until(lambda: server.link.connections == 1)
        door = door_in(log)
        assert (delivered(door, token), delivered(door, wrong)) == (200, 401)
        for line in (
            "/gpu status",
            "/gpu claim dgx-1 for 2h",
            "/gpu history dgx-1",
            "/gpu stop dgx-1",
            "/cost forecast",
        ):
            answered(slack, line)
        until(lambda: "us-east-1" in log.read_text() and "prometheus" in log.read_text().lower())
        assert valet("backup", stdout=subprocess.PIPE).wait(30) == 0
        bot.terminate()
        assert bot.wait(30) == 0

    said = log.read_text()
    # the webhook client says where it posts; at Slack that is hooks.slack.com, which is hidden by name
    others = [line for line in said.splitlines() if "slack_sdk.webhook.client" not in line]
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "prometheus-token"]
    messages = json.dumps([slack.sees(who, place) for who in ("ada", "bob") for place in ("#gpus", f"@{who}")])
    assert " DEBUG " in said, "the libraries did talk"
    assert any(path.suffix == ".db" for path in files)
    for name, canary in {**CANARIES, "agent": token, "stranger": wrong, "prometheus": PROMETHEUS}.items():
        assert canary not in said, f"{name} is in the log: {around(said, canary)}"
        assert canary not in messages, f"{name} is in a message"
        for path in files:
            assert canary.encode() not in path.read_bytes(), f"{name} is in {path.name}"
    assert not [line for line in others if "/response/" in line], "response URLs let anybody post"


def around(text, canary):
    at = text.index(canary)
    return text[max(0, at - 300) : at + 100]


def test_as_json_a_days_log_is_our_own_events_and_nothing_that_was_typed(valet, slack, server, tmp_path):
    token = valet("token", "add", "dgx-1", stdout=subprocess.PIPE).communicate(timeout=30)[0].splitlines()[0]
    log = tmp_path / "log"
    with log.open("w") as out:
        bot = valet("run", "--log-format", "json", stdout=out)
        until(lambda: server.link.connections == 1)
        assert delivered(door_in(log), token) == 200
        answered(slack, "/gpu claim dgx-1 for 2h plum-pudding")
        answered(slack, "/gpu snooze dgx-1 2h plum-pudding")
        until(lambda: "source fails" in log.read_text())
        bot.terminate()
        assert bot.wait(30) == 0

    told = [json.loads(line) for line in log.read_text().splitlines()]
    done = [(each["did"], each["outcome"]) for each in told if each.get("event") == "done"]
    assert {each["logger"].partition(".")[0] for each in told} <= {"bot", "handlers", "store"}
    assert done[:2] == [("claimed", "done"), ("snoozed", "done")]
    assert "plum-pudding" not in log.read_text()
