"""`valet init`: settings to fill in, right as they stand and with every line in use."""

import re

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
