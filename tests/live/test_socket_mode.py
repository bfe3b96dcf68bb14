"""The bot over a real WebSocket, as a part of this process and as `valet run`."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.domain.clock import system_clock
from bot.sandbox.slack import SandboxServer, SandboxSlack
from store.checkup import looking
from tests.live.company import TOML, answered, bot, environment, until


@pytest.fixture
def valet(slack, server, tmp_path):
    """The bot at work, connected."""
    made = bot(slack, tmp_path / "valet.db")
    made.start()
    until(lambda: server.link.connections == 1)
    yield made
    made.stop()


def test_a_command_typed_is_answered(valet, slack):
    assert answered(slack, "/gpu help").startswith("Ask in plain words: `who has")
    assert " machines, " in until(lambda: answered(slack, "/gpu status"))


def test_it_comes_back_when_slack_asks_it_to(valet, slack, server):
    for reason in ("warning", "refresh_requested"):
        server.link.disconnect(reason)
        until(lambda: server.link.connections == 1)

        assert answered(slack, "/gpu help").startswith("Ask in plain words: `who has")


def test_it_comes_back_when_the_line_drops_without_a_word(valet, slack, server):
    server.link.disconnect("")
    until(lambda: server.link.connections == 1)

    assert answered(slack, "/gpu help").startswith("Ask in plain words: `who has")


def test_it_comes_back_when_slack_was_away_for_a_while(valet, slack, server):
    port = int(server.url.rpartition(":")[2])
    server.stop()
    time.sleep(1)
    back = SandboxServer(slack, port).start()
    until(lambda: back.link.connections >= 1, 40)

    seen = answered(slack, "/gpu help")
    back.stop()

    assert seen.startswith("Ask in plain words: `who has")


def test_slack_may_come_up_after_the_bot(tmp_path):
    slack = SandboxSlack(system_clock)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    valet = bot(slack, tmp_path / "valet.db", f"http://127.0.0.1:{port}/api/")
    valet.start()
    time.sleep(0.5)
    server = SandboxServer(slack, port).start()
    until(lambda: server.link.connections == 1)

    seen = answered(slack, "/gpu help")
    valet.stop()
    server.stop()

    assert seen.startswith("Ask in plain words: `who has")


def test_what_was_acknowledged_is_answered_before_the_end(slack, server, tmp_path):
    valet = bot(slack, tmp_path / "valet.db")
    valet.start()
    until(lambda: server.link.connections == 1)
    for _ in range(60):
        slack.command("ada", "#gpus", "/gpu status")

    valet.stop()

    assert len(slack.sees("ada", "#gpus")) == 60


def test_it_ends_at_once_while_slack_is_down(slack, tmp_path):
    valet = bot(slack, tmp_path / "valet.db", "http://127.0.0.1:9/api/")
    valet.start()
    time.sleep(0.2)

    valet.stop()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", valet.door.port), 1)


def _catches(process, number):
    """Whether a process has a handler of its own for a signal, as Linux tells."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return int(caught, 16) >> (number - 1) & 1


def _audit(path):
    """What is kept of the settings."""
    with looking(path) as db:
        return list(db.execute("SELECT detail FROM audit WHERE subject = 'settings'"))


@pytest.fixture
def run(tmp_path, slack, server):
    """Start `valet run` in a folder of its own; all are ended with the test."""
    (tmp_path / "valet.toml").write_text(TOML)
    environ = environment(slack) | {"VALET_DB": str(tmp_path / "valet.db")}
    begun = []

    def start(**more):
        command = [sys.executable, "-m", "bot", "run"]
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environ | more, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_running_bot_ends_in_order_when_told_to(run, slack, server, number):
    process = run()
    until(lambda: server.link.connections == 1)
    assert answered(slack, "/gpu help").startswith("Ask in plain words: `who has")

    process.send_signal(number)
    said, _ = process.communicate(timeout=15)

    assert process.returncode == 0
    assert "Traceback" not in said
    until(lambda: server.link.connections == 0)


