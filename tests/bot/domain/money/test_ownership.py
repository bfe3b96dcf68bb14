"""What an owned machine's hour costs: checked against figures worked out by hand."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money.ownership import HOURS_PER_MONTH, Purchase, Upkeep, owned_cost

TODAY = date(2026, 11, 23)
BOUGHT = Purchase(Decimal(199_000), date(2025, 3, 1), Decimal(3), Decimal(10))
KEPT = Upkeep(
    watts=Decimal(6_000),
    measured=True,
    pue=Decimal("1.4"),
    usd_per_kwh=Decimal("0.12"),
    hosting_usd_per_month=Decimal(730),
    staff_usd_per_month=Decimal(365),
)


def test_every_part_is_worked_out_as_by_hand():
    cost = owned_cost(8, BOUGHT, KEPT, TODAY)

    assert [(part.name, part.micros_per_hour) for part in cost.parts] == [
        ("depreciation", 6_815_068),  # 199,000 x 0.9 / 26,280 h
        ("power", 1_008_000),  # 6 kW x 1.4 x 0.12
        ("hosting", 1_000_000),
        ("staff", 500_000),
    ]
    assert cost.cash_micros == 2_508_000
    assert cost.full_micros == 9_323_068
    assert cost.per_gpu(9_323_068) == 1_165_384
    assert cost.missing == ()


def test_every_part_says_how_it_was_worked_out():
    assert [part.how for part in owned_cost(8, BOUGHT, KEPT, TODAY).parts] == [
        "$199,000 paid on 1 March 2025 less 10 % left at the end, over 3 years, to 1 March 2028",
        "6,000 W (measured) x PUE 1.4 x $0.12 per kWh",
        "$730.00 a month of 730 h",
        "$365.00 a month of 730 h",
    ]


def test_after_its_life_a_machine_costs_what_is_still_paid_for_it():
    before, after = (owned_cost(8, BOUGHT, KEPT, day) for day in (date(2028, 2, 29), date(2028, 3, 1)))

    assert before.full_micros > before.cash_micros
    assert after.full_micros == after.cash_micros == 2_508_000
    assert after.parts[0].how == "$199,000 paid on 1 March 2025, written off since 1 March 2028"


def test_what_is_not_known_is_left_out_by_name():
    cost = owned_cost(8, BOUGHT, Upkeep(watts=Decimal(6_000)), TODAY)

    assert cost.missing == ("power", "hosting", "staff")
    assert cost.cash_micros == 0


def test_without_a_purchase_there_is_no_full_cost():
    assert owned_cost(8, None, KEPT, TODAY).full_micros is None
    assert owned_cost(8, None, KEPT, TODAY, set_micros=9_120_000).full_micros == 9_120_000


def test_a_figure_set_by_hand_goes_before_the_parts():
    assert owned_cost(8, BOUGHT, KEPT, TODAY, set_micros=1).full_micros == 1


@pytest.mark.parametrize(
    ("bought", "years", "ends"),
    [
        (date(2024, 2, 29), "3", date(2027, 2, 28)),
        (date(2025, 8, 31), "1.5", date(2027, 2, 28)),
        (date(2025, 12, 31), "4", date(2029, 12, 31)),
        (date(2025, 1, 31), "0.25", date(2025, 4, 30)),
    ],
)
def test_a_life_ends_on_the_same_day_of_the_month_or_its_last(bought, years, ends):
    assert Purchase(Decimal(1), bought, Decimal(years), Decimal(0)).ends_on == ends


@given(
    usd=st.decimals(0, 10**6, places=2),
    years=st.decimals("0.5", 10, places=1),
    residual=st.decimals(0, 100, places=1),
    gpus=st.integers(0, 16),
)
def test_over_its_life_a_machine_costs_its_purchase_less_what_is_left(usd, years, residual, gpus):
    bought = Purchase(usd, TODAY, years, residual)
    cost = owned_cost(gpus, bought, Upkeep(), TODAY)

    spread = cost.full_micros * years * 12 * HOURS_PER_MONTH
    assert abs(spread - usd * (100 - residual) * 10_000) <= years * 12 * HOURS_PER_MONTH
