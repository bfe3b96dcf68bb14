"""Which of several clocks is believed, when one jumps, when a machine sleeps, and over a restart."""

from dataclasses import dataclass

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Heartbeat
from bot.steadyclock import AGREED_FOR_MS, GREETING_MS, PATIENCE_MS, SteadyClock
from tests.conftest import MONDAY


@dataclass
class Machine:
    """The clocks of a machine, each to be moved by itself."""

    wall: int = MONDAY
    boot: int = HOUR_MS
    true: int = MONDAY

    def passes(self, length: int) -> None:
        self.wall += length
        self.boot += length
        self.true += length

    def clock(self, boot: str = "first") -> SteadyClock:
        return SteadyClock(lambda: self.wall, lambda: self.boot, boot)


@pytest.fixture
def machine() -> Machine:
    return Machine()


def held_for(machine, clock):
    """How long until the time is known without anybody's word."""
    for seconds in range(0, 3600, 5):
        if clock.is_sure:
            return seconds * SECOND_MS
        machine.passes(5 * SECOND_MS)
    return None


@pytest.mark.parametrize("jump", [DAY_MS, -DAY_MS, 10 * MINUTE_MS, -2 * HOUR_MS])
def test_a_jump_of_the_wall_clock_alone_moves_no_time(machine, jump):
    clock = machine.clock()
    machine.wall += jump
    machine.passes(MINUTE_MS)

    assert clock() == machine.true
    assert not clock.is_sure
    assert held_for(machine, clock) is None

    clock.told(machine.true)

    assert clock.is_sure
    assert (clock(), clock.gap) == (machine.true, jump)


def test_a_clock_that_comes_back_is_trusted_after_some_minutes(machine):
    clock = machine.clock()
    machine.wall += DAY_MS
    assert not clock.is_sure
    machine.wall -= DAY_MS

    assert held_for(machine, clock) == AGREED_FOR_MS
    assert clock() == machine.true


def test_small_corrections_are_followed_without_a_word(machine):
    clock = machine.clock()
    for _ in range(10):
        machine.wall += 50 * SECOND_MS
        assert clock.is_sure
        assert clock() == machine.wall


def test_sleep_is_time_that_passed(machine):
    clock = machine.clock()
    machine.passes(8 * HOUR_MS)

    assert clock.is_sure
    assert clock() == machine.true


@pytest.mark.parametrize("before", [8 * HOUR_MS, -8 * HOUR_MS])
def test_where_slack_agrees_with_the_wall_clock_it_counts_from_then_on(machine, before):
    """A virtual machine was held and goes on, or it was started with a wrong time that was then put right."""
    clock = machine.clock()
    machine.wall += before
    machine.true += before
    assert not clock.is_sure

    clock.told(machine.true)

    assert clock.is_sure
    assert (clock(), clock.gap) == (machine.true, 0)


def test_a_known_wrong_clock_that_jumps_again_is_doubted_anew(machine):
    clock = machine.clock()
    machine.wall += DAY_MS
    clock.told(machine.true)
    machine.passes(3 * HOUR_MS)
    assert clock.is_sure
    machine.wall += DAY_MS

    assert not clock.is_sure
    assert clock() == machine.true


def test_a_clock_of_slacks_that_agrees_with_none_counts_once_it_goes_on(machine):
    clock = machine.clock()
    for true in (MONDAY + DAY_MS, MONDAY + DAY_MS):  # it stands still: no clock
        clock.told(true)
        machine.passes(20 * SECOND_MS)
        assert not clock.is_sure
    clock.told(MONDAY + DAY_MS + 20 * SECOND_MS)
    machine.passes(20 * SECOND_MS)
    clock.told(MONDAY + DAY_MS + 40 * SECOND_MS)

    assert clock.is_sure
    assert clock() == MONDAY + DAY_MS + 40 * SECOND_MS


@pytest.mark.parametrize(
    ("last", "held", "off"),
    [
        (None, GREETING_MS, 0),
        (Heartbeat(MONDAY - DAY_MS, HOUR_MS - DAY_MS, "first"), GREETING_MS, 0),
        (Heartbeat(MONDAY - 5 * SECOND_MS, HOUR_MS - 5 * SECOND_MS, "first"), GREETING_MS, 0),
        (
            Heartbeat(MONDAY - DAY_MS - MINUTE_MS, HOUR_MS - MINUTE_MS, "first"),
            None,
            -DAY_MS,
        ),  # it jumped while nothing ran
        (Heartbeat(MONDAY - 10 * MINUTE_MS, 9 * HOUR_MS, "another"), GREETING_MS, 0),  # the machine was started anew
        (Heartbeat(MONDAY - 10 * MINUTE_MS), GREETING_MS, 0),
        (Heartbeat(MONDAY - DAY_MS, 9 * HOUR_MS, "another"), PATIENCE_MS, 0),
        (Heartbeat(MONDAY + DAY_MS, 9 * HOUR_MS, "another"), None, DAY_MS),
    ],
)
def test_a_start_believes_the_clock_as_far_as_the_last_heartbeat_bears_it_out(machine, last, held, off):
    clock = machine.clock()
    clock.begin(last)
    at = clock() - machine.wall

    assert at == off
    assert held_for(machine, clock) == held


def test_a_start_goes_on_at_slacks_word_at_once(machine):
    for last in (
        None,
        Heartbeat(MONDAY - DAY_MS, 9 * HOUR_MS, "another"),
        Heartbeat(MONDAY + DAY_MS, 9 * HOUR_MS, "another"),
    ):
        clock = machine.clock()
        clock.begin(last)
        clock.told(machine.true)

        assert clock.is_sure
        assert clock() == machine.true


def test_a_heartbeat_carries_the_time_over_a_restart(machine):
    clock = machine.clock()
    machine.wall += DAY_MS
    clock.told(machine.true)
    beat = clock.heartbeat
    machine.passes(10 * MINUTE_MS)
    after = machine.clock()
    after.begin(beat)

    assert after() == machine.true
    assert not after.is_sure
