"""The table of list prices agrees with the published figures and never makes one up."""

import csv
from decimal import Decimal

import pytest

from bot.billing.prices import MICROS_PER_HOUR, is_capacity_short, list_price
from tests.data import data_file


@pytest.fixture
def published() -> dict[str, Decimal]:
    with data_file("prices/aws_us_east_1_ondemand_2026-07-20.csv").open(newline="") as lines:
        return {row["instance_type"]: Decimal(row["usd_per_hour_linux_shared_od"]) for row in csv.DictReader(lines)}


def test_every_price_is_the_published_one(published):
    ours = {name: Decimal(micros) / 1_000_000 for name, micros in MICROS_PER_HOUR.items()}

    assert ours == {name: published[name] for name in ours}


def test_every_published_type_with_nvidia_gpus_is_there(published):
    # Of the accelerated families, these have no NVIDIA GPU: AMD, FPGA, Gaudi, Inferentia, Trainium, Xilinx.
    with_gpus = {name for name in published if (name[0] in "pg" and name[1:2].isdigit()) or name.startswith("gr")}
    with_gpus -= {name for name in with_gpus if name.startswith("g4ad.")}

    assert with_gpus == set(MICROS_PER_HOUR)


def test_at_home_the_price_is_exact_and_dated():
    price = list_price("p4d.24xlarge", "us-east-1")

    assert price is not None
    assert (price.micros, price.exact, price.as_of) == (21_957_642, True, "2026-07-20")
    assert price.source == "AWS on-demand list, us-east-1"


def test_elsewhere_the_price_says_whose_it_is():
    price = list_price("g5.xlarge", "eu-west-1")

    assert price is not None
    assert (price.micros, price.exact) == (1_006_000, False)
    assert price.source == "AWS on-demand list of us-east-1, not of eu-west-1"


@pytest.mark.parametrize("name", ["p5e.48xlarge", "g4ad.xlarge", "m5.large", "owned", ""])
def test_an_unknown_price_is_none_and_never_zero(name):
    assert list_price(name, "us-east-1") is None


def test_scarce_types_are_known_as_scarce():
    scarce = [
        name for name in ("p4d.24xlarge", "p5.48xlarge", "p6-b200.48xlarge", "g5.xlarge") if is_capacity_short(name)
    ]

    assert scarce == ["p4d.24xlarge", "p5.48xlarge", "p6-b200.48xlarge"]
