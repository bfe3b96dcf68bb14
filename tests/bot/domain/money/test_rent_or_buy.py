"""Rent or buy: what each choice pays, checked by hand, and what holds for any use."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS
from bot.domain.money.ownership import HOURS_PER_MONTH
from bot.domain.money.rent_or_buy import Demand, Terms, cash_flows, monthly_savings, most_servers

USD = 1_000_000
TERMS = Terms(price_micros=120_000 * USD, rent_micros_per_hour=20 * USD, upkeep_micros_per_month=1_000 * USD)
DUST = Decimal("1e-20")
"""What decimal division leaves."""
BUSY = Demand(4, (5 * HOUR_MS // 2, HOUR_MS))
"""Four hours: two machines, one, one for half of it, none."""

demands = st.builds(
    lambda levels, idle: Demand(40 + idle, tuple(sorted(levels, reverse=True))),
    st.lists(st.integers(1, 40 * HOUR_MS), max_size=12),
    st.integers(0, 40),
)
terms = st.builds(
    Terms,
    price_micros=st.integers(0, 10**12),
    rent_micros_per_hour=st.integers(0, 10**8),
    upkeep_micros_per_month=st.integers(0, 10**10),
    life_months=st.integers(12, 60),
    residual_percent=st.decimals(0, 100, places=1),
    yearly_rate=st.decimals(0, "0.3", places=2),
    tax=st.decimals(0, "0.5", places=2),
    replaces=st.integers(1, 8),
)


def test_use_is_counted_by_the_machines_that_ran_at_once():
    assert BUSY.peak == 2
    assert BUSY.hours_per_month == Decimal("638.75")  # 3.5 of 4 hours, over 730
    assert BUSY.covered(1) == Decimal("456.25")  # 1 + 1 + 0.5
    assert BUSY.use_of(1) == Decimal("0.625")
    assert BUSY.use_of(2) == Decimal("0.25")
    assert BUSY.use_of(3) == 0


def test_renting_all_pays_for_every_hour():
    assert cash_flows(BUSY, TERMS, 0) == [0, *([-12_775 * USD] * 36)]


def test_buying_one_pays_its_price_its_upkeep_and_the_rest_by_the_hour():
    assert cash_flows(BUSY, TERMS, 1) == [-120_000 * USD, *([-(1_000 + 3_650) * USD] * 36)]


def test_a_residual_comes_back_at_the_end():
    left = Terms(120_000 * USD, 20 * USD, 1_000 * USD, residual_percent=Decimal(10))

    assert monthly_savings(cash_flows(BUSY, left, 2), cash_flows(BUSY, TERMS, 2)) == [*([0] * 36), 24_000 * USD]


def test_tax_lowers_costs_and_depreciation_lowers_tax():
    """A quarter off every cost, and a quarter of 120,000 / 36 back each month."""
    taxed = Terms(120_000 * USD, 20 * USD, 1_000 * USD, tax=Decimal("0.25"))

    assert cash_flows(BUSY, taxed, 1)[1] == round((-4_650 * 0.75 + 120_000 / 36 * 0.25) * USD)
    assert cash_flows(BUSY, taxed, 0)[1] == -9_581_250_000


def test_one_server_may_stand_for_several_instances():
    eight = Terms(120_000 * USD, 20 * USD, 1_000 * USD, replaces=8)

    assert cash_flows(BUSY, eight, 1) == [-120_000 * USD, *([-1_000 * USD] * 36)]
    assert most_servers(BUSY, eight) == 1


@pytest.mark.parametrize(("hours", "peak"), [(0, 0), (1, 1), (730, 1), (731, 2), (1460, 2), (300, 1)])
def test_steady_use_is_as_many_hours_as_said(hours, peak):
    made = Demand.steady(Decimal(hours))

    assert made.hours_per_month == hours
    assert made.peak == peak


@given(demands, st.integers(0, 14))
def test_each_further_machine_is_used_no_more_than_the_one_before(demand, machine):
    assert -DUST <= demand.use_of(machine + 2) <= demand.use_of(machine + 1) + DUST <= 1 + 2 * DUST


@given(demands, terms)
def test_enough_servers_leave_nothing_to_rent(demand, given_terms):
    servers = most_servers(demand, given_terms)

    assert abs(demand.covered(servers * given_terms.replaces) - demand.hours_per_month) < DUST
    assert demand.covered(0) == 0


@given(demands, terms, st.integers(0, 5))
def test_without_tax_all_cash_is_price_upkeep_rent_and_residual(demand, made, servers):
    untaxed = Terms(
        made.price_micros,
        made.rent_micros_per_hour,
        made.upkeep_micros_per_month,
        made.life_months,
        made.residual_percent,
        replaces=made.replaces,
    )
    paid = cash_flows(demand, untaxed, servers)
    rented = demand.hours_per_month - demand.covered(servers * made.replaces)
    expected = untaxed.life_months * (rented * made.rent_micros_per_hour + servers * made.upkeep_micros_per_month)
    expected += servers * (made.price_micros - untaxed.residual_micros)

    assert len(paid) == made.life_months + 1
    assert abs(sum(paid) + expected) <= made.life_months


@given(demands, st.decimals("0.1", 3, places=1), st.integers(0, 14))
def test_scaled_use_is_that_much_more_or_less_but_never_more_than_all_the_time(demand, factor, machines):
    scaled = demand.scaled(factor)

    always = demand.peak * HOURS_PER_MONTH
    assert scaled.hours_per_month <= min(demand.hours_per_month * factor, always) + DUST
    if demand.use_of(1) * factor < 1:
        assert scaled.hours_per_month == pytest.approx(demand.hours_per_month * factor, abs=DUST)
    assert scaled.covered(machines) <= machines * HOURS_PER_MONTH
    assert -DUST <= scaled.use_of(machines + 1) <= 1 + DUST
    assert scaled.peak == demand.peak
