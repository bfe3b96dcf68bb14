"""The company's own errors replace the shipped ones once there are enough, and only those that share no days count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money.forecast import own_quantiles
from bot.domain.money.forecast.interval import BY_HORIZON, quantiles


def groups(count: int, totals: int, *, apart: int = 30, error: float = 0.5):
    """Errors from -error to +error in every group."""
    return {
        f"team:{n}": [(number * apart, error * (2 * number / (totals - 1) - 1)) for number in range(totals)]
        for n in range(count)
    }


def test_a_hundred_totals_of_ten_groups_are_enough():
    assert own_quantiles(groups(10, 10), 30) is not None
    assert own_quantiles(groups(9, 20), 30) is None
    assert own_quantiles(groups(10, 9), 30) is None


def test_totals_that_share_days_count_once():
    assert own_quantiles(groups(10, 50, apart=1), 30) is None
    assert own_quantiles(groups(10, 50, apart=1), 1) is not None


def test_they_are_the_quantiles_of_what_came():
    lo95, lo80, hi80, hi95 = own_quantiles(groups(10, 101, error=1.0), 30)

    assert (round(lo95, 2), round(lo80, 2), round(hi80, 2), round(hi95, 2)) == (-0.96, -0.8, 0.8, 0.96)


def test_every_group_weighs_the_same_however_long_it_was_forecast():
    steady = {f"team:{n}": [(30 * each, 0.0) for each in range(10)] for n in range(10)}
    wild = {"team:wild": [(30 * each, 5.0) for each in range(1_000)]}

    assert own_quantiles(steady | wild, 30) == pytest.approx((-2.5 / 4, -0.42 / 4, 0.75 / 4, 5.0))


def test_they_take_the_place_of_their_horizon_only():
    own = {30: (-0.2, -0.1, 0.1, 0.2)}

    assert quantiles(60, 30, own) == pytest.approx(own[30])
    assert quantiles(60, 7, own) == pytest.approx(BY_HORIZON[7])
    assert quantiles(60, 90, own) == pytest.approx(BY_HORIZON[90])
    assert quantiles(7, 30, own)[3] > own[30][3]


ERRORS = st.lists(st.tuples(st.integers(0, 400), st.floats(-50, 50)), max_size=30)


@given(st.dictionaries(st.integers(0, 20).map(str), ERRORS, max_size=20), st.sampled_from([1, 7, 30]))
def test_whatever_came_the_bounds_are_in_order_around_what_was_expected(scored, horizon):
    found = own_quantiles(scored, horizon)

    assert found is None or (list(found) == sorted(found) and found[1] <= 0 <= found[2])
