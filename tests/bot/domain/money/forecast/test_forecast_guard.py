from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.domain.money.forecast import Change, DailyHistory
from bot.domain.money.forecast.guard import repair

MONDAY = date(2026, 3, 2)


def of(*values):
    return DailyHistory(MONDAY, values)


def test_a_history_in_order_is_left_alone():
    repaired = repair(of(*[100.0, 103.0] * 20))

    assert repaired.values == (100.0, 103.0) * 20
    assert (repaired.known, repaired.open_days, repaired.notes) == (40, 0, ())


def test_a_missing_day_is_filled_and_said():
    repaired = repair(of(100.0, None, 104.0, 100.0))

    assert repaired.values[1] == 102.0
    assert repaired.known == 3
    assert repaired.notes == ("1 day without a reading, filled in from the days around.",)


def test_a_day_45000_times_too_high_is_left_out_and_said():
    repaired = repair(of(*[100.0] * 20, 4_500_000.0, *[100.0] * 20))

    assert max(repaired.values) == 100.0
    assert repaired.notes == ("Sun 22 Mar is 45,000 times the days around it: taken for a mistake and left out.",)


def test_an_absurd_first_day_is_left_out():
    assert repair(of(4_500_000.0, *[100.0] * 20)).values == (100.0,) * 20


def test_two_days_of_real_work_are_no_mistake():
    burst = of(*[1.0] * 20, 5_000.0, 5_200.0, *[1.0] * 20)

    assert repair(burst).notes == ()


def test_a_first_expensive_day_of_a_cheap_team_is_no_mistake():
    assert repair(of(*[1.0] * 20, 786.0, *[1.0] * 20)).notes == ()


def test_a_zero_amid_daily_spend_is_a_missing_bill():
    repaired = repair(of(*[100.0] * 10, 0.0, *[100.0] * 10))

    assert repaired.values == (100.0,) * 21
    assert repaired.notes == ("Thu 12 Mar reads zero amid daily spend: taken for a missing bill and filled in.",)


def test_free_sundays_stay_free():
    weeks = of(*([80.0] * 6 + [0.0]) * 6)

    assert repair(DailyHistory(MONDAY, (*weeks.values, 80.0))).values.count(0.0) == 6


@pytest.mark.parametrize(("last", "seen"), [(31.0, "31 % of"), (0.0, "0 % of"), (1_200.0, "12 times")])
def test_a_doubtful_last_day_is_dropped_and_said(last, seen):
    repaired = repair(of(*[100.0] * 20, last))

    assert repaired.values == (100.0,) * 20
    assert repaired.open_days == 1
    assert repaired.notes == (
        f"Sun 22 Mar is {seen} the week's median: perhaps not its final bill, so left out for now.",
    )


@pytest.mark.parametrize("day", [0.0, 900_000_000.0])
@pytest.mark.parametrize("after", [(), (100.0,) * 9])
def test_no_day_of_a_whole_ledger_is_doubted(day, after):
    whole = replace(of(*[100.0] * 20, day, *after), is_certain=True)

    assert repair(whole).values == whole.values
    assert repair(whole).notes == ()
    assert whole.before(whole.end).is_certain


def test_after_an_idle_week_the_highest_day_is_the_yardstick():
    idle = of(*[50.0] * 10, *[0.0] * 7, 900_000.0)

    assert repair(idle).notes == (
        "Thu 19 Mar is 18,000 times the highest day before: perhaps not its final bill, so left out for now.",
    )


def test_a_first_launch_after_nothing_counts():
    assert repair(of(*[0.0] * 20, 786.0)).values[-1] == 786.0


@pytest.mark.parametrize("last", [60.0, 1_000.0])
def test_a_last_day_within_reason_counts(last):
    assert repair(of(*[100.0] * 20, last)).values[-1] == last


def test_days_not_billed_yet_shorten_the_history():
    repaired = repair(of(*[100.0] * 5, None, None))

    assert repaired.values == (100.0,) * 5
    assert repaired.open_days == 2


def test_a_launch_already_made_explains_the_step():
    launch = Change(MONDAY + timedelta(days=20), 527.0)

    repaired = repair(of(*[100.0] * 20, 627.0), (launch,))

    assert repaired.values == (627.0,) * 21


def test_a_stop_already_made_never_turns_earlier_days_negative():
    stop = Change(MONDAY + timedelta(days=3), -500.0)

    assert repair(of(100.0, 700.0, 600.0, 100.0), (stop,)).values == (0.0, 200.0, 100.0, 100.0)


def test_not_a_number_is_no_reading():
    assert repair(of(1.0, float("nan"), float("inf"), 1.0)).values == (1.0, 1.0, 1.0, 1.0)


def test_an_empty_history_is_no_trouble():
    assert repair(of()).values == ()
    assert repair(of(None, None)).values == ()


def test_at_most_a_year_is_looked_at():
    assert len(repair(of(*[1.0] * 2_000)).values) == 365


def test_a_low_last_day_counts_where_low_days_are_usual():
    weeks = [100.0] * 5 + [0.0] * 2

    assert repair(of(*weeks * 6)).values[-1] == 0.0
    assert repair(of(*weeks * 6)).notes == ()


def test_a_day_lower_than_any_of_four_weeks_is_doubted_still():
    weeks = [100.0] * 5 + [60.0] * 2

    assert repair(of(*weeks * 5, 100.0, 20.0)).open_days == 1
    assert repair(of(*(weeks * 5 + [100.0, 20.0] + [100.0] * 30 + [20.0]))).open_days == 1
