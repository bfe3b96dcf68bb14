"""`valet digest --preview` as typed."""

import hashlib

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.domain.clock import system_clock
from tests.bot.services.room import Room

SETTINGS = """
[slack]
channel = "C0GPUS001"

[teams.nlp]
members = ["U0ADA"]
channel = "C0MLPLAT1"
"""


@pytest.fixture
def valet(tmp_path, monkeypatch, clock):
    """Run `valet` beside a database in which train-7 idles."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VALET_DB", raising=False)
    (tmp_path / "valet.toml").write_text(SETTINGS)
    clock.now = system_clock()  # as the command reads its own
    room = Room(tmp_path / "valet.db", clock, alone=True)
    room.sweep()
    room.reports("train-7", 0.0)
    room.tick()
    room.close()
    return lambda *words: CliRunner().invoke(main, ["digest", *words], prog_name="valet")


def content(tmp_path):
    return hashlib.sha256((tmp_path / "valet.db").read_bytes()).hexdigest()


def test_it_prints_what_each_channel_would_get_and_changes_nothing(valet, tmp_path):
    before = content(tmp_path)

    result = valet("--preview")

    assert result.exit_code == 0, result.output
    assert "C0GPUS001, " in result.output
    assert "C0MLPLAT1, " in result.output
    assert "train-7" in result.output
    assert "<" not in result.output
    assert content(tmp_path) == before


def test_one_channel_alone_can_be_asked_for(valet):
    assert "C0GPUS001" not in valet("--preview", "--team", "nlp").output
    assert "C0MLPLAT1" not in valet("--preview", "--channel", "C0GPUS001").output


def test_what_there_is_not_is_said(valet):
    for words in (("--team", "vision"), ("--channel", "C0NONE")):
        result = valet("--preview", *words)
        assert result.exit_code == 1
        assert "There is no" in result.stderr
    assert valet().exit_code == 2
