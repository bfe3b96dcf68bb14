"""Never more is charged than was observed, whatever the looks showed and missed."""

import itertools
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.money.metering import Meter, SeenInstance, advance
from bot.domain.money.rates import Charge, cost_between, cost_for

T0 = 400_000 * HOUR_MS
RATE = 32_772_600
SEEN = SeenInstance("i-1", running=True, launched_at=T0 - HOUR_MS, stopped_at=None, rate_micros=RATE)


def look(meter, seen: SeenInstance, now: int, last_look: int | None):
    return advance(meter, seen, now, last_look=last_look)


def test_an_instance_never_seen_before_is_metered_from_its_first_look():
    _, meter = look(None, SEEN, T0, None)

    assert meter == Meter("i-1", T0, T0, SEEN.launched_at, RATE, "", ((T0, "?"),))


def test_a_launch_between_two_looks_is_metered_from_the_launch():
    _, meter = look(None, replace(SEEN, launched_at=T0 - 20_000), T0, T0 - MINUTE_MS)

    assert meter is not None
    assert (meter.from_at, meter.until_at) == (T0 - 20_000, T0)


def test_missed_looks_cost_nothing_while_the_same_launch_runs():
    _, meter = look(None, SEEN, T0, None)

    charges, meter = look(meter, SEEN, T0 + 5 * HOUR_MS, T0)

    assert sum(charge.micros for charge in charges) == 5 * RATE
    assert len(charges) == 5
    assert meter is not None
    assert meter.micros == 0


def test_a_stop_is_charged_up_to_the_providers_word():
    _, meter = look(None, SEEN, T0, None)

    charges, after = look(meter, replace(SEEN, running=False, stopped_at=T0 + 10 * MINUTE_MS), T0 + HOUR_MS, T0)

    assert [charge.running_ms for charge in charges] == [10 * MINUTE_MS]
    assert after is None


def test_a_stop_of_another_launch_says_nothing_about_this_one():
    """Stopped, started and stopped again while nobody looked: only what was seen is charged."""
    _, meter = look(None, SEEN, T0, None)
    again = replace(SEEN, running=False, launched_at=T0 + 3 * HOUR_MS, stopped_at=T0 + 4 * HOUR_MS)

    charges, _ = look(meter, again, T0 + 5 * HOUR_MS, T0)

    assert charges == []


def test_a_stop_in_the_future_is_charged_up_to_now():
    _, meter = look(None, SEEN, T0, None)

    charges, _ = look(meter, replace(SEEN, running=False, stopped_at=T0 + HOUR_MS), T0 + MINUTE_MS, T0)

    assert [charge.until_at for charge in charges] == [T0 + MINUTE_MS]


@pytest.mark.parametrize("terms", [{"rate_micros": 1}, {"team": "nlp"}])
def test_a_change_of_terms_closes_the_charge_on_the_old_ones(terms):
    _, meter = look(None, SEEN, T0, None)

    charges, meter = look(meter, replace(SEEN, **terms), T0 + MINUTE_MS, T0)

    assert [(charge.micros, charge.team) for charge in charges] == [(cost_for(RATE, MINUTE_MS), "")]
    assert meter is not None
    assert meter.terms != (RATE, "")


def test_a_clock_set_back_charges_no_time_twice():
    charges, meter = advance(None, SEEN, T0 + MINUTE_MS, last_look=T0, charged_until=T0 + HOUR_MS)

    assert charges == []
    assert meter is not None
    assert (meter.from_at, meter.until_at) == (T0 + HOUR_MS, T0 + HOUR_MS)


@given(
    rate=st.integers(1, 200_000_000),
    cuts=st.lists(st.integers(0, 5 * HOUR_MS), min_size=2, max_size=30, unique=True).map(sorted),
)
def test_the_parts_of_a_span_add_up_to_the_micro_dollar(rate, cuts):
    parts = sum(cost_between(rate, T0 + start, T0 + end) for start, end in itertools.pairwise(cuts))

    assert parts == cost_between(rate, T0 + cuts[0], T0 + cuts[-1])
    assert cost_between(rate, T0, T0 + 7 * HOUR_MS) == 7 * rate


@dataclass(frozen=True)
class Step:
    """Time passes; the machine may be stopped or started; somebody may look; the terms may change."""

    length: int
    world: str
    looked: bool
    rate: int
    skew: int


steps = st.lists(
    st.builds(
        Step,
        st.integers(0, 3 * HOUR_MS),
        st.sampled_from(["as it was", "as it was", "stops", "starts", "restarts"]),
        st.booleans(),
        st.sampled_from([RATE, RATE, 1_006_000]),
        st.sampled_from([0, 0, 0, -2 * HOUR_MS, 2 * HOUR_MS]),
    ),
    max_size=40,
)


def play(plan: list[Step], *, skewed: bool) -> tuple[list[Charge], Meter | None, list[tuple[int, int]], int]:
    """Charges, open meter, the spans it really ran, and the highest rate there was."""
    now, skew, began, launched, stopped = T0, 0, T0, T0, None
    ran: list[tuple[int, int]] = []
    charges: list[Charge] = []
    meter, last_look, running = None, None, True
    for step in plan:
        now += step.length
        skew += step.skew if skewed else 0
        if running and step.world in {"stops", "restarts"}:
            ran.append((began, now))
            running, stopped = False, now
        if not running and step.world in {"starts", "restarts"}:
            running, began, launched, stopped = True, now, now, None
        if step.looked:
            seen = SeenInstance("i-1", running, launched, stopped, step.rate)
            until = max((charge.until_at for charge in charges), default=0)
            due, meter = advance(meter, seen, now + skew, last_look=last_look, charged_until=until)
            charges += due
            last_look = now + skew
    if running:
        ran.append((began, now))
    return charges, meter, ran, now


@given(plan=steps)
def test_never_more_is_charged_than_it_ran(plan):
    charges, meter, ran, _ = play(plan, skewed=False)

    spans = [(charge.from_at, charge.until_at) for charge in charges]
    spans += [(meter.from_at, meter.until_at)] if meter else []
    assert all(any(start <= a and b <= end for start, end in ran) for a, b in spans)


@given(plan=steps)
def test_what_is_charged_is_time_times_rate_to_the_micro_dollar(plan):
    charges, meter, ran, _ = play(plan, skewed=False)

    metered = meter.until_at - meter.from_at if meter else 0
    assert sum(charge.running_ms for charge in charges) + metered <= sum(end - start for start, end in ran)
    for charge in charges:
        assert charge.micros == cost_between(charge.rate_micros, charge.from_at, charge.until_at)
        assert abs(charge.micros * HOUR_MS - charge.rate_micros * charge.running_ms) <= HOUR_MS


@given(plan=steps, skewed=st.booleans())
def test_charges_never_cross_an_hour_nor_each_other_whatever_the_clock_does(plan, skewed):
    charges, meter, _, _ = play(plan, skewed=skewed)

    for charge in charges:
        assert charge.from_at < charge.until_at <= charge.hour + HOUR_MS
        assert charge.running_ms == charge.until_at - charge.from_at
    ends = [0, *(charge.until_at for charge in charges)]
    starts = [*(charge.from_at for charge in charges), *([meter.from_at] if meter else [])]
    assert all(end <= start for end, start in zip(ends, starts, strict=False))
