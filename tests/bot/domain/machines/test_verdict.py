"""The rule at its edges."""

from dataclasses import replace

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.readings import Minute
from bot.domain.machines.streaks import minute_state
from bot.domain.machines.verdict import GpuTrace, IdleRule, judge, judge_gpu

RULE = IdleRule()
NOW = 1_000 * HOUR_MS
SEEN = Minute(0, 100, 4, util_max=0.0, memory_used_mib=4, compute_processes=0, graphics_processes=0)


def trace(gpu: int = 0, **fields) -> GpuTrace:
    quiet = {
        "last_minute_at": NOW - MINUTE_MS,
        "quiet_since": NOW - 60 * MINUTE_MS,
        "quiet_minutes": 60,
        "util_max": 0.0,
        "memory_used_mib": 4,
        "compute_processes": 0,
    }
    return GpuTrace(gpu, **(quiet | fields))


def state_of(**fields) -> str:
    return judge_gpu(trace(**fields), RULE, NOW).state


def test_sixty_quiet_minutes_are_idle_and_fifty_nine_are_not():
    assert state_of() == "free"
    assert state_of(quiet_since=NOW - 59 * MINUTE_MS) == "unknown"


def test_ninety_percent_of_them_must_have_been_seen():
    assert state_of(quiet_minutes=54) == "free"
    assert state_of(quiet_minutes=53) == "unknown"


def test_the_share_is_rounded_up():
    assert IdleRule(window_minutes=61).quiet_needed == 55
    assert IdleRule(window_minutes=15, known_share=1.0).gap_minutes == 0


def test_one_active_minute_starts_it_again():
    verdict = judge_gpu(trace(quiet_since=NOW - 10 * MINUTE_MS, last_active_at=NOW - 11 * MINUTE_MS), RULE, NOW)

    assert (verdict.state, verdict.since) == ("active", NOW - 11 * MINUTE_MS)


@pytest.mark.parametrize("fields", [{"memory_used_mib": 512}, {"memory_used_mib": None}, {"compute_processes": 1}])
def test_memory_a_process_or_not_knowing_makes_it_held_not_free(fields):
    assert state_of(**fields) == "held"


def test_not_knowing_the_processes_is_held_not_free():
    assert state_of(compute_processes=None) == "held"


def test_an_old_reading_is_unknown_however_idle_it_was():
    assert state_of(last_minute_at=NOW - 5 * MINUTE_MS) == "free"
    assert state_of(last_minute_at=NOW - 5 * MINUTE_MS - 1) == "unknown"
    assert state_of(last_minute_at=None) == "unknown"


def test_a_reading_from_the_future_is_unknown():
    """The clock was set back: how long ago it was seen is not known."""
    assert state_of(last_minute_at=NOW + 5 * MINUTE_MS + 1) == "unknown"


def test_what_was_seen_before_this_launch_says_nothing():
    before = judge([trace()], RULE, NOW, gpu_count=1, launched_at=NOW - 30 * MINUTE_MS)
    silent = judge([trace()], RULE, NOW, gpu_count=1, launched_at=NOW)
    after = judge([trace()], RULE, NOW, gpu_count=1, launched_at=NOW - 60 * MINUTE_MS)

    assert before.state == "unknown"
    assert (silent.state, silent.evidence) == ("unknown", "no agent has reported from it")
    assert after.state == "free"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "quiet"),
        ({"util_max": 4.99}, "quiet"),
        ({"util_max": 5.0}, "active"),
        ({"util_max": 5.0, "samples": 1}, "active"),
        ({"util_max": 5.0, "tick": 3}, "active"),
        ({"util_max": None, "codec_max": 0.5}, "active"),
        ({"samples": 2}, "unknown"),
        ({"tick": 14}, "unknown"),
        ({"tick": 15}, "quiet"),
        ({"util_max": None}, "quiet"),
        ({"util_max": None, "compute_processes": 1}, "unknown"),
        ({"util_max": None, "compute_processes": None}, "unknown"),
        ({"util_max": None, "graphics_processes": 1}, "unknown"),
        ({"util_max": None, "memory_used_mib": None}, "unknown"),
        ({"util_max": None, "memory_used_mib": 512}, "unknown"),
        ({"mig": True, "memory_used_mib": 600}, "unknown"),
        ({"mig": True}, "quiet"),
    ],
)
def test_a_minute_is_active_on_any_sign_quiet_only_when_known(fields, expected):
    assert minute_state(replace(SEEN, **fields), RULE, started_tick=0) == expected


def test_the_first_fifteen_minutes_of_the_agent_never_count():
    assert minute_state(SEEN, RULE, started_tick=86) == "unknown"
    assert minute_state(SEEN, RULE, started_tick=85) == "quiet"


def test_fewer_gpus_than_the_type_has_is_unknown():
    verdict = judge([trace(gpu) for gpu in range(7)], RULE, NOW, gpu_count=8)

    assert (verdict.state, verdict.evidence) == ("unknown", "only 7 of 8 GPUs report")


def test_one_unknown_gpu_keeps_the_rest_from_being_idle():
    verdict = judge([trace(0), trace(1, last_minute_at=NOW - HOUR_MS)], RULE, NOW, gpu_count=2)

    assert (verdict.state, verdict.evidence) == ("unknown", "only 1 of 2 GPUs report")


def test_some_idle_some_working_is_partial_and_only_workers_are_counted_as_such():
    busy = trace(0, quiet_since=None, last_active_at=NOW - MINUTE_MS, util_max=97.0)
    gone = trace(2, last_minute_at=NOW - HOUR_MS)

    verdict = judge([busy, trace(1), gone], RULE, NOW, gpu_count=3)

    assert verdict.state == "partial"
    assert (verdict.idle_gpus, verdict.since) == (1, NOW - HOUR_MS)
    assert verdict.evidence.startswith("1 of 3 GPUs worked within the last 60 minutes")


def test_since_is_about_the_gpus_that_make_the_verdict():
    busy = trace(0, quiet_since=None, last_active_at=NOW - 50 * MINUTE_MS)
    unseen = trace(1, quiet_since=None)

    verdict = judge([busy, unseen], RULE, NOW, gpu_count=2)

    assert (verdict.state, verdict.since) == ("active", NOW - 50 * MINUTE_MS)


def test_memory_that_was_not_read_is_not_called_zero():
    verdict = judge([trace(memory_used_mib=None, process="python")], RULE, NOW, gpu_count=1)

    assert verdict.state == "held"
    assert verdict.gist == "memory not known, its GPU at 0 %"


def test_without_any_report_it_says_so():
    verdict = judge([], RULE, NOW, gpu_count=8)

    assert (verdict.state, verdict.since, verdict.evidence) == ("unknown", None, "no agent has reported from it")
