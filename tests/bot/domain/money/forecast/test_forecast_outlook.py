from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.money.forecast import Change, DailyHistory, SpendSeries, forecast, forecast_sum, month_total
from tests.examples import examples

MONDAY = date(2026, 3, 2)
NEXT = MONDAY + timedelta(days=60)
STEADY = DailyHistory(MONDAY, (100.0,) * 60)


def numbers(outlook):
    rows = [outlook, *outlook.days]
    means = [outlook.total, *(day.mean for day in outlook.days)]
    return means + [x for row in rows for x in (row.lo95, row.lo80, row.hi80, row.hi95) if x is not None]


def test_a_steady_team_is_forecast_firmly():
    outlook = forecast(STEADY, horizon=30)

    assert outlook.total == pytest.approx(3_000)
    assert outlook.trust == "firm"
    assert outlook.rho == pytest.approx(0.2)
    assert (outlook.lo95, outlook.lo80) == pytest.approx((3_000 - 2.5 * 600, 3_000 - 0.42 * 600))
    assert (outlook.hi80, outlook.hi95) == pytest.approx((3_000 + 0.75 * 600, 3_000 + 3.0 * 600))
    assert outlook.notes == ()


def test_the_first_day_ahead_follows_the_history():
    days = forecast(STEADY, horizon=3).days

    assert [(day.h, day.date) for day in days] == [(h, STEADY.end + timedelta(days=h)) for h in (1, 2, 3)]


def test_today_can_be_left_out():
    today = STEADY.end

    assert STEADY.before(today).end == today - timedelta(days=1)
    assert STEADY.before(MONDAY).values == ()


def test_the_interval_of_the_total_is_not_the_sum_of_the_days():
    outlook = forecast(STEADY, horizon=90)

    assert outlook.hi80 != pytest.approx(sum(day.hi80 for day in outlook.days))


def test_days_further_off_are_less_certain():
    widths = [day.hi95 - day.lo95 for day in forecast(STEADY, horizon=30).days]

    assert widths == sorted(widths)
    assert widths[-1] > widths[0]


def test_a_planned_stop_counts_from_its_day_and_leaves_the_width_alone():
    plain = forecast(STEADY, horizon=30)
    stop = Change(NEXT + timedelta(days=10), -40.0, "p4d-7 stops")

    outlook = forecast(STEADY, horizon=30, changes=[stop])

    assert [day.mean for day in outlook.days] == [100.0] * 10 + [60.0] * 20
    assert outlook.total == pytest.approx(2_200)
    assert outlook.hi80 - outlook.lo80 == pytest.approx(plain.hi80 - plain.lo80)
    assert outlook.rho == plain.rho
    assert outlook.changes == (stop,)


def test_stopping_more_than_there_is_costs_nothing_and_a_later_launch_counts_in_full():
    changes = (Change(NEXT, -150.0), Change(NEXT + timedelta(days=1), 250.0))

    assert [day.mean for day in forecast(STEADY, horizon=2, changes=changes).days] == [0.0, 200.0]


def test_a_change_beyond_the_horizon_is_not_counted():
    outlook = forecast(STEADY, horizon=7, changes=[Change(NEXT + timedelta(days=7), 500.0)])

    assert outlook.total == pytest.approx(700)
    assert outlook.changes == ()


def test_a_known_launch_is_right_on_its_first_day():
    history = DailyHistory(MONDAY, (100.0,) * 59 + (627.0,))
    launch = Change(history.end, 527.0, "p4d-7 launched")

    outlook = forecast(history, horizon=30, changes=[launch])

    assert outlook.total == pytest.approx(30 * 627)
    assert outlook.changes == (launch,)


def test_a_partial_last_day_does_not_move_the_forecast():
    outlook = forecast(DailyHistory(MONDAY, (*STEADY.values, 30.0)), horizon=30)

    assert outlook.total == pytest.approx(3_000)
    assert len(outlook.notes) == 1


def test_a_short_history_widens_the_range():
    widths = [
        forecast(DailyHistory(MONDAY, (100.0,) * days), horizon=30).hi95
        - forecast(DailyHistory(MONDAY, (100.0,) * days), horizon=30).lo95
        for days in (3, 7, 14, 30, 60)
    ]

    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 2 * widths[-1]


@pytest.mark.parametrize("values", [(), (None,), (80.0,), (80.0, 90.0)])
def test_under_three_days_what_runs_now_is_shown_without_a_range(values):
    outlook = forecast(DailyHistory(MONDAY, values), horizon=30, run_rate=527.0)

    assert outlook.total == pytest.approx(30 * 527)
    assert outlook.trust == "run-rate"
    assert (outlook.lo95, outlook.lo80, outlook.hi80, outlook.hi95) == (None,) * 4
    assert {day.hi80 for day in outlook.days} == {None}
    assert "taken from what runs now" in outlook.notes[-1]


def test_without_a_run_rate_the_days_there_are_have_to_do():
    assert forecast(DailyHistory(MONDAY, (80.0, 90.0)), horizon=2).total == pytest.approx(170)


