"""Minutes, hours and days: nothing lost and nothing doubled, whatever comes late and wherever it breaks off."""

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.services.machines import readings, verdict
from store.machines import readings as stored_readings
from store.machines import rollups
from tests.bot.services.room import minute
from tests.neighbours import MACHINE

HOST = "dgx-1"
START_TICK = 1_000


class Broken(Exception):
    """The power goes."""


class Failing:
    """A connection that breaks off before its nth statement, once."""

    def __init__(self, db, after: int) -> None:
        self.db, self.left = db, after
        self.conn = self

    @property
    def in_transaction(self) -> bool:
        return self.db.conn.in_transaction

    @property
    def total_changes(self) -> int:
        return self.db.conn.total_changes

    @property
    def noted(self) -> list[object]:
        return self.db.noted

    def close(self) -> None:
        self.db.close()

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Broken

    def execute(self, *args):
        self._count()
        return self.db.execute(*args)

    def executemany(self, *args):
        self._count()
        return self.db.conn.executemany(*args)


def work(room, length: int = 180, utils=(80.0, 0.0)) -> int:
    """So many minutes of a host that works on one GPU and not on the other; the tick after the last."""
    for first in range(0, length, 60):
        last = min(first + 60, length)
        told = [minute(gpu, START_TICK + at, util) for at in range(first, last) for gpu, util in enumerate(utils)]
        room.clock.forward((last - first) * MINUTE_MS)
        room.push(HOST, told, tick_now=START_TICK + last)
    return START_TICK + length


def counted(db, now: int):
    """All hours and days of the host."""
    last = now // DAY_MS * DAY_MS + DAY_MS
    hours = rollups.gpu_sums_by_hour(db, HOST, last - 3 * DAY_MS, last)
    return hours, rollups.rolled_days(db, HOST, last - 3 * DAY_MS, last)


def totals(sums) -> tuple[int, int]:
    return sum(each.active for parts in sums.values() for each in parts), sum(
        each.quiet for parts in sums.values() for each in parts
    )


def test_hours_and_days_hold_what_the_minutes_held(room):
    work(room)
    room.clock.forward(2 * DAY_MS)

    assert readings.roll_up_readings(room.ctx) > 0

    hours, days = counted(room.ctx.store.reading(), room.clock())
    assert totals(hours) == totals(days) == (180, 180)
    first = hours[min(hours)][0]
    assert (first.active, first.util_max, first.util_mean, first.watts, first.memory_max_mib) == (
        60,
        80.0,
        80.0,
        60.0,
        4,
    )
    assert readings.roll_up_readings(room.ctx) == 0


def test_an_hour_is_counted_only_when_it_is_over(room):
    work(room, 59)

    assert readings.roll_up_readings(room.ctx) == 0


def test_a_minute_that_comes_late_is_counted_once_in_its_hour_and_day(room):
    now = work(room, 60)
    room.clock.forward(30 * HOUR_MS)
    readings.roll_up_readings(room.ctx)
    late = [minute(2, START_TICK + 3, 50.0), minute(0, START_TICK + 3, 80.0)]

    for _ in range(2):
        room.push(HOST, late, tick_now=now + 30 * 60)
    readings.roll_up_readings(room.ctx)

    hours, days = counted(room.ctx.store.reading(), room.clock())
    assert totals(hours) == totals(days) == (61, 60)


def test_a_break_before_any_statement_loses_and_doubles_nothing(room):
    work(room, 150)
    room.clock.forward(2 * DAY_MS)
    store = room.ctx.store
    real, after, broken = store._writer, 1, True

    while broken:
        store._writer = Failing(real, after)
        try:
            readings.roll_up_readings(room.ctx)
            broken = False
        except Broken:
            after += 1
        store._writer = real
        assert not real.conn.in_transaction
        hours, days = counted(store.reading(), room.clock())
        waiting = store.reading().execute("SELECT count(*) FROM unrolled").fetchone()[0]
        assert totals(hours) in {(0, 0), (150, 150)}
        assert totals(days) in {(0, 0), (150, 150)}
        assert waiting or totals(days) == (150, 150)

    assert after > 10
    assert totals(counted(store.reading(), room.clock())[1]) == (150, 150)


def test_minutes_that_were_not_counted_are_never_dropped(room):
    work(room, 60)
    room.clock.forward(10 * DAY_MS)

    verdict.prune_minutes(room.ctx)
    readings.roll_up_readings(room.ctx)
    verdict.prune_minutes(room.ctx)

    db = room.ctx.store.reading()
    assert db.execute("SELECT count(*) FROM minutes WHERE host <> ?", [MACHINE]).fetchone()[0] == 0
    last = room.clock() // DAY_MS * DAY_MS
    assert totals(rollups.rolled_days(db, HOST, last - 12 * DAY_MS, last)) == (60, 60)


def test_hours_go_after_ninety_days_and_days_stay(room):
    work(room, 60)
    room.clock.forward(92 * DAY_MS)

    readings.roll_up_readings(room.ctx)

    db = room.ctx.store.reading()
    assert db.execute("SELECT count(*) FROM hours").fetchone()[0] == 0
    assert db.execute("SELECT count(*) FROM days").fetchone()[0] == 1


@pytest.mark.parametrize("rolled", [False, True])
def test_the_strip_is_the_same_before_and_after_the_roll_up(room, rolled):
    work(room, 150)
    if rolled:
        readings.roll_up_readings(room.ctx)

    cells = rollups.hour_strip(room.ctx.store.reading(), HOST, room.clock())

    assert len(cells) == 24
    assert [cell.start for cell in cells] == [
        room.clock() // HOUR_MS * HOUR_MS - ago * HOUR_MS for ago in range(23, -1, -1)
    ]
    assert [(cell.known_minutes, cell.active_share) for cell in cells[-3:]] == [(60.0, 0.5), (60.0, 0.5), (30.0, 0.5)]
    assert (cells[0].known_minutes, cells[0].active_share) == (0.0, None)


def test_the_minutes_of_a_host_are_kept_apart_from_anothers(room):
    work(room, 3)
    now = room.clock() // MINUTE_MS * MINUTE_MS

    db = room.ctx.store.reading()

    assert len(stored_readings.minutes_between(db, HOST, now - HOUR_MS, now)) == 3
    assert stored_readings.minutes_between(db, "dgx-2", now - HOUR_MS, now) == {}
