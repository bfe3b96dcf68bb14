"""Buying weighed against renting: by formulas written out here, and by what must hold whatever the figures."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.billing.rent_or_buy import RentOrBuyQuestion, weigh
from bot.domain.clock import HOUR_MS
from bot.domain.money.rent_or_buy import Demand, MeasuredUse, ServerUpkeep, Terms, most_servers
from bot.domain.money.scope import Scope
from tests.examples import examples

USD = 1_000_000
TERMS = Terms(
    price_micros=150_000 * USD,
    rent_micros_per_hour=20 * USD,
    upkeep_micros_per_month=1_500 * USD,
    residual_percent=Decimal(10),
)
MONTHLY = 1.12 ** (1 / 12) - 1
ANNUITY = (1 - 1.12**-3) / MONTHLY
"""36 payments of one at 12 % a year, each at the end of its month."""


def question(demand, terms=TERMS):
    used = MeasuredUse(demand.hours_per_month, demand.peak, 30, "measured")
    return RentOrBuyQuestion(
        Scope("type", "p4d.24xlarge"), "p4d.24xlarge", demand, terms, used, ServerUpkeep("a quote", (), ())
    )


def hours(*machines):
    """An hour each with so many machines."""
    levels = range(1, max(machines, default=0) + 1)
    return Demand(len(machines), tuple(HOUR_MS * sum(each >= level for each in machines) for level in levels))


def test_present_values_are_those_of_the_formula():
    told = weigh(question(Demand.steady(Decimal(500))))

    assert told.rent.npv / USD == pytest.approx(-10_000 * ANNUITY, abs=0.01)
    assert told.best.npv / USD == pytest.approx(-150_000 - 1_500 * ANNUITY + 15_000 / 1.12**3, abs=0.01)
    assert (told.best.servers, told.everything.servers) == (1, 1)


def test_break_even_is_where_both_are_worth_the_same():
    told = weigh(question(Demand.steady(Decimal(500))))
    owned = 150_000 + 1_500 * ANNUITY - 15_000 / 1.12**3

    assert told.break_even == pytest.approx(owned / (20 * 730 * ANNUITY), abs=1e-9)
    at_it = weigh(question(Demand.steady(Decimal(round(told.break_even * 730)))))
    assert abs(at_it.saving) < 20 * ANNUITY * USD, "within an hour a month of nothing"


def test_payback_and_return_are_those_by_hand():
    """8,500 a month saved on 150,000: month 18; 17.6 of them undiscounted."""
    told = weigh(question(Demand.steady(Decimal(500))))

    assert told.payback == 18
    assert told.discounted_payback == 20
    rate = (1 + told.irr) ** (1 / 12) - 1
    worth = -150_000 + sum(8_500 / (1 + rate) ** month for month in range(1, 37)) + 15_000 / (1 + rate) ** 36
    assert worth == pytest.approx(0, abs=0.01)


def test_the_base_load_is_bought_and_the_peaks_are_rented():
    """Two always run, a third half of the time, a fourth a tenth: the third is worth it, the fourth is not."""
    told = weigh(question(hours(4, *[3] * 4, *[2] * 5)))

    assert told.best.servers == 3
    assert told.everything.servers == 4
    assert [round(use, 2) for use in told.uses] == [1.0, 1.0, 0.5, 0.1]
    assert told.uses[2] > told.break_even > told.uses[3]


def test_where_renting_is_best_one_server_is_weighed_to_say_what_it_would_cost():
    told = weigh(question(hours(1, 0, 0, 0, 0, 0, 0, 0, 0, 0)))

    assert (told.best.servers, told.weighed.servers) == (0, 1)
    assert told.saving < 0
    assert (told.payback, told.irr) == (None, None)


def test_hours_in_which_machines_ran_idle_are_weighed_apart():
    """500 h a month of which 300 were idle: 200 h of renting would be left."""
    asked = question(Demand.steady(Decimal(500)))

    told = weigh(replace(asked, without_idle=Demand.steady(Decimal(200))))

    assert told.parked.hours_per_month == 200
    assert told.parked.saving == pytest.approx(told.saving - 300 * 20 * ANNUITY * USD, abs=10)


def test_use_that_never_was_is_rented():
    told = weigh(question(Demand(24, ())))

    assert (told.best, told.everything) == (told.rent, told.rent)
    assert told.rent.npv == 0


def test_the_chart_begins_with_the_price_and_ends_with_the_present_values():
    told = weigh(question(Demand.steady(Decimal(500))))

    assert told.paid[0] == (0, 0, 150_000 * USD)
    assert told.paid[-1] == (36, pytest.approx(-told.rent.npv, abs=5), pytest.approx(-told.weighed.npv, abs=5))
    assert len(told.paid) <= 20


@pytest.mark.parametrize("years", [1, 2, 3, 5, 10])
def test_a_chart_of_any_life_fits(years):
    told = weigh(question(Demand.steady(Decimal(500)), replace(TERMS, life_months=12 * years)))

    assert len(told.paid) <= 20
    assert told.paid[-1][0] == 12 * years


def test_the_table_shows_what_hangs_on_each_figure():
    told = weigh(question(Demand.steady(Decimal(500))))
    swings = {swing.what: swing for swing in told.swings}

    more = 100 * 20 * ANNUITY * USD
    assert swings["use"].high - told.saving == pytest.approx(more, abs=10)
    assert swings["rental rate"].low - told.saving == pytest.approx(-more, abs=10)
    dearer = 30_000 - 3_000 / 1.12**3
    assert swings["server price"].high - told.saving == pytest.approx(-dearer * USD, abs=10)
    assert swings["discount rate"].low > told.saving > swings["discount rate"].high


demands = st.builds(
    lambda levels, idle: Demand(24 + idle, tuple(sorted(levels, reverse=True))),
    st.lists(st.integers(1, 24 * HOUR_MS), min_size=1, max_size=5),
    st.integers(0, 24),
)
terms = st.builds(
    Terms,
    price_micros=st.integers(10**9, 10**12),
    rent_micros_per_hour=st.integers(10**5, 10**8),
    upkeep_micros_per_month=st.integers(0, 10**10),
    life_months=st.integers(12, 60),
    residual_percent=st.decimals(0, 50, places=1),
    yearly_rate=st.decimals(0, "0.3", places=2),
    tax=st.decimals(0, "0.5", places=2),
    replaces=st.integers(1, 4),
)


@settings(max_examples=examples(50), deadline=None)
@given(demands, terms)
def test_no_other_number_of_servers_is_better(demand, made):
    told = weigh(question(demand, made))

    assert told.best.npv >= max(told.rent.npv, told.everything.npv, told.weighed.npv)
    assert 0 <= told.best.servers <= most_servers(demand, made)


@settings(max_examples=examples(50), deadline=None)
@given(demands, terms)
def test_a_server_is_bought_exactly_when_it_is_used_more_than_break_even(demand, made):
    told = weigh(question(demand, made))

    worth_it = sum(use > told.break_even for use in told.uses)
    if all(abs(use - told.break_even) > 1e-6 for use in told.uses):
        assert told.best.servers == worth_it


@settings(max_examples=examples(50), deadline=None)
@given(demands, terms)
def test_cheaper_servers_never_speak_against_buying(demand, made):
    told = weigh(question(demand, made))
    price = next(swing for swing in told.swings if swing.what == "server price")

    assert price.low >= told.saving - 2 >= price.high - 4
