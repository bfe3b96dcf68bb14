"""`valet init`: settings to fill in, right as they stand and with every line in use."""

import contextlib
import os
import pty
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.settings import load


@pytest.fixture
def init(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, ["init", *words], prog_name="valet")


def test_what_it_writes_is_right_as_it_stands_and_with_every_line_in_use(init, tmp_path):
    assert init().exit_code == 0
    written = tmp_path / "valet.toml"
    assert load(written, {}).teams == {}

    used = re.sub(r"(?m)^# (?=\[|[a-z_]+ = )", "", written.read_text())
    written.write_text(used)
    settings = load(written, {})
    assert settings.teams["nlp"].channel
    assert settings.aws
    assert settings.owned.hosts["dgx-1"].team == "nlp"


def test_what_is_there_is_left_alone(init, tmp_path):
    (tmp_path / "valet.toml").write_text("# mine\n")

    refused = init()

    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: valet.toml exists already.")
    assert (tmp_path / "valet.toml").read_text() == "# mine\n"
    assert init("other.toml").exit_code == 0
    assert (
        init("nowhere/other.toml").stderr == "Error: nowhere/other.toml can't be written: No such file or directory.\n"
    )


def test_answers_given_as_options_stand_in_the_file(init, tmp_path):
    words = "--channel C024BE7LR --admin U024BE7LH --admin U024BE7LJ --region us-east-1,eu-west-1 --team nlp=U024BE7LK"

    assert init(*words.split()).exit_code == 0

    settings = load(tmp_path / "valet.toml", {})
    assert settings.slack.channel == "C024BE7LR"
    assert settings.slack.admins == ("U024BE7LH", "U024BE7LJ")
    assert settings.aws[0].regions == ("us-east-1", "eu-west-1")
    assert settings.teams["nlp"].members == ("U024BE7LK",)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--channel", "#gpus"), "slack.channel"),
        (("--admin", "ada"), "expected a Slack user id such as U024BE7LH"),
        (("--team", "nlp"), '"nlp" names no team and members'),
        (("--team", 'n"lp=U024BE7LK'), "can't be read"),
    ],
)
def test_a_wrong_answer_is_said_and_nothing_is_written(init, tmp_path, words, sentence):
    refused = init(*words)

    assert refused.exit_code == 1
    assert sentence in refused.stderr
    assert not (tmp_path / "valet.toml").exists()


def test_at_a_terminal_it_asks_and_asks_again_for_what_is_no_id(tmp_path):
    typed = ["gpus", "C024BE7LR", "U024BE7LH, U024BE7LJ", "", "nlp", "nlp=U024BE7LK", "vision=U024BE7LM", ""]
    controller, terminal = pty.openpty()
    program = [sys.executable, "-m", "bot", "init", str(tmp_path / "valet.toml")]
    with subprocess.Popen(program, stdin=terminal, stdout=terminal, stderr=terminal) as asking:
        os.close(terminal)
        for line in typed:
            os.write(controller, f"{line}\n".encode())
        heard = b""
        with contextlib.suppress(OSError):  # the terminal is gone once the program is
            while piece := os.read(controller, 4096):
                heard += piece
    os.close(controller)

    settings = load(tmp_path / "valet.toml", {})
    assert asking.returncode == 0
    assert settings.slack.channel == "C024BE7LR"
    assert settings.slack.admins == ("U024BE7LH", "U024BE7LJ")
    assert settings.aws == ()
    assert {name: team.members for name, team in settings.teams.items()} == {
        "nlp": ("U024BE7LK",),
        "vision": ("U024BE7LM",),
    }
    assert b"names no team and members" in heard
