"""Nightly backups: once a night, kept for five weeks, and the admins are told when there is none."""

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.errors import Unreachable
from bot.services import backups
from store import audit as stored_audit
from store.checkup import looking
from tests.bot.services.room import ADA, DEE, SETTINGS, Room


def made(room):
    return sorted(path.name for path in backups.folder(room.settings, room.path).iterdir())


@pytest.fixture
def room(tmp_path, clock):
    chosen = SETTINGS | {"database": str(tmp_path / "room.db"), "digest": {"timezone": "Europe/Berlin"}}
    opened = Room(tmp_path / "room.db", clock, settings=chosen)
    yield opened
    opened.close()


def test_it_is_made_once_a_day_however_often_it_is_looked_at(room):
    for _ in range(3):
        backups.back_up(room.ctx)
        room.clock.forward(10 * MINUTE_MS)
    room.reopen()
    backups.back_up(room.ctx)

    assert made(room) == ["valet-2026-11-23.db"]
    assert backups.age(room.ctx) == 30 * MINUTE_MS


def test_it_waits_for_its_time_and_is_caught_up_after_downtime(room):
    room.clock.now += 15 * HOUR_MS  # 01:00 in Berlin
    backups.back_up(room.ctx)
    before = backups.folder(room.settings, room.path).exists()
    room.clock.forward(3 * HOUR_MS + 30 * MINUTE_MS)
    backups.back_up(room.ctx)
    room.clock.forward(2 * DAY_MS)
    backups.back_up(room.ctx)

    assert not before
    assert made(room) == ["valet-2026-11-24.db", "valet-2026-11-26.db"]


@pytest.mark.slow
def test_old_ones_go_and_files_of_others_stay(room):
    backups.back_up(room.ctx)
    (backups.folder(room.settings, room.path) / "valet-2020-01-01-120000.db").write_text("by hand")
    for _ in range(60):
        room.clock.forward(DAY_MS)
        backups.back_up(room.ctx)

    found = made(room)
    assert len(found) == 12
    assert "valet-2020-01-01-120000.db" in found
    assert "valet-2027-01-22.db" in found


def test_what_is_in_it_is_what_there_was(room):
    with room.ctx.store.writing() as db:
        stored_audit.add(db, room.clock(), ADA, "claimed", subject="i-1")
    backups.back_up(room.ctx)

    with looking(backups.folder(room.settings, room.path) / "valet-2026-11-23.db") as db:
        assert [entry.did for entry in stored_audit.entries_about(db, "i-1")] == ["claimed"]


def test_a_backup_that_fails_is_told_to_the_admins_once_and_tried_again(room):
    place = backups.folder(room.settings, room.path)
    place.write_text("a file where the folder should be")

    for _ in range(3):
        with pytest.raises(Unreachable):
            backups.back_up(room.ctx)
    place.unlink()
    backups.back_up(room.ctx)

    assert len(room.told(DEE, backups.FAILED)) == 1
    assert "can't be backed up to" in room.told(DEE, backups.FAILED)[0]
    assert made(room) == ["valet-2026-11-23.db"]


def test_switched_off_there_is_none(tmp_path, clock):
    chosen = SETTINGS | {"database": str(tmp_path / "room.db"), "backup": {"enabled": False}}
    room = Room(tmp_path / "room.db", clock, settings=chosen)
    backups.back_up(room.ctx)
    room.close()

    assert not backups.folder(room.settings, room.path).exists()
