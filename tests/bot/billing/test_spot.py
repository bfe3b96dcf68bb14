"""Spot prices are read page by page, per zone and type, and what is no price is none."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.billing.spot import spot_changes
from bot.domain.money.price_reads import SpotChange
from bot.errors import Unreachable

AT = datetime(2026, 11, 28, 13, 59, 58, tzinfo=UTC)
MS = int(AT.timestamp()) * 1000
SOURCE = "ec2/default/us-east-1"


def entry(usd="9.120000", zone="us-east-1a", kind="p4d.24xlarge", at=AT, product="Linux/UNIX"):
    told = {"SpotPrice": usd, "AvailabilityZone": zone, "InstanceType": kind, "Timestamp": at}
    return {name: value for name, value in told.items() if value is not None} | {"ProductDescription": product}


class Ec2:
    def __init__(self, *pages):
        self.pages, self.asked = pages, []

    def ask(self, source, operation, asked):
        self.asked.append((source, operation, asked))
        number = int(asked.get("NextToken", "0"))
        return {
            "SpotPriceHistory": self.pages[number],
            "NextToken": str(number + 1) if number + 1 < len(self.pages) else "",
        }


def found(*entries):
    return spot_changes(Ec2(list(entries)).ask, SOURCE, {"p4d.24xlarge"}, MS)


def test_a_change_has_its_zone_moment_and_price():
    assert found(entry()) == [SpotChange("us-east-1a", "p4d.24xlarge", MS, 9_120_000)]


def test_the_question_names_types_linux_and_the_beginning_and_every_page_is_read():
    ec2 = Ec2([entry()], [entry(zone="us-east-1b")])

    told = spot_changes(ec2.ask, SOURCE, {"p4d.24xlarge", "g5.xlarge"}, MS)

    assert [each.zone for each in told] == ["us-east-1a", "us-east-1b"]
    source, operation, asked = ec2.asked[0]
    assert (source, operation) == (SOURCE, "describe_spot_price_history")
    assert asked["InstanceTypes"] == ["g5.xlarge", "p4d.24xlarge"]
    assert asked["ProductDescriptions"] == ["Linux/UNIX", "Linux/UNIX (Amazon VPC)"]
    assert asked["StartTime"] == AT
    assert ec2.asked[1][2]["NextToken"] == "1"


@pytest.mark.parametrize("first", [True, False])
def test_of_two_names_of_linux_the_usual_one_counts(first):
    both = [entry(), entry("1.00", product="Linux/UNIX (Amazon VPC)")]

    assert [each.micros for each in found(*(both if first else both[::-1]))] == [9_120_000]


@pytest.mark.parametrize(
    "useless",
    [
        entry("0.000000"),
        entry("-1"),
        entry("NaN"),
        entry("Infinity"),
        entry("0.0000001"),
        entry("much"),
        entry(usd=None),
        entry(zone=None),
        entry(at=None),
        entry(kind=None),
        entry(kind="m5.large"),
    ],
)
def test_what_is_no_price_is_passed_over(useless):
    assert found(useless) == []
    assert len(found(useless, entry())) == 1


def test_what_held_at_the_beginning_is_the_last_change_before_it():
    early = [entry(usd, at=AT - timedelta(hours=hours)) for usd, hours in (("3", 30), ("5", 4), ("4", 9))]
    later = entry("6", at=AT + timedelta(hours=1))

    told = found(*early, later, entry("7", zone="us-east-1b", at=AT - timedelta(days=9)))

    assert sorted((each.zone, each.micros) for each in told) == [
        ("us-east-1a", 5_000_000),
        ("us-east-1a", 6_000_000),
        ("us-east-1b", 7_000_000),
    ]


def test_an_endless_history_is_given_up():
    def ask(source, operation, asked):
        return {"SpotPriceHistory": [entry()], "NextToken": "again"}

    with pytest.raises(Unreachable, match="over 200 pages"):
        spot_changes(ask, SOURCE, {"p4d.24xlarge"}, MS)


def test_prices_are_exact():
    assert found(entry("12.345678"))[0].micros == Decimal("12.345678") * 1_000_000
