"""A saving is never more than what would have been spent, and time is saved once."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS, WEEK_MS
from bot.domain.money.rates import cost_for
from bot.domain.money.savings import LONGEST_STOP_MS, Stopped, saved_by_sharing, saved_by_stop

T0 = 400_008 * HOUR_MS  # a Monday, 00:00 UTC, would do as well as any
RATE = 10_000_000
ALWAYS = {T0 - n * HOUR_MS: HOUR_MS for n in range(1, 5 * 7 * 24 + 1)}


def stopped(ran, *, until=T0 + 30 * DAY_MS, claimed_until=0, known_from=T0 - 5 * WEEK_MS):
    return Stopped(T0, until, RATE, ran, known_from, claimed_until)


def test_a_machine_that_always_ran_saves_its_rate_until_it_starts_again():
    found = saved_by_stop(stopped(ALWAYS, until=T0 + 90 * MINUTE_MS), T0, T0 + DAY_MS)

    assert [(piece.saved_ms, piece.micros) for piece in found] == [(HOUR_MS, RATE), (HOUR_MS // 2, RATE // 2)]


def test_hours_in_which_it_never_ran_save_nothing():
    only_noon = {hour: HOUR_MS for hour in ALWAYS if hour % DAY_MS == 12 * HOUR_MS}

    found = saved_by_stop(stopped(only_noon), T0, T0 + DAY_MS)

    assert [piece.from_at % DAY_MS for piece in found] == [12 * HOUR_MS]


def test_half_the_weeks_are_half_an_hour():
    ran = {hour: ms for hour, ms in ALWAYS.items() if (T0 - hour) // WEEK_MS % 2}

    found = saved_by_stop(stopped(ran, known_from=T0 - 4 * WEEK_MS), T0, T0 + DAY_MS)

    assert {piece.saved_ms for piece in found} == {HOUR_MS // 2}


def test_a_machine_younger_than_a_week_goes_by_its_days():
    found = saved_by_stop(stopped(ALWAYS, known_from=T0 - 2 * DAY_MS), T0, T0 + DAY_MS)

    assert sum(piece.saved_ms for piece in found) == DAY_MS


def test_nights_that_were_saved_count_for_the_share_of_weeks_in_which_they_really_ran():
    """Off every night for so many weeks: by then the nights before are saved ones, and those before them real."""
    for weeks, expected in ((0, HOUR_MS), (4, HOUR_MS * 9 // 13), (12, HOUR_MS // 13), (13, 0), (60, 0)):
        began = T0 - weeks * WEEK_MS
        hours = [T0 - n * HOUR_MS for n in range(1, 70 * 7 * 24)]
        ran = {hour: HOUR_MS for hour in hours if hour < began or 8 <= hour % DAY_MS // HOUR_MS < 20}
        spared = {hour: HOUR_MS for hour in hours if hour not in ran}
        stop = Stopped(T0, T0 + DAY_MS, RATE, ran, T0 - 70 * WEEK_MS, 0, spared)

        night = [
            piece for piece in saved_by_stop(stop, T0, T0 + DAY_MS) if not 8 <= piece.from_at % DAY_MS // HOUR_MS < 20
        ]

        assert {piece.saved_ms for piece in night} == ({expected} if expected else set()), weeks


def test_one_night_of_work_in_a_quarter_makes_no_quarter_of_nights():
    spared = {T0 - n * HOUR_MS: HOUR_MS for n in range(1, 20 * 7 * 24)}
    ran = {T0 - 6 * WEEK_MS + n * HOUR_MS: HOUR_MS for n in range(24)}
    stop = Stopped(
        T0, T0 + DAY_MS, RATE, ran, T0 - 20 * WEEK_MS, 0, {hour: ms for hour, ms in spared.items() if hour not in ran}
    )

    found = saved_by_stop(stop, T0, T0 + DAY_MS)

    assert {piece.saved_ms for piece in found} == {HOUR_MS // 13}


def test_a_long_standstill_counts_less_with_every_week():
    always = {T0 - n * HOUR_MS: HOUR_MS for n in range(1, 13 * 7 * 24 + 1)}

    found = saved_by_stop(stopped(always, known_from=T0 - 13 * WEEK_MS), T0, T0 + 4 * WEEK_MS)

    assert [
        sum(each.saved_ms for each in found if (each.from_at - T0) // WEEK_MS == week) // DAY_MS for week in range(4)
    ] == [*(7, 6, 5, 5)]


@given(
    ran=st.dictionaries(st.integers(1, 20), st.integers(0, HOUR_MS)),
    spared=st.dictionaries(st.integers(1, 20), st.integers(0, HOUR_MS)),
    watched=st.integers(0, 20),
    at=st.integers(0, 4),
)
def test_no_hour_is_saved_beyond_the_share_of_weeks_in_which_it_really_ran(ran, spared, watched, at):
    past = [{T0 - n * WEEK_MS: ms for n, ms in told.items()} for told in (ran, spared)]
    stop = Stopped(T0, T0 + 30 * DAY_MS, RATE, past[0], T0 - watched * WEEK_MS, 0, past[1])

    found = saved_by_stop(stop, T0 + at * WEEK_MS, T0 + at * WEEK_MS + HOUR_MS)

    weeks = [n - at for n in range(1, 14) if n - at <= watched]
    really = sum(ran.get(n, 0) for n in weeks) / max(1, len(weeks))
    assert sum(piece.saved_ms for piece in found) <= really


def test_one_that_nobody_has_watched_saves_nothing():
    assert saved_by_stop(stopped({}, known_from=T0), T0, T0 + DAY_MS) == []


def test_until_the_end_of_a_claim_given_back_it_would_have_run_for_certain():
    found = saved_by_stop(stopped({}, claimed_until=T0 + 2 * HOUR_MS), T0, T0 + DAY_MS)

    assert [(piece.kind, piece.micros) for piece in found] == [("released", RATE), ("released", RATE)]


def test_after_thirty_days_nothing_is_saved_any_more():
    found = saved_by_stop(stopped(ALWAYS, until=T0 + 60 * DAY_MS), T0, T0 + 60 * DAY_MS)

    assert found[-1].until_at == T0 + LONGEST_STOP_MS


def test_what_ran_after_all_is_not_saved_by_taking_another():
    found = saved_by_sharing(RATE, (T0, T0 + 2 * HOUR_MS), {T0: HOUR_MS // 4, T0 + HOUR_MS: HOUR_MS})

    assert [(piece.saved_ms, piece.micros) for piece in found] == [(HOUR_MS * 3 // 4, RATE * 3 // 4)]


patterns = st.dictionaries(st.integers(1, 5 * 7 * 24).map(lambda n: T0 - n * HOUR_MS), st.integers(0, HOUR_MS))


@given(
    ran=patterns,
    rate=st.integers(0, 200_000_000),
    until=st.integers(0, 40 * DAY_MS),
    claimed=st.integers(-HOUR_MS, 3 * DAY_MS),
    known=st.integers(0, 5 * WEEK_MS),
    cuts=st.lists(st.integers(0, 40 * DAY_MS), max_size=6),
)
def test_a_standstill_never_saves_more_than_running_on_would_have_cost(ran, rate, until, claimed, known, cuts):
    stop = Stopped(T0, T0 + until, rate, ran, T0 - known, T0 + claimed)
    edges = [T0, *sorted(T0 + cut for cut in cuts), T0 + 40 * DAY_MS]

    found = [piece for n in range(len(edges) - 1) for piece in saved_by_stop(stop, edges[n], edges[n + 1])]

    for piece in found:
        assert 0 < piece.saved_ms <= piece.until_at - piece.from_at <= HOUR_MS
        assert piece.micros <= cost_for(rate, piece.saved_ms)
    assert all(one.until_at <= two.from_at for one, two in pairwise(found)), "time is saved once"
    lasted = min(until, LONGEST_STOP_MS)
    assert sum(piece.micros for piece in found) <= cost_for(rate, lasted)
    assert all(piece.from_at >= T0 and piece.until_at <= T0 + lasted for piece in found)


@given(
    start=st.integers(0, 3 * HOUR_MS),
    length=st.integers(1, 2 * DAY_MS),
    rate=st.integers(1, 200_000_000),
    ran=st.dictionaries(st.integers(0, 60).map(lambda n: T0 + n * HOUR_MS), st.integers(0, HOUR_MS)),
)
def test_sharing_saves_at_most_what_the_other_would_have_cost_beyond_what_it_did(start, length, rate, ran):
    span = (T0 + start, T0 + start + length)

    found = saved_by_sharing(rate, span, ran)

    assert sum(piece.micros for piece in found) <= cost_for(rate, length)
    for piece in found:
        hour = piece.from_at // HOUR_MS * HOUR_MS
        assert piece.saved_ms + ran.get(hour, 0) <= HOUR_MS
