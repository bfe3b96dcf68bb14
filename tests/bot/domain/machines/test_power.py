"""The power floor: learned from quiet minutes, kept apart for context held and not, a veto and nothing else."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import DAY_MS, MINUTE_MS
from bot.domain.machines.power import CONTEXT_WATTS, FLOOR_DAYS, PowerFloor, learn_floor
from bot.domain.machines.readings import Minute
from bot.domain.machines.streaks import minute_state
from bot.domain.machines.verdict import IdleRule

RULE = IdleRule()
START = 1_000 * DAY_MS
QUIET = Minute(0, 100, 4, util_max=0.0, watts=60.0, memory_used_mib=4, compute_processes=0, graphics_processes=0)


def taught(*watts: float, start: int = START, held: bool = False, floor: PowerFloor | None = None) -> PowerFloor:
    floor = floor or PowerFloor()
    for number, each in enumerate(watts):
        floor = learn_floor(floor, start + number * MINUTE_MS, each, held=held)
    return floor


def test_four_minutes_teach_nothing_and_five_their_mean():
    assert taught(60, 60, 60, 60).watts(START, held=False) is None
    assert taught(60, 61, 62, 63, 64).watts(START, held=False) == 62.0


def test_the_lowest_five_minutes_count():
    assert taught(90, 90, 60, 60, 60, 60, 60, 90, 90).watts(START, held=False) == 60.0


def test_a_hole_or_another_context_starts_the_five_again():
    late = taught(60, start=START + 10 * MINUTE_MS, floor=taught(60, 60, 60, 60))
    other = taught(90, start=START + 4 * MINUTE_MS, held=True, floor=taught(60, 60, 60, 60))

    assert late.watts(START, held=False) is None
    assert other.watts(START, held=False) is None
    assert other.watts(START, held=True) is None


def test_what_a_context_draws_is_no_floor_for_an_empty_gpu():
    floor = taught(90, 90, 90, 90, 90, held=True)

    assert (floor.watts(START, held=True), floor.watts(START, held=False)) == (90.0, None)


def test_a_floor_of_over_a_week_ago_is_forgotten_though_nothing_new_was_learned():
    floor = taught(60, 60, 60, 60, 60)

    assert floor.watts(START + (FLOOR_DAYS - 1) * DAY_MS, held=False) == 60.0
    assert floor.watts(START + FLOOR_DAYS * DAY_MS, held=False) is None


def test_the_lows_of_a_clock_that_was_set_back_are_not_kept():
    ahead = taught(30, 30, 30, 30, 30, start=START + 400 * DAY_MS)
    ahead = replace(ahead, run_until=0)

    floor = taught(60, 60, 60, 60, 60, floor=ahead)

    assert floor.watts(START, held=False) == 60.0


def test_without_its_own_floor_a_held_context_may_draw_what_contexts_draw():
    floor = taught(60, 60, 60, 60, 60)

    assert floor.near(START, 60 + CONTEXT_WATTS + 15, 15, held=True)
    assert not floor.near(START, 60 + CONTEXT_WATTS + 15.1, 15, held=True)
    assert not PowerFloor().near(START, 1.0, 15, held=True)


@given(st.lists(st.tuples(st.integers(0, 20 * 1440), st.floats(10, 1000), st.booleans()), max_size=60))
def test_it_comes_out_of_the_store_as_it_went_in_and_stays_small(told):
    floor = PowerFloor()
    for minute, watts, held in told:
        floor = learn_floor(floor, START + minute * MINUTE_MS, watts, held=held)

    assert PowerFloor.from_text(floor.to_text()) == floor
    assert len(floor.to_text()) < 400
    assert len(floor.run) < 5


@given(st.lists(st.floats(20, 500), min_size=5, max_size=40))
def test_it_is_the_lowest_mean_of_five_minutes_in_a_row(watts):
    floor = taught(*watts)

    means = [sum(watts[at : at + 5]) / 5 for at in range(len(watts) - 4)]
    assert abs((floor.watts(START, held=False) or 0) - min(means)) < 0.2


def test_more_than_fifteen_watts_over_the_floor_is_work_and_fifteen_are_not():
    over = replace(QUIET, watts=75.1)

    assert minute_state(replace(QUIET, watts=75.0), RULE, started_tick=0, floor_watts=60.0) == "quiet"
    assert minute_state(over, RULE, started_tick=0, floor_watts=60.0) == "active"
    assert minute_state(over, RULE, started_tick=0, floor_watts=None) == "quiet"


minutes = st.builds(
    Minute,
    st.just(0),
    st.integers(0, 60),
    st.integers(0, 4),
    util_max=st.none() | st.floats(0, 100),
    codec_max=st.none() | st.floats(0, 100),
    watts=st.none() | st.floats(0, 900),
    memory_used_mib=st.none() | st.integers(0, 90_000),
    compute_processes=st.none() | st.integers(0, 3),
    graphics_processes=st.none() | st.integers(0, 3),
    mig=st.booleans(),
)


@given(minutes, st.none() | st.floats(0, 500))
def test_no_floor_makes_a_minute_idle_that_is_not_idle_without_one(minute, floor_watts):
    without = minute_state(minute, RULE, started_tick=0)
    given_one = minute_state(minute, RULE, started_tick=0, floor_watts=floor_watts)

    assert given_one in {without, "active"}
