"""Present value, rate of return and payback: against a spreadsheet's figures, by hand, and against each other.

The figures of the spreadsheet are NPV() and IRR() as documented with examples for Excel and LibreOffice.
"""

import numpy_financial
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.billing.rent_or_buy import discounted, npv, yearly_irr
from bot.domain.money.rent_or_buy import payback_month

USD = 1_000_000


def monthly(yearly: float) -> float:
    return (1 + yearly) ** (1 / 12) - 1


def test_a_present_value_is_the_spreadsheets():
    """Excel's help for NPV: 8 %, -40,000 then 8,000, 9,200, 10,000, 12,000, 14,500 is 1,922.06."""
    flows = [-40_000 * USD, 8_000 * USD, 9_200 * USD, 10_000 * USD, 12_000 * USD, 14_500 * USD]

    assert npv(0.08, flows) == pytest.approx(1_922.06 * USD, abs=0.005 * USD)


def test_a_present_value_is_what_it_is_by_hand():
    """-100 + 50 / 1.1 + 60 / 1.21 + 70 / 1.331."""
    assert npv(0.1, [-100 * USD, 50 * USD, 60 * USD, 70 * USD]) == 47_633_358


@given(
    rate=st.floats(-0.5, 2),
    flows=st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=120),
)
def test_a_present_value_is_what_numpy_financial_says(rate, flows):
    sizes = sum(abs(flow) / (1 + rate) ** month for month, flow in enumerate(flows))

    assert npv(rate, flows) == pytest.approx(float(numpy_financial.npv(rate, flows)), abs=1 + sizes * 1e-12)


def test_a_rate_of_return_is_found_over_forty_years():
    """At 10,000 % a month the 480th power is beyond what a float holds."""
    found = yearly_irr([-120 * USD] + [USD] * 480)

    assert npv(monthly(found), [-120 * USD] + [USD] * 480) == pytest.approx(0, abs=USD / 1000)


def test_a_rate_of_return_is_the_spreadsheets():
    """Excel's help for IRR: -70,000 then 12,000, 15,000, 18,000, 21,000, 26,000 is 8.66 %, after four years -2.1 %."""
    flows = [-70_000 * USD, 12_000 * USD, 15_000 * USD, 18_000 * USD, 21_000 * USD, 26_000 * USD]

    assert monthly(yearly_irr(flows)) == pytest.approx(0.0866, abs=5e-5)
    assert monthly(yearly_irr(flows[:5])) == pytest.approx(-0.021, abs=5e-4)


def test_a_long_row_gives_the_rate_that_others_got_wrong():
    """numpy-financial issue 131: 144 payments of 560 on 37,155; 0.68507 % a month came out on some processors."""
    found = yearly_irr([-37_155 * USD] + [560 * USD] * 144)

    assert monthly(found) == pytest.approx(0.01258179635558, abs=1e-11)


@pytest.mark.parametrize("flows", [[], [0, 0], [100, 5], [-100, -1], [-100, 50, -20, 90], [-100, 0, 0]])
def test_a_row_without_one_clear_rate_has_none(flows):
    assert yearly_irr(flows) is None


@given(
    price=st.integers(10**6, 10**12),
    shares=st.lists(st.floats(0.005, 0.5), min_size=12, max_size=120),
)
def test_at_its_rate_of_return_a_row_is_worth_nothing(price, shares):
    flows = [-price, *(round(price * share) for share in shares)]
    found = yearly_irr(flows)

    assert found is not None
    assert abs(npv(monthly(found), flows)) <= max(1, price * 1e-6)
    assert monthly(found) == pytest.approx(float(numpy_financial.irr(flows)), abs=1e-6)


def test_payback_is_the_first_month_that_makes_up_for_the_price():
    assert payback_month([-100, 50, 50, 50]) == 2
    assert payback_month([-101, 50, 50, 50]) == 3
    assert payback_month([-100, 10, 10]) is None
    assert payback_month([0, 0, 0]) == 1


def test_money_that_comes_later_is_worth_less():
    assert discounted(0.1, [-100, 110, 121]) == pytest.approx([-100, 100, 100])
