"""Which price counts, and what is taken off it: the first that is known, one discount, to the micro-dollar."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.billing.prices import list_price
from bot.domain.machines.fleet import Instance
from bot.domain.machines.shape import COMMON_SHAPE
from bot.domain.money.pricebook import Discount, Price, PriceBook

NOW = 1_795_424_400_000
EAST, FRANKFURT = "ec2/111122223333/us-east-1", "ec2/research/eu-central-1"
LISTED = Price(27_447_052, "AWS on-demand list, eu-central-1", "2026-11-28")
SPOT = Price(9_120_000, "spot price, eu-central-1b", "2026-11-28 14:00 UTC", exact=False)


def machine(source=FRANKFURT, kind="p4d.24xlarge", lifecycle="on-demand", zone="eu-central-1b"):
    zone = zone if source == FRANKFURT else ""
    return Instance(
        "i-1", "train-7", "ec2", source, kind, "running", zone=zone, lifecycle=lifecycle, shape=COMMON_SHAPE
    )


def book(**more):
    return PriceBook(NOW, list_price, **more)


def off(percent, *types, **more):
    return Discount(Decimal(percent), more.pop("source", "EDP 2026"), types, **more)


def rate(known, of=None):
    found = known.rate(of or machine())
    return found and (found.micros_per_hour, found.source, found.exact)


def test_the_companys_own_figure_goes_before_every_list_and_no_discount_touches_it():
    known = book(
        own={"p4d.24xlarge": 15_000_000}, listed={("eu-central-1", "p4d.24xlarge"): LISTED}, discounts=(off(30),)
    )

    assert rate(known) == (15_000_000, "valet.toml", True)


def test_the_list_of_the_region_goes_before_our_table():
    known = book(listed={("eu-central-1", "p4d.24xlarge"): LISTED})

    assert rate(known) == (27_447_052, "AWS on-demand list, eu-central-1, 2026-11-28", True)
    assert rate(known, machine(EAST)) == (21_957_642, "AWS on-demand list, us-east-1, 2026-07-20", True)


def test_another_regions_list_is_no_price_of_this_one():
    known = book(listed={("eu-west-1", "p4d.24xlarge"): LISTED})

    assert rate(known) == (21_957_642, "AWS on-demand list of us-east-1, not of eu-central-1, 2026-07-20", False)


def test_a_discount_is_taken_off_lists_and_named_with_its_end():
    plan = off(30, source="Compute Savings Plan", until=date(2027, 3, 1), ends_at=NOW + 1)
    known = book(listed={("eu-central-1", "p4d.24xlarge"): LISTED}, discounts=(plan,))

    assert rate(known) == (
        19_212_936,
        "AWS on-demand list, eu-central-1, 2026-11-28, less 30 % (Compute Savings Plan until 2027-03-01)",
        True,
    )
    assert rate(book(discounts=(off("12.5"),)), machine(EAST))[:2] == (
        19_212_937,
        "AWS on-demand list, us-east-1, 2026-07-20, less 12.5 % (EDP 2026)",
    )


def test_a_discount_is_over_with_its_last_day_and_the_next_one_counts():
    known = book(discounts=(off(30, "p4d.*", ends_at=NOW), off(12)))

    assert known.discount(machine()).percent == 12


@pytest.mark.parametrize(
    ("discounts", "percent"),
    [
        ([off(12), off(30, "p4d.*")], 30),
        ([off(30, "p4d.*"), off(12)], 30),
        ([off(30, "p4d.*"), off(20, "p4d.24xlarge")], 20),
        ([off(30, "p*"), off(20, "p4*")], 20),
        ([off(30, "g5.*", "p4d.24xlarge"), off(20, "p4d.*")], 30),
        ([off(12), off(15, account="research")], 15),
        ([off(12), off(15, account="other")], 12),
        ([off(15, account="research"), off(30, "p*")], 30),
        ([off(30, "g5.*")], None),
        ([off(11), off(12)], 11),
        ([], None),
    ],
)
def test_the_one_that_names_a_machine_most_closely_counts_alone(discounts, percent):
    found = book(discounts=tuple(discounts)).discount(machine())

    assert (found and found.percent) == percent


def test_a_spot_machine_costs_the_spot_price_of_its_zone_without_any_discount():
    known = book(
        own={"p4d.24xlarge": 15_000_000},
        spot={(FRANKFURT, "eu-central-1b", "p4d.24xlarge"): SPOT},
        discounts=(off(30),),
    )

    assert rate(known, machine(lifecycle="spot")) == (
        9_120_000,
        "spot price, eu-central-1b, 2026-11-28 14:00 UTC",
        False,
    )
    assert rate(known, machine(lifecycle="spot", zone="eu-central-1c")) == (15_000_000, "valet.toml", False)


@pytest.mark.parametrize("lifecycle", ["spot", "capacity-block"])
def test_a_list_price_says_nothing_of_machines_that_are_not_on_demand(lifecycle):
    assert rate(book(), machine(lifecycle=lifecycle)) is None


def test_zones_of_one_name_in_two_accounts_are_two_zones():
    known = book(spot={("ec2/other/eu-central-1", "eu-central-1b", "p4d.24xlarge"): SPOT})

    assert rate(known, machine(lifecycle="spot")) is None


def test_what_is_not_known_is_none_and_never_zero():
    assert rate(book(discounts=(off(30),)), machine(kind="p9.notreal")) is None


@given(
    micros=st.integers(1, 10**12),
    percent=st.decimals("0.001", "99.999", places=3),
)
def test_a_discount_is_exact_to_the_micro_dollar(micros, percent):
    exact = Fraction(micros) * (100 - Fraction(percent)) / 100

    less = Discount(percent, "EDP").less(micros)

    assert abs(less - exact) <= Fraction(1, 2)
    assert less - exact != Fraction(-1, 2), "half a micro-dollar is rounded up"
    assert 0 <= less <= micros


@given(
    shares=st.lists(st.decimals("0.001", "99.999", places=3), max_size=6),
    own=st.none() | st.integers(1, 10**9),
    listed=st.none() | st.integers(1, 10**9),
)
def test_no_order_of_settings_makes_a_rate_that_its_source_does_not_explain(shares, own, listed):
    known = book(
        own={} if own is None else {"p4d.24xlarge": own},
        listed={} if listed is None else {("eu-central-1", "p4d.24xlarge"): Price(listed, "list", "2026-11-28")},
        discounts=tuple(Discount(share, f"EDP {number}") for number, share in enumerate(shares)),
    )

    priced = known.priced(machine())

    assert priced is not None
    base = own or listed or 21_957_642
    taken = shares[0] if shares and own is None else None
    assert priced.price.micros == base
    assert priced.micros == (Discount(taken, "").less(base) if taken is not None else base)
    assert ("less" in priced.rate.source) == (taken is not None)
