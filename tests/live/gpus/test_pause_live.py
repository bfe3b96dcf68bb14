"""`valet agent pause` beside a running `valet agent`: the driver is free when it says so."""

import subprocess
import sys
import time

import pytest

VALET = "from bot.cli import main; main()"


@pytest.fixture
def state(tmp_path):
    return tmp_path / "agent-state"


@pytest.fixture
def agent(gpu_host, token_file, state):
    """A service whose bot is away."""
    command = [sys.executable, "-c", FAST, str(token_file), str(state)]
    process = subprocess.Popen(command, env=gpu_host.environment(live=True), stderr=subprocess.DEVNULL)
    _until(gpu_host.held.exists)
    yield process
    process.kill()
    process.wait()


FAST = """
import sys
from pathlib import Path
from bot.agent.run import Options, run
options = Options("http://127.0.0.1:9", Path(sys.argv[1]), "dgx-1", interval_s=0.5, state_dir=Path(sys.argv[2]))
sys.exit(run(options))
"""


def _until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _valet(gpu_host, *arguments):
    return gpu_host.python(VALET, "agent", *arguments)


def test_pause_returns_when_the_driver_is_released_and_resume_takes_it_up_again(gpu_host, agent, state):
    gpu_host.does("gpus 2\nshutdown 300\n")

    paused = _valet(gpu_host, "pause", "--for", "30m", "--state", str(state))
    was_held = gpu_host.held.exists()
    time.sleep(1.5)
    is_held = gpu_host.held.exists()
    resumed = _valet(gpu_host, "--state", str(state), "resume")
    _until(gpu_host.held.exists)

    assert paused.returncode == 0, paused.stderr
    assert paused.stdout.startswith("Released. The agent looks at no GPU until ")
    assert (was_held, is_held) == (False, False)
    assert (resumed.returncode, resumed.stdout) == (0, "The agent goes on within seconds.\n")


def test_a_pause_ends_by_itself(gpu_host, agent, state):
    paused = _valet(gpu_host, "pause", "--for", "2s", "--state", str(state))

    assert paused.returncode == 0
    assert not gpu_host.held.exists()
    _until(gpu_host.held.exists)


def test_a_call_that_hangs_is_named_and_the_driver_not_called_released(gpu_host, agent, state):
    gpu_host.does("gpus 1\n0 hang * 60000\n")
    time.sleep(3.5)

    paused = _valet(gpu_host, "pause", "--wait", "4s", "--state", str(state))

    assert paused.returncode == 1
    assert "a call to GPU 0 hangs" in paused.stderr


def test_a_look_by_hand_keeps_to_the_pause_too(gpu_host, agent, state):
    _valet(gpu_host, "pause", "--state", str(state))

    look = _valet(gpu_host, "--once", "--print", "--state", str(state))

    assert look.returncode == 1
    assert "Paused by hand" in look.stdout
    assert not gpu_host.held.exists()


@pytest.mark.parametrize("time_", ["0m", "25h", "soon", "-1h", "5"])
def test_a_time_that_makes_no_sense_is_wrong_usage(gpu_host, time_):
    assert _valet(gpu_host, "pause", "--for", time_).returncode == 2
