"""Pausing: who asks, what is obeyed, and how the end comes by itself."""

import json
import os

import pytest
from click.testing import CliRunner

from bot.agent import command
from bot.agent import pause as pause_module
from bot.agent.host import HostTime
from bot.agent.pause import Controls
from bot.errors import Refused


class _Clock:
    at_s = 6000.0

    def __call__(self):
        return self.at_s


@pytest.fixture
def clock():
    return _Clock()


@pytest.fixture
def host_time(clock):
    return HostTime("boot-1", clock)


@pytest.fixture
def controls(tmp_path, host_time):
    controls = Controls(tmp_path, host_time)
    controls.take()
    yield controls
    controls.leave()


def test_nothing_is_wanted_until_somebody_asks(controls):
    assert controls.wanted() is None


def test_a_pause_holds_until_its_time_and_then_is_gone(controls, tmp_path, host_time, clock):
    pause = pause_module.ask_pause(tmp_path, 600, host_time)

    clock.at_s += 599
    assert controls.wanted() == pause
    clock.at_s += 1
    assert controls.wanted() is None
    assert not (tmp_path / "pause.json").exists()


def test_a_second_wish_takes_the_place_of_the_first(controls, tmp_path, host_time):
    pause_module.ask_pause(tmp_path, 600, host_time)
    controls.wanted()

    longer = pause_module.ask_pause(tmp_path, 900, host_time)

    assert controls.wanted() == longer


def test_resume_ends_it(controls, tmp_path, host_time, capsys):
    pause_module.ask_pause(tmp_path, 600, host_time)
    controls.wanted()

    code = pause_module.resume_agent(tmp_path)

    assert code == 0
    assert controls.wanted() is None
    assert capsys.readouterr().out == "The agent goes on within seconds.\n"


def test_resume_without_a_pause_says_so(tmp_path, capsys):
    assert pause_module.resume_agent(tmp_path) == 0
    assert "There is no pause" in capsys.readouterr().out


def test_an_agent_that_starts_within_the_pause_obeys_it_too(tmp_path, host_time):
    pause = pause_module.ask_pause(tmp_path, 600, host_time)

    assert Controls(tmp_path, host_time).wanted() == pause


def test_a_pause_ends_with_the_boot(tmp_path, host_time):
    pause_module.ask_pause(tmp_path, 600, host_time)

    assert Controls(tmp_path, HostTime("boot-2", lambda: 10.0)).wanted() is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"id": 1}', '{"id": "x", "boot_id": "boot-1", "until_s": "soon"}', "\xff" * 9000]
)
def test_a_file_that_makes_no_sense_is_no_pause(controls, tmp_path, text):
    (tmp_path / "pause.json").write_text(text)

    assert controls.wanted() is None


def test_a_pause_of_more_than_a_day_is_not_obeyed(controls, tmp_path):
    wish = {"id": "x", "boot_id": "boot-1", "until_s": 6000.0 + 25 * 3600}
    (tmp_path / "pause.json").write_text(json.dumps(wish))

    assert controls.wanted() is None


def test_a_link_is_not_followed(controls, tmp_path, host_time):
    pause_module.ask_pause(tmp_path, 600, host_time)
    (tmp_path / "pause.json").rename(tmp_path / "elsewhere")
    (tmp_path / "pause.json").symlink_to(tmp_path / "elsewhere")

    assert controls.wanted() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a file to another user needs root")
def test_another_users_file_is_not_obeyed(controls, tmp_path, host_time, caplog):
    pause_module.ask_pause(tmp_path, 600, host_time)
    os.chown(tmp_path / "pause.json", 12345, 12345)

    assert controls.wanted() is None
    assert "not obeyed" in caplog.text


def test_who_may_not_write_there_is_told_what_to_do(tmp_path, host_time):
    with pytest.raises(Refused, match="as root or as the agent's user"):
        pause_module.ask_pause(tmp_path / "nowhere", 600, host_time)


def test_without_an_agent_there_is_nothing_to_release(tmp_path, host_time, capsys):
    code = pause_module.pause_agent(tmp_path, 600, wait_s=1, host_time=host_time)

    assert code == 0
    assert "No agent runs here" in capsys.readouterr().out
    assert not (tmp_path / "pause.json").exists()


def test_an_agent_that_does_not_answer_is_not_called_released(controls, tmp_path, host_time, capsys):
    code = pause_module.pause_agent(tmp_path, 600, wait_s=0.3, host_time=host_time)

    assert code == 1
    assert "it has not answered yet" in capsys.readouterr().err


def test_only_one_agent_answers_in_a_folder(controls, tmp_path, host_time, caplog):
    second = Controls(tmp_path, host_time)

    second.take()
    second.say(None, "somebody else")

    assert "Another agent works" in caplog.text
    assert pause_module.pause_state(tmp_path).held_by == ""
    assert pause_module.is_agent_running(tmp_path)


def test_an_agent_that_left_is_not_running(controls, tmp_path):
    controls.leave()

    assert not pause_module.is_agent_running(tmp_path)


@pytest.mark.parametrize(
    ("length", "is_taken"),
    [
        *((length, True) for length in ("30m", "2h", "90s", "1s", "24h")),
        *((length, False) for length in ("0m", "25h", "86401s", "h", "30", "1.5h", "-1m")),
    ],
)
def test_a_pause_lasts_a_day_at_most_and_is_said_with_its_unit(tmp_path, length, is_taken):
    told = CliRunner().invoke(command.agent, ["pause", f"--for={length}", f"--state={tmp_path}", "--wait=1s"])

    assert (told.exit_code != 2) is is_taken
    assert ("expected something like 30m, 2h or 90s, a day at most." in told.output) is not is_taken
