"""`valet run` on a machine whose wall clock is set ahead or back: what it holds, charges and says."""

import contextlib
import shutil
import sqlite3
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, system_clock
from store.machines import fleet as stored_fleet
from tests.live.company import DGX, TOML, answered, environment, health, running, until
from tests.opening import open_store

SOURCE = Path(__file__).with_name("fake_clock.c")
DAY_S = DAY_MS // 1000
pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs a compiler")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    built = tmp_path_factory.mktemp("clock") / "clock.so"
    command = ["gcc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", str(built), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return built


@pytest.fixture
def machine(tmp_path, slack, library):
    """Sets the wall clock wrong by so many seconds; the folder and environment of a bot on it."""
    (tmp_path / "valet.toml").write_text(TOML)
    store = open_store(tmp_path / "valet.db")
    with store.writing() as db:
        stored_fleet.save(db, replace(DGX, source="owned"), team="", rate=None)
    store.close()
    file = tmp_path / "clock"
    file.write_text("0")
    environ = environment(slack) | {"LD_PRELOAD": str(library), "CLOCK_FILE": str(file)}

    def is_wrong_by(seconds):
        (tmp_path / "clock.new").write_text(str(seconds))
        (tmp_path / "clock.new").rename(file)

    return tmp_path, environ, is_wrong_by


def rows(folder, sql):
    with contextlib.closing(sqlite3.connect(folder / "valet.db")) as db:
        return db.execute(sql).fetchall()


def last_beat(folder):
    return rows(folder, "SELECT at FROM heartbeat")[0][0]


@pytest.mark.parametrize("seconds", [DAY_S, -DAY_S])
def test_a_clock_set_a_day_wrong_ends_and_charges_nothing(machine, slack, seconds):
    folder, environ, is_wrong_by = machine
    with running(folder, environ) as (_, door):
        until(lambda: rows(folder, "SELECT 1 FROM meters"))
        assert "dgx-1" in answered(slack, "/gpu claim dgx-1 for 6h")
        is_wrong_by(seconds)
        until(lambda: "clock has jumped" in (folder / "log").read_text())
        until(lambda: health(door)[0] == 503)
        until(lambda: any("off Slack's" in each for each in health(door)[1]))
        told = until(lambda: slack.sees("bob", "@bob"))[-1]
        before = last_beat(folder)
        until(lambda: last_beat(folder) > before)

        assert abs(last_beat(folder) - system_clock()) < HOUR_MS
        assert f" s {'ahead of' if seconds > 0 else 'behind'} Slack's.* Claims, digests and charges" in told
        assert rows(folder, "SELECT 1 FROM claims WHERE ended_at IS NOT NULL") == []
        # the SDK takes its connection for a dead one, and makes another
        until(lambda: "@Ada" in answered(slack, "/gpu status"))
        assert len(rows(folder, "SELECT 1 FROM charges")) <= 1, "no hour but one that ended meanwhile"
        assert rows(folder, "SELECT until_at FROM meters")[0][0] < system_clock() + HOUR_MS

        is_wrong_by(0)
        until(lambda: health(door) == (200, []))


def test_a_start_with_a_wrong_clock_ends_nothing(machine, slack):
    folder, environ, is_wrong_by = machine
    with running(folder, environ):
        until(lambda: rows(folder, "SELECT 1 FROM meters"))
        answered(slack, "/gpu claim dgx-1 for 6h")
        until(lambda: rows(folder, "SELECT 1 FROM heartbeat"))
    is_wrong_by(DAY_S)
    with running(folder, environ) as (_, door):
        until(lambda: "The time is known" in (folder / "log").read_text())
        before = last_beat(folder)
        until(lambda: last_beat(folder) > before)

        assert abs(last_beat(folder) - system_clock()) < HOUR_MS
        assert rows(folder, "SELECT 1 FROM claims WHERE ended_at IS NOT NULL") == []
        assert health(door)[0] == 503
