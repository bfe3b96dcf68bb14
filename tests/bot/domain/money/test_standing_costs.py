"""What a machine that stands still goes on costing: its disks by kind, its addresses, and what is not known."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.machines.fleet import Instance
from bot.domain.money.standing_costs import DISK_MICROS_PER_GIB_MONTH, StandingCost, standing_cost


def machine(disks=None, addresses=None, region="us-east-1"):
    return Instance("i-1", "nb-2", "ec2", f"ec2/1/{region}", "g5.xlarge", "stopped", disks=disks, addresses=addresses)


def test_each_kind_of_disk_has_its_own_price_and_the_largest_is_named_first():
    kept = standing_cost(machine({"gp3": 200, "st1": 2_000}, 0), {})

    assert kept == StandingCost(2_200, ("st1", "gp3"), 16_000_000 + 90_000_000, 0, 0)


def test_an_address_costs_whether_it_is_used_or_not():
    kept = standing_cost(machine({"gp3": 100}, 2), {})

    assert (kept.address_micros, kept.micros) == (7_300_000, 15_300_000)


def test_what_aws_lists_for_the_region_goes_before_our_table():
    listed = {("eu-central-1", "gp3"): 95_200, ("eu-central-1", ""): 6_000, ("us-east-1", "gp3"): 1}

    kept = standing_cost(machine({"gp3": 1_000, "gp2": 10}, 1, "eu-central-1"), listed)

    assert (kept.disk_micros, kept.address_micros) == (95_200_000 + 1_000_000, 4_380_000)


def test_disks_that_nobody_saw_have_no_price_and_addresses_that_nobody_saw_none_either():
    assert standing_cost(machine(None, 1), {}) is None
    assert standing_cost(machine({"gp3": 1}, None), {}).addresses is None


@pytest.mark.parametrize(("kind", "least"), [("io1", True), ("io2", True), ("gp3", False), ("gp9", False)])
def test_disks_whose_speed_is_paid_for_cost_at_least_that(kind, least):
    kept = standing_cost(machine({kind: 10, "sc1": 1}), {})

    assert kept.is_least == least
    assert kept.disk_micros == 10 * DISK_MICROS_PER_GIB_MONTH.get(kind, 80_000) + 15_000


@given(disks=st.dictionaries(st.sampled_from(sorted(DISK_MICROS_PER_GIB_MONTH)), st.integers(1, 65_536)))
def test_the_sum_is_that_of_its_disks(disks):
    kept = standing_cost(machine(disks, 0), {})

    assert kept.micros == sum(Decimal(gib) * DISK_MICROS_PER_GIB_MONTH[kind] for kind, gib in disks.items())
