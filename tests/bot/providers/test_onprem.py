"""Owned machines are told of by their agents, and only an admin's command switches them."""

import sys
import time
from ast import literal_eval

import pytest

from bot.domain.machines.fleet import Instance
from bot.errors import Refused, Unreachable
from bot.providers import Provider
from bot.providers.onprem import Owned
from bot.providers.power import Power, run_power_command

DGX = Instance("dgx-1", "dgx-1", "owned", "owned", "owned", "running")


def test_there_is_nothing_to_sweep():
    provider: Provider = Owned()

    assert list(provider.sweep()) == []


def test_it_is_as_it_was_told():
    assert Owned().describe(DGX) is DGX


def test_without_a_command_it_is_neither_stopped_nor_started():
    with pytest.raises(Refused, match=r"dgx-1 is owned, and valet.toml has no command by which it is stopped"):
        Owned().stop(DGX)
    with pytest.raises(Refused, match="no command by which it is started"):
        Owned({"dgx-1": Power(off=("true",))}).start(DGX)


def test_a_command_gets_its_arguments_as_they_are_and_none_of_our_secrets(tmp_path, monkeypatch):
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    told = tmp_path / "told"
    program = "import os, pathlib, sys; pathlib.Path(sys.argv[1]).write_text(repr((sys.argv[2:], dict(os.environ))))"

    run_power_command((sys.executable, "-c", program, str(told), "$HOME; rm -rf /", "*"), "dgx-1")

    arguments, environment = literal_eval(told.read_text())
    assert arguments == ["$HOME; rm -rf /", "*"]
    assert "SLACK_BOT_TOKEN" not in environment
    assert environment["PATH"]


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit('no route to bmc-1.')", r"failed \(no route to bmc-1\)\."),
        ("import sys; sys.exit(3)", r"failed \(exit code 3\)"),
    ],
)
def test_a_command_that_fails_says_why(program, said):
    with pytest.raises(Refused, match=said):
        run_power_command((sys.executable, "-c", program), "dgx-1")


def test_a_command_that_is_not_there_says_so():
    with pytest.raises(Refused, match="ipmitool-9, the power command of dgx-1, can't be run: No such file"):
        run_power_command(("ipmitool-9", "chassis"), "dgx-1")


def test_a_command_that_hangs_is_ended_with_all_it_has_begun(tmp_path):
    late = tmp_path / "late"
    program = (
        "import subprocess, sys, time; subprocess.Popen(['sh', '-c', f'sleep 2; touch {sys.argv[1]}']); time.sleep(60)"
    )

    with pytest.raises(Unreachable, match=r"did not end in 0.5 s"):
        run_power_command((sys.executable, "-c", program, str(late)), "dgx-1", timeout_s=0.5)
    time.sleep(2.2)

    assert not late.exists()
