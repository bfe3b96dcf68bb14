"""Several sources, one verdict: work seen by any is work, and nobody's silence is idleness."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.readings import MOST_PCT, MOST_WATTS, mib, within_bounds
from bot.domain.machines.source_history import KEPT_MINUTES, Observation, extend_history, trace_of
from bot.domain.machines.sources import Account, combine, judge_account, sees_but_cannot_measure
from bot.domain.machines.verdict import GpuTrace, GpuVerdict, IdleRule, Verdict

RULE = IdleRule()
NOW = 30_000_000 * MINUTE_MS
BEGAN = NOW - 90 * MINUTE_MS


def told(states: str, gpu: int | None = None, memory: int | None = None, until: int = NOW) -> list[Observation]:
    """A letter per minute up to `until`: q quiet, a active, - no reading."""
    util = {"q": 0.0, "a": 40.0, "-": None}
    first = until - len(states) * MINUTE_MS
    return [
        Observation("i-1", gpu, first + at * MINUTE_MS, util[state], util[state], memory)
        for at, state in enumerate(states)
    ]


def account(*histories: list[Observation], source: str = "CloudWatch") -> Account:
    trails = [extend_history(None, history, RULE) for history in histories]
    return Account(source, tuple(trail for trail in trails if trail), stale_minutes=10)


def verdict(*histories: list[Observation], now: int = NOW, gpu_count: int = 1, **more) -> Verdict:
    return judge_account(account(*histories), RULE, now, gpu_count=gpu_count, **more)


def agent(state: str, gpus: int = 1) -> Verdict:
    gpu_state = "unknown" if state == "unknown" else state
    since = NOW - 2 * HOUR_MS
    return Verdict(
        state, since, f"the agent saw it {state}", NOW, tuple(GpuVerdict(n, gpu_state, since) for n in range(gpus))
    )


histories = st.lists(st.tuples(st.sampled_from("aqqqq-"), st.integers(1, 70)), min_size=1, max_size=5).map(
    lambda parts: "".join(state * length for state, length in parts)
)
agents = st.sampled_from(["active", "held", "free", "unknown"]).map(agent)


def test_a_good_history_without_an_agent_gives_a_verdict_of_its_own():
    assert verdict(told("q" * 60)).state == "held"
    assert verdict(told("q" * 59)).state == "unknown"


def test_ninety_percent_of_the_hour_must_have_been_seen():
    assert verdict(told("q" * 27 + "-" * 6 + "q" * 27)).state == "held"
    assert verdict(told("q" * 27 + "-" * 7 + "q" * 26)).state == "unknown"
    assert verdict(told("q-q-q-q-q-q-q-" + "q" * 46)).state == "unknown"


def test_one_active_minute_resets():
    assert verdict(told("q" * 100 + "a" + "q" * 59)).state == "active"
    assert verdict(told("q" * 100 + "a" + "q" * 61)).state == "held"


@pytest.mark.parametrize(("memory", "state"), [(None, "held"), (3, "free"), (40_000, "held")])
def test_only_a_memory_reading_makes_it_free(memory, state):
    assert verdict(told("q" * 60, memory=memory)).state == state


def test_the_minutes_right_after_a_launch_do_not_count():
    assert verdict(told("q" * 74), launched_at=NOW - 74 * MINUTE_MS).state == "unknown"
    assert verdict(told("q" * 75), launched_at=NOW - 75 * MINUTE_MS).state == "held"


def test_a_source_that_lags_is_judged_by_what_it_told_a_stale_one_never():
    late = told("q" * 70, until=NOW - 9 * MINUTE_MS)

    assert verdict(late).state == "held"
    assert verdict(late, now=NOW + 2 * MINUTE_MS).state == "unknown"
    assert "silent for 11 min" in verdict(late, now=NOW + 2 * MINUTE_MS).evidence


def test_a_gpu_that_is_not_told_of_is_not_idle():
    assert verdict(told("q" * 60, 0), told("q" * 60, 1), gpu_count=2).state == "held"
    assert verdict(told("q" * 60, 0), gpu_count=2).state == "unknown"
    assert verdict(told("q" * 60, 0), told("q" * 59 + "a", 1), gpu_count=2).state == "partial"


def test_a_reading_of_the_whole_instance_speaks_of_every_gpu():
    whole = verdict(told("q" * 60), gpu_count=8)

    assert (whole.state, whole.idle_gpus) == ("held", 8)


def test_where_two_speak_of_one_gpu_both_are_shown():
    combined = combine(agent("free"), [("Prometheus", verdict(told("q" * 60)))], gpu_count=1)

    assert combined.evidence.startswith("the agent saw it free; Prometheus: memory not known, 0 % at most; no work")


@pytest.mark.parametrize("gpu", [None, 0])
def test_a_disagreement_is_not_idle_and_says_so(gpu):
    busy = verdict(told("q" * 59 + "a", gpu))

    combined = combine(agent("free"), [("Prometheus", busy)], gpu_count=1)

    assert combined.state == "active"
    assert combined.gist == "sources disagree: agent says idle, Prometheus says in use"
    assert "worked 1 min ago, at most 40 %" in combined.evidence


def test_a_busy_whole_is_no_disagreement_with_one_busy_gpu_among_idle_ones():
    partial = replace(
        agent("free", 2), state="partial", gpus=(GpuVerdict(0, "active", NOW), GpuVerdict(1, "free", NOW))
    )

    combined = combine(partial, [("CloudWatch", verdict(told("a" * 60), gpu_count=2))], gpu_count=2)

    assert combined.state == "partial"
    assert "disagree" not in combined.evidence


def test_an_agent_that_says_busy_is_not_overruled():
    combined = combine(agent("active"), [("CloudWatch", verdict(told("q" * 90)))], gpu_count=1)

    assert combined.state == "active"
    assert "disagree" in combined.evidence


def test_a_stale_source_neither_counts_nor_hides():
    stale = verdict(told("a" * 60, until=NOW - 2 * HOUR_MS))

    combined = combine(agent("free"), [("CloudWatch", stale)], gpu_count=1)

    assert combined.state == "free"
    assert "CloudWatch: silent for 120 min" in combined.evidence


def test_a_source_that_died_at_work_does_not_make_a_machine_idle():
    died = verdict(told("a" * 60, until=NOW - 20 * MINUTE_MS))

    combined = combine(agent("free"), [("CloudWatch", died)], gpu_count=1)

    assert combined.state == "active"
    assert "CloudWatch: silent for 20 min, saw work 21 min ago" in combined.evidence
    assert verdict(told("a" * 60, until=NOW - 20 * MINUTE_MS), launched_at=NOW - 15 * MINUTE_MS).state == "unknown"


def test_without_other_sources_the_agents_word_stands_as_it_is():
    assert combine(agent("free"), [], gpu_count=1) == agent("free")


@pytest.mark.parametrize(("util", "gpu_count", "blind"), [(0.0, 1, False), (None, 1, True), (0.0, 2, True)])
def test_what_the_agent_sees_but_cannot_measure_no_other_source_makes_idle(util, gpu_count, blind):
    traces = [GpuTrace(0, last_minute_at=NOW - MINUTE_MS, util_max=util)]

    assert sees_but_cannot_measure(traces, RULE, NOW, gpu_count=gpu_count) is blind
    assert not sees_but_cannot_measure(traces, RULE, NOW + HOUR_MS, gpu_count=gpu_count)
    others = [("CloudWatch", verdict(told("q" * 60), gpu_count=gpu_count))]
    combined = combine(agent("unknown"), others, gpu_count=gpu_count, agent_blind=blind)
    assert combined.is_idle is not blind


@given(agents, st.lists(histories, min_size=1, max_size=3))
def test_more_sources_never_make_idle_what_any_of_them_calls_active(word, told_by):
    others = [(f"source {number}", verdict(told(history))) for number, history in enumerate(told_by)]
    voices = [word, *(each for _, each in others)]

    combined = combine(word, others, gpu_count=1)

    if any(voice.state == "active" for voice in voices):
        assert not combined.is_idle
        assert combined.state == "active"
    assert combined.is_idle <= any(voice.is_idle for voice in voices)


@given(histories, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_changes_what_is_kept(history, random):
    once = told(history, memory=4)
    mixed = [*once, *random.sample(once, len(once) // 2)]
    random.shuffle(mixed)

    assert extend_history(None, mixed, RULE) == extend_history(None, once, RULE)


@given(histories, histories)
def test_work_in_the_last_hour_is_never_idle_whatever_is_told_again(history, again):
    trail = extend_history(None, [*told(history), *told(again)], RULE)
    worked = "a" in history[-60:] or "a" in again[-60:]

    if trail and worked:
        assert not judge_account(Account("x", (trail,), 10), RULE, NOW, gpu_count=1).is_idle


@given(histories)
def test_the_trail_says_what_a_walk_over_the_minutes_says(history):
    trail = extend_history(None, told(history), RULE)
    if trail is None:
        return
    minutes = {each.minute: each.util_max for each in told(history)}
    since, hole, at = None, 0, trail.head
    while at >= min(minutes) and hole <= RULE.gap_minutes and minutes.get(at) != 40.0:
        if minutes.get(at) is None:
            hole += 1
        else:
            since, hole = at, 0
        at -= MINUTE_MS

    assert trace_of(trail, RULE).quiet_since == since


def test_a_trail_stays_small_whatever_the_clock_does():
    trail = extend_history(None, [Observation("i-1", None, 0, 0.0), *told("q" * 5)], RULE)

    assert trail is not None
    assert trail.quiet == 0b11111
    assert trail.quiet.bit_length() <= KEPT_MINUTES


def test_what_came_before_a_launch_was_other_gpus():
    old = replace(extend_history(None, told("q" * 70, 7), RULE), head=NOW - 3 * HOUR_MS)
    fresh = extend_history(None, told("q" * 80, 0), RULE)

    found = judge_account(Account("x", (old, fresh), 10), RULE, NOW, gpu_count=1, launched_at=NOW - 2 * HOUR_MS)

    assert found.state == "held"


def drawing(*watts: float, util: float = 0.0, doubt: bool = False) -> list[Observation]:
    first = NOW - len(watts) * MINUTE_MS
    return [
        Observation("i-1", 0, first + at * MINUTE_MS, util, util, 3, value, may_be_ratio=doubt)
        for at, value in enumerate(watts)
    ]


def test_power_well_above_its_floor_is_work_that_utilisation_does_not_see():
    found = verdict(drawing(*[60.0] * 70, 300.0))

    assert found.state == "active"
    assert found.evidence.endswith("at most 0 % in the last minute it has, by power alone")
    assert verdict(drawing(*[60.0] * 71)).state == "free"


def test_power_shows_work_where_utilisation_can_not_be_read():
    unread = [replace(each, util_max=None) for each in drawing(*[60.0] * 70, 300.0)[-1:]]

    assert verdict([*drawing(*[60.0] * 71)[:-1], *unread]).state == "active"


def test_a_low_percentage_that_may_be_a_ratio_is_idle_only_where_power_says_so():
    low = drawing(*[60.0] * 70, util=0.98, doubt=True)
    unpowered = [replace(each, watts=None) for each in low]
    learned = extend_history(None, drawing(*[60.0] * 10), RULE)

    assert verdict(unpowered).state == "unknown"
    assert "a ratio" in verdict(unpowered).evidence
    assert verdict(drawing(*[60.0] * 70) + unpowered[-1:]).state == "unknown"
    later = [replace(each, minute=each.minute + HOUR_MS + 10 * MINUTE_MS) for each in low]
    known = extend_history(learned, later, RULE)
    assert judge_account(Account("x", (known,), 10), RULE, NOW + HOUR_MS + 10 * MINUTE_MS, gpu_count=1).state == "free"


@given(util=st.floats(allow_nan=True, allow_infinity=True), memory=st.floats(), watts=st.floats())
def test_no_number_outside_its_range_is_ever_a_reading(util, memory, watts):
    assert within_bounds(util, MOST_PCT) is None or 0 <= util <= 100
    assert mib(memory) is None or 0 <= memory <= 4_194_304
    assert within_bounds(watts, MOST_WATTS) is None or 0 <= watts <= 5000