def test_a_hangup_has_the_settings_read_and_ends_nothing(run, slack, server, tmp_path):
    process = run()
    until(lambda: _catches(process, signal.SIGHUP))
    process.send_signal(signal.SIGHUP)  # during its start
    until(lambda: server.link.connections == 1)
    (tmp_path / "valet.toml").write_text(TOML.replace("[door]", "[claims]\ndefault_hours = 3\n[door]"))
    process.send_signal(signal.SIGHUP)

    until(lambda: ("claims.default_hours none -> 3 (on SIGHUP)",) in _audit(tmp_path / "valet.db"))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=15)

    assert process.returncode == 0


def test_it_ends_in_order_while_slack_cannot_be_reached(run):
    process = run(SLACK_API_URL="http://127.0.0.1:9/api/")
    until(lambda: "Slack can't be reached" in process.stdout.readline())

    process.terminate()
    said, _ = process.communicate(timeout=15)

    assert process.returncode == 0
    assert "Traceback" not in said


def test_it_ends_in_time_while_aws_hangs(run, tmp_path, server):
    """AWS takes the connection and never answers: the sweep's tries would go on for most of a minute."""
    with (tmp_path / "valet.toml").open("a") as file:
        file.write('[[aws]]\nregions = ["us-east-1", "eu-central-1"]\n')
    with socket.create_server(("127.0.0.1", 0), backlog=64) as hole:
        address = f"http://127.0.0.1:{hole.getsockname()[1]}"
        process = run(AWS_ENDPOINT_URL=address, AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x")
        until(lambda: server.link.connections == 1)

        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        said, _ = process.communicate(timeout=40)

    assert process.returncode == 0, said
    assert time.monotonic() - began < 23
    assert "Traceback" not in said


def test_systemd_is_told_when_it_is_ready_that_it_ticks_and_that_it_ends(run, tmp_path, server):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        supervisor.settimeout(20)
        process = run(NOTIFY_SOCKET=str(tmp_path / "notify"))
        said = [supervisor.recv(100), supervisor.recv(100)]
        process.terminate()
        said.append(supervisor.recv(100))
        process.communicate(timeout=15)

    assert said == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_a_supervisor_that_does_not_listen_is_no_hindrance(run, tmp_path, server):
    process = run(NOTIFY_SOCKET=str(tmp_path / "nobody"))
    until(lambda: server.link.connections == 1)

    process.terminate()
    said, _ = process.communicate(timeout=15)

    assert process.returncode == 0
    assert "systemd could not be told" in said


def test_a_second_bot_on_the_same_database_names_the_first(run, server):
    first = run()
    until(lambda: server.link.connections == 1)

    second = run()
    said, _ = second.communicate(timeout=15)

    assert second.returncode == 75
    assert f"is in use by process {first.pid} on {socket.gethostname()}" in said
    assert "Traceback" not in said


def test_a_killed_bot_leaves_no_lock_behind(run, server):
    first = run()
    until(lambda: server.link.connections == 1)
    first.kill()
    first.wait()
    until(lambda: server.link.connections == 0)

    run()

    until(lambda: server.link.connections == 1)


@pytest.mark.parametrize(
    ("toml", "environment", "sentence"),
    [
        ("[slack]\nchanel = 'C1'\n", {}, 'Unknown setting "slack.chanel"'),
        ("[door]\nport = 'many'\n", {}, "Setting \"door.port\" is 'many'"),
        ("[slack\n", {}, "valet.toml can't be read"),
        (TOML, {"SLACK_BOT_TOKEN": "secret-of-mine"}, "SLACK_BOT_TOKEN is missing or is no bot token"),
        (TOML, {"SLACK_APP_TOKEN": ""}, "SLACK_APP_TOKEN is missing or is no app token"),
        (TOML, {"SLACK_API_URL": "slack.com"}, "SLACK_API_URL is 'slack.com'"),
        (TOML, {"VALET_DB": "/proc/none/valet.db"}, "/proc/none"),
    ],
)
def test_a_wrong_setting_ends_the_start_with_one_sentence(run, tmp_path, toml, environment, sentence):
    (tmp_path / "valet.toml").write_text(toml)

    process = run(**environment)
    said, _ = process.communicate(timeout=15)

    assert process.returncode == 1
    assert said.startswith("Error: ")
    assert sentence in said
    assert said.count("\n") == 1
    assert "secret-of-mine" not in said