def test_a_dead_team_costs_nothing_for_certain():
    outlook = forecast(DailyHistory(MONDAY, (500.0,) * 10 + (0.0,) * 120), horizon=30)

    assert set(numbers(outlook)) == {0.0}
    assert outlook.trust == "firm"


def test_a_team_of_bursts_is_not_predictable():
    bursts = DailyHistory(MONDAY, ((0.0,) * 20 + (900.0,) * 7) * 4 + (0.0,) * 9)

    outlook = forecast(bursts, horizon=30)

    assert outlook.trust == "range-only"
    assert outlook.hi80 > 0


def test_ninety_days_are_called_a_planning_range():
    assert "planning range" in forecast(STEADY, horizon=90).notes[-1]


def test_parts_add_up_to_their_sum_and_bounds_do_not():
    wave = DailyHistory(MONDAY, tuple(100.0 + 60 * (day // 10 % 2) for day in range(60)))
    counter = DailyHistory(MONDAY, tuple(160.0 - 60 * (day // 10 % 2) for day in range(60)))
    parts = [forecast(history, horizon=30) for history in (wave, counter)]

    outlook = forecast_sum([SpendSeries(wave), SpendSeries(counter)], horizon=30)

    assert outlook.total == pytest.approx(sum(part.total for part in parts))
    assert outlook.hi80 - outlook.lo80 < sum(part.hi80 - part.lo80 for part in parts)


def test_a_team_that_began_later_counts_as_nothing_before():
    young = DailyHistory(NEXT - timedelta(days=10), (50.0,) * 10)

    outlook = forecast_sum([SpendSeries(STEADY), SpendSeries(young, name="vision")], horizon=30)

    assert outlook.total == pytest.approx(4_500)
    assert outlook.rho > 0.2


def test_notes_of_a_sum_say_whose_they_are():
    holed = DailyHistory(MONDAY, (100.0, None, *(100.0,) * 58))

    notes = forecast_sum([SpendSeries(STEADY, name="nlp"), SpendSeries(holed, name="vision")], horizon=30).notes

    assert notes == ("vision: 1 day without a reading, filled in from the days around.",)


def test_histories_of_a_sum_must_end_together():
    with pytest.raises(ValueError, match="same day"):
        forecast_sum([SpendSeries(STEADY), SpendSeries(STEADY.before(STEADY.end))], horizon=30)


def test_a_month_is_what_is_billed_plus_the_rest():
    rest = forecast(STEADY, horizon=20)

    whole = month_total(1_000.0, rest)

    assert whole.total == pytest.approx(3_000)
    assert whole.hi80 - whole.lo80 == pytest.approx(rest.hi80 - rest.lo80)
    assert whole.billed == 1_000


def test_a_month_that_is_over_is_certain():
    whole = month_total(3_000.0, forecast(STEADY, horizon=0))

    assert {whole.total, whole.lo95, whole.lo80, whole.hi80, whole.hi95} == {3_000.0}


def test_a_change_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="finite"):
        Change(MONDAY, float("nan"))


amounts = st.one_of(
    st.none(),
    st.just(0.0),
    st.floats(-100, 1e4),
    st.floats(allow_nan=True, allow_infinity=True),
)
runs = st.lists(st.tuples(amounts, st.integers(1, 200)), max_size=12).map(
    lambda pairs: tuple(value for value, times in pairs for _ in range(times))[:2_000]
)
changes = st.lists(
    st.builds(
        Change,
        st.dates(MONDAY, MONDAY + timedelta(days=2_100)),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    max_size=4,
)


@given(values=runs | st.lists(amounts, max_size=40).map(tuple), made=changes, horizon=st.integers(0, 120))
@example(values=(1e308, -1e308) * 1_000, made=[], horizon=366)
@example(values=(5e-324,) * 2_000, made=[], horizon=30)
@example(values=(0.0,) * 59 + (1e308,), made=[], horizon=30)
@settings(deadline=None, max_examples=examples(150))
def test_no_history_makes_a_number_that_is_none(values, made, horizon):
    outlook = forecast(DailyHistory(MONDAY, values), horizon=horizon, changes=made)

    assert len(outlook.days) == horizon
    assert all(0 <= number < 1e300 for number in numbers(outlook))
    for row in (outlook, *outlook.days):
        if row.lo95 is not None:
            assert row.lo95 <= row.lo80 <= row.hi80 <= row.hi95


@given(values=runs, other=runs)
@settings(deadline=None, max_examples=examples(50))
def test_parts_always_add_up(values, other):
    longest = max(len(values), len(other))
    histories = [DailyHistory(MONDAY + timedelta(days=longest - len(these)), these) for these in (values, other)]

    outlook = forecast_sum([SpendSeries(history) for history in histories], horizon=30)

    parts = sum(forecast(history, horizon=30).total for history in histories)
    assert outlook.total == pytest.approx(parts)
