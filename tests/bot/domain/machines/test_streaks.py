"""Which minutes were quiet, as bits; and what looks like a keep-alive."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.packing import GpuSum, Point, merge_points, pack_points, pack_sums, unpack_points, unpack_sums
from bot.domain.machines.readings import Minute
from bot.domain.machines.streaks import SPARE_MINUTES, QuietMinutes, extend_flat_streak
from bot.domain.machines.verdict import GpuTrace, IdleRule, judge

START = 1_000 * HOUR_MS
PULSE = Minute(0, 100, 4, util_max=9.0, util_mean=6.0, watts=70.0, memory_used_mib=3_000, compute_processes=1)
states = st.sampled_from(["active", "quiet", "unknown"])
tenths = st.none() | st.integers(0, 1000).map(lambda value: value / 10)
watts = st.none() | st.integers(0, 20_000).map(lambda value: value / 10)
counts = st.none() | st.integers(0, 60_000)
points = st.builds(Point, st.integers(0, 63), states, tenths, tenths, watts, counts, counts)


@given(st.lists(st.tuples(st.integers(0, 200), st.booleans()), max_size=80), st.integers(15, 120))
def test_the_bits_are_what_a_plain_set_of_minutes_gives(told, window):
    quiet, plain = QuietMinutes(), {}
    for minute, was_quiet in told:
        quiet = quiet.marked(START + minute * MINUTE_MS, quiet=was_quiet, window_minutes=window)
        plain[minute] = was_quiet

    newest = max(plain, default=0)
    expected = sum(was for minute, was in plain.items() if newest - window < minute <= newest)
    end = START + (newest + 1) * MINUTE_MS
    assert quiet.count(end - window * MINUTE_MS, end) == expected
    assert quiet.bits.bit_length() <= window + SPARE_MINUTES


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_jump_of_the_clock_forgets_and_never_adds(first, second):
    quiet = QuietMinutes().marked(START + first * MINUTE_MS, quiet=True, window_minutes=60)

    quiet = quiet.marked(START + second * MINUTE_MS, quiet=True, window_minutes=60)

    assert quiet.bits.bit_count() <= 2


@given(st.lists(points, max_size=64))
def test_minutes_come_out_as_they_went_in(told):
    assert list(unpack_points(pack_points(told))) == told


@given(
    st.lists(
        st.builds(GpuSum, *[st.integers(0, n) for n in (63, 1440, 1440, 1440, 1440)], tenths, tenths, watts, counts)
    )
)
def test_hours_come_out_as_they_went_in(told):
    assert list(unpack_sums(pack_sums(told))) == told


@given(points, points)
def test_a_minute_told_twice_is_quiet_only_if_both_say_so(one, two):
    both = merge_points(one, two)

    assert both.state == merge_points(two, one).state
    assert (both.state == "quiet") == (one.state == two.state == "quiet")
    assert (both.state == "active") == ("active" in {one.state, two.state})
    assert merge_points(both, two).state == both.state


def follow(*told: Minute, suspect: bool = True):
    flat = None
    for number, each in enumerate(told):
        flat = extend_flat_streak(flat, START + number * MINUTE_MS, each, suspect=suspect)
    return flat


def test_the_same_low_use_and_memory_is_one_spell():
    flat = follow(*[PULSE] * 30)

    assert (flat.since, flat.until) == (START, START + 30 * MINUTE_MS)


def test_more_use_more_memory_or_another_level_ends_it():
    assert follow(PULSE, replace(PULSE, util_mean=40.0)) is None
    assert follow(PULSE, replace(PULSE, util_mean=None)) is None
    assert follow(PULSE, PULSE, suspect=False) is None
    assert follow(PULSE, replace(PULSE, util_mean=9.1)).since == START + MINUTE_MS
    assert follow(PULSE, replace(PULSE, memory_used_mib=3_017)).since == START + MINUTE_MS


def test_a_late_minute_of_real_work_ends_it():
    flat = follow(*[PULSE] * 30)

    assert extend_flat_streak(flat, START + 5 * MINUTE_MS, replace(PULSE, util_mean=90.0), suspect=False) is None
    assert extend_flat_streak(flat, START - MINUTE_MS, replace(PULSE, util_mean=90.0), suspect=False) == flat


def test_a_suspected_keep_alive_is_said_and_stays_active():
    now = START + 10 * HOUR_MS
    seen = {"last_minute_at": now - MINUTE_MS, "last_active_at": now - MINUTE_MS, "util_max": 9.0}

    long = judge([GpuTrace(0, **seen, flat_since=now - 5 * HOUR_MS)], IdleRule(), now, gpu_count=1)
    short = judge([GpuTrace(0, **seen, flat_since=now - 3 * HOUR_MS + 1)], IdleRule(), now, gpu_count=1)

    assert (long.state, short.state) == ("active", "active")
    assert "suspected keep-alive on GPU 0: the same low use and memory for 5 h, power near idle" in long.evidence
    assert "keep-alive" not in long.gist
    assert "keep-alive" not in short.evidence


def test_work_that_only_power_shows_is_said_to_be_that():
    now = START
    seen = {"last_minute_at": now - MINUTE_MS, "last_active_at": now - MINUTE_MS, "util_max": 0.0, "active_by": "power"}

    verdict = judge([GpuTrace(0, **seen)], IdleRule(), now, gpu_count=1)

    assert verdict.state == "active"
    assert verdict.evidence.endswith("GPU 0 by power alone: well above what it draws when idle")


def test_a_process_without_a_utilisation_reading_is_told_as_such():
    verdict = judge(
        [GpuTrace(2, last_minute_at=START - MINUTE_MS, compute_processes=1)], IdleRule(), START, gpu_count=1
    )

    assert verdict.state == "unknown"
    assert verdict.evidence.startswith("GPU 2 has a program and no reading of its use")
