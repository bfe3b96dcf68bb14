import pytest

from bot.domain.money.forecast.outlook import spend_level


def test_a_steady_team_goes_on_as_it_is():
    assert spend_level([527.0] * 60) == 527.0


def test_under_ten_days_the_level_is_the_mean():
    assert spend_level([10.0, 20.0, 60.0]) == pytest.approx(30.0)


def test_a_step_is_followed_from_its_second_day():
    assert spend_level([100.0] * 60 + [627.0] * 2) == pytest.approx(627.0)


def test_a_trend_is_never_extrapolated():
    rising = [float(day) for day in range(1, 91)]

    assert spend_level(rising) <= rising[-1]


def test_a_team_without_spend_for_four_weeks_costs_exactly_nothing():
    assert spend_level([500.0] * 30 + [0.0] * 28) == 0.0


def test_a_lone_spike_in_the_past_moves_the_level_less_than_a_mean():
    days = [100.0] * 40 + [900.0] + [100.0] * 15

    assert spend_level(days) < sum(days[-28:]) / 28


def test_credits_do_not_make_a_negative_level():
    assert spend_level([-5.0] * 40) == 0.0


def test_no_days_are_no_spend():
    assert spend_level([]) == 0.0
