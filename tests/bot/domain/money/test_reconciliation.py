"""Why a day's bill is not our ledger: reasons that add up, whatever the two sides say."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.money.bill import BillLine, is_estimate
from bot.domain.money.reconciliation import MeteredMachine, reconcile

DAY_ONE = date(2026, 11, 16)
USD = 1_000_000
TYPE = "g5.xlarge"
RATE = 1_006_000


def line(usd, *, kind="usage", type=TYPE, instance="i-1", hours=None, effective=None, listed=None):  # noqa: A002
    return BillLine(
        period="2026-11",
        day=DAY_ONE,
        billed_micros=round(usd * USD),
        account="111122223333",
        service="Amazon EC2",
        team="nlp",
        type=type,
        instance=instance,
        kind=kind,
        effective_micros=None if effective is None else round(effective * USD),
        list_micros=None if listed is None else round(listed * USD),
        running_ms=None if hours is None else round(hours * HOUR_MS),
    )


def meter(hours, *, instance="i-1", rate=RATE):
    ms = round(hours * HOUR_MS)
    return MeteredMachine(DAY_ONE, instance, "nb-2", TYPE, "nlp", rate * ms // HOUR_MS, ms, 0 if rate else ms)


def reasons(lines, metered, *, estimate=False):
    found = reconcile(DAY_ONE, lines, metered, estimate=estimate)
    assert sum(found.reasons.values()) == found.difference
    return {why: micros / USD for why, micros in found.reasons.items()}


def test_the_same_on_both_sides_needs_no_reason():
    assert reasons([line(24.144, hours=24)], [meter(24)]) == {}


def test_paid_below_the_list_is_a_discount():
    assert reasons([line(19.3152, hours=24, listed=24.144)], [meter(24)]) == {"discounts": -4.8288}


def test_a_list_price_below_our_rate_is_told_from_the_discount():
    found = reasons([line(20, hours=24, listed=22)], [meter(24)])

    assert found == {"discounts": -2.0, "rates": -2.144}


def test_a_discount_that_our_rate_has_off_already_is_not_told_again():
    assert reasons([line(24.144, hours=24, listed=30)], [meter(24)]) == {}
    assert reasons([line(24, hours=24, listed=30)], [meter(24)]) == {"discounts": -0.144}
    assert reasons([line(26, hours=24, listed=30)], [meter(24)]) == {"rates": 1.856}


def test_nor_where_it_has_a_line_of_its_own_on_the_bill():
    off = line(-6, kind="discount", type="", instance="")

    assert reasons([line(30.144, hours=24, listed=30.144), off], [meter(24)]) == {}
    assert reasons([line(28.144, hours=24), off], [meter(24)]) == {"discounts": -2.0}
    assert reasons([line(32.144, hours=24), off], [meter(24)]) == {"rates": 2.0}


def test_late_hours_without_a_quantity_are_no_discount_as_well():
    assert reasons([line(8, listed=10)], [meter(24)], estimate=True) == {"lag": -16.144}


def test_hours_that_are_missing_from_a_fresh_day_are_late_and_later_on_missing():
    billed = [line(20.12, hours=20)]

    assert reasons(billed, [meter(24)], estimate=True) == {"lag": -4.024}
    assert reasons(billed, [meter(24)]) == {"unbilled": -4.024}


def test_a_machine_that_is_not_billed_at_all_yet_is_late():
    assert reasons([], [meter(24)], estimate=True) == {"lag": -24.144}


def test_hours_that_valet_did_not_see_are_named_and_the_machine_with_them():
    found = reconcile(DAY_ONE, [line(24.144, hours=24, instance="i-9")], [meter(24)], estimate=False)

    assert found.reasons == {"unseen": 24_144_000, "unbilled": -24_144_000}
    assert [(each.instance, each.type, each.micros) for each in found.unseen] == [("i-9", TYPE, 24_144_000)]
    assert reasons([line(24.144, hours=24)], [meter(20)]) == {"unseen": 4.024}


def test_what_a_commitment_paid_for_is_not_called_a_discount():
    found = reasons([line(0, effective=14, hours=24, listed=24.144)], [meter(24)])

    assert found == {"prepaid": -14.0, "discounts": -10.144}


def test_the_fee_that_pays_for_covered_machines_is_not_told_beside_them():
    fees = [line(usd, kind="purchase", type="", instance="") for usd in (30, 20, 24.144)]
    covered = line(0, effective=24.144, hours=24)

    assert reasons([covered, fees[0]], [meter(24)]) == {"purchases": 5.856}
    assert reasons([covered, fees[1]], [meter(24)]) == {"prepaid": -4.144}
    assert reasons([covered, fees[2]], [meter(24)]) == {}
    assert reasons([line(0, effective=24.144, hours=24)], [meter(24)]) == {"prepaid": -24.144}


def test_a_machine_without_a_known_price_is_a_reason_of_its_own():
    assert reasons([line(8, hours=24)], [meter(24, rate=0)]) == {"unpriced": 8.0}


def test_taxes_credits_fees_corrections_and_the_rest_stand_apart():
    others = [
        *(line(3, kind="tax", type="", instance=""), line(-5, kind="credit"), line(-1, kind="adjustment", instance="")),
        *(line(7, kind="purchase", type="", instance=""), line(2, kind="correction")),
        *(line(4, type="", instance=""), line(9, type="m5.large", instance="i-7"), line(-2, kind="discount", type="")),
    ]

    assert reasons([*others, line(24.144, hours=24)], [meter(24)]) == {
        "tax": 3.0,
        "credits": -6.0,
        "purchases": 7.0,
        "corrections": 2.0,
        "other": 13.0,
        "discounts": -2.0,
    }


def test_without_machines_on_the_bill_types_are_compared():
    billed = [line(43.458, hours=48, instance=None)]

    assert reasons(billed, [meter(24), meter(24, instance="i-2")]) == {"discounts": -4.83}


def test_a_day_counts_as_billed_in_full_two_days_later():
    noon = 20_776 * DAY_MS + 12 * HOUR_MS
    today = date(2026, 11, 19)

    assert [is_estimate(today.replace(day=number), noon) for number in (16, 17, 18, 19)] == [False, False, True, True]


micros = st.integers(-(10**9), 10**10)
spans = st.integers(0, DAY_MS)
lines_st = st.builds(
    BillLine,
    period=st.just("2026-11"),
    day=st.just(DAY_ONE),
    billed_micros=micros,
    account=st.just("1"),
    type=st.sampled_from([TYPE, "p4d.24xlarge", "m5.large", ""]),
    instance=st.sampled_from(["i-1", "i-2", "", None]),
    kind=st.sampled_from(["usage", "tax", "credit", "purchase", "correction", "discount", "adjustment", "other"]),
    effective_micros=st.none() | micros,
    list_micros=st.none() | micros,
    running_ms=st.none() | spans,
)


@st.composite
def meters(draw):
    ms = draw(spans)
    unpriced = draw(st.integers(0, ms))
    priced = draw(st.integers(0, 10**10)) if ms > unpriced else 0
    return MeteredMachine(DAY_ONE, draw(st.sampled_from(["i-1", "i-2", "i-3"])), "x", TYPE, "", priced, ms, unpriced)


@given(st.lists(lines_st, max_size=8), st.lists(meters(), max_size=6), st.booleans())
def test_reasons_always_add_up_to_the_difference(lines, metered, estimate):
    found = reconcile(DAY_ONE, lines, metered, estimate=estimate)

    assert found.difference == sum(each.billed_micros for each in lines) - sum(each.micros for each in metered)
    assert sum(found.reasons.values()) == found.difference
    assert estimate or "lag" not in found.reasons


@given(
    st.lists(lines_st.filter(lambda line: line.kind in {"usage", "discount"}), max_size=6),
    st.lists(meters(), max_size=4),
)
def test_no_amount_is_a_discount_and_another_price_at_once(lines, metered):
    of_one = [replace(line, instance="i-1", type=TYPE, billed_micros=abs(line.billed_micros)) for line in lines]
    meters_of_one = [replace(each, instance_id="i-1", micros=abs(each.micros)) for each in metered]

    found = reconcile(DAY_ONE, of_one, meters_of_one, estimate=False).reasons

    assert not (found.get("discounts", 0) < 0 < found.get("rates", 0))
    assert found.get("discounts", 0) <= 0


def test_a_discount_our_rates_have_off_is_no_reason_down_to_a_micro_dollar():
    for off in (1, 2, USD):
        lines = [
            line(24.144 + off / USD, hours=24),
            line(-off / USD, kind="discount", type=None, instance=None),
        ]
        assert reasons(lines, [meter(24)]) == {}
