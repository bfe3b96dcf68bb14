"""AWS's price list is read as rough as it is: JSON in strings, 0.0 prices, other units, several entries, or none."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.billing.aws_prices import look_up
from bot.domain.money.price_reads import PriceAnswer, WantedPrice
from bot.errors import Unreachable

NOW = int(datetime(2026, 11, 28, 14, tzinfo=UTC).timestamp() * 1000)
P4D = WantedPrice("instance", "eu-central-1", "p4d.24xlarge")


def dimension(usd="27.4470500000", unit="Hrs", currency="USD", **more):
    return {"unit": unit, "beginRange": "0", "endRange": "Inf", "pricePerUnit": {currency: usd}, **more}


def product(*dimensions, kind="p4d.24xlarge", **attributes):
    terms = {f"SKU.{number}": {"priceDimensions": {f"SKU.{number}.R": each}} for number, each in enumerate(dimensions)}
    about = {"instanceType": kind, "usagetype": f"EUC1-BoxUsage:{kind}", "locationType": "AWS Region", **attributes}
    return {"product": {"productFamily": "Compute Instance", "attributes": about}, "terms": {"OnDemand": terms}}


class List:
    """Answers page by page; `asked` is what it was asked."""

    def __init__(self, *pages):
        self.pages, self.asked = pages, []

    def ask(self, operation, asked):
        self.asked.append((operation, asked))
        number = int(asked.get("NextToken", "0"))
        page = self.pages[number] if self.pages else []
        more = {"NextToken": str(number + 1)} if number + 1 < len(self.pages) else {}
        return {"FormatVersion": "aws_v1", "PriceList": [json.dumps(each) for each in page], **more}


def found(*products, wanted=P4D):
    return look_up(List(list(products)).ask, wanted, NOW)


def test_the_hourly_price_in_dollars_is_found():
    assert found(product(dimension())) == PriceAnswer(27_447_050)


def test_the_question_is_narrow_and_names_region_and_type():
    listed = List([product(dimension())])
    look_up(listed.ask, P4D, NOW)

    ((operation, asked),) = listed.asked
    assert operation == "get_products"
    assert (asked["ServiceCode"], asked["MaxResults"]) == ("AmazonEC2", 100)
    assert {(each["Type"], each["Field"], each["Value"]) for each in asked["Filters"]} == {
        ("TERM_MATCH", "regionCode", "eu-central-1"),
        ("TERM_MATCH", "serviceCode", "AmazonEC2"),
        ("TERM_MATCH", "instanceType", "p4d.24xlarge"),
        ("TERM_MATCH", "preInstalledSw", "NA"),
        ("TERM_MATCH", "operatingSystem", "Linux"),
        ("TERM_MATCH", "capacitystatus", "Used"),
        ("TERM_MATCH", "marketoption", "OnDemand"),
        ("TERM_MATCH", "tenancy", "Shared"),
        ("TERM_MATCH", "productFamily", "Compute Instance"),
    }


def test_a_machine_without_a_hypervisor_is_listed_elsewhere():
    listed = List([product(dimension("7.824"), kind="g4dn.metal")])

    assert look_up(listed.ask, WantedPrice("instance", "us-east-1", "g4dn.metal"), NOW) == PriceAnswer(7_824_000)
    fields = {each["Field"]: each["Value"] for each in listed.asked[0][1]["Filters"]}
    assert (fields["tenancy"], fields["productFamily"]) == ("Dedicated", "Compute Instance (bare metal)")


def test_every_page_is_read():
    listed = List([], [product(dimension("0.0000000000"))], [product(dimension())])

    assert look_up(listed.ask, P4D, NOW) == PriceAnswer(27_447_050)
    assert len(listed.asked) == 3


@pytest.mark.parametrize(
    "useless",
    [
        dimension("0.0000000000"),
        dimension("-1"),
        dimension("NaN"),
        dimension("1e400"),
        dimension("a lot"),
        dimension(""),
        dimension(currency="CNY"),
        dimension("9.9", unit="Quantity"),
        dimension("9.9", beginRange="750"),
        {"unit": "Hrs"},
        "not a table",
        None,
    ],
)
def test_what_is_no_hourly_price_in_dollars_is_passed_over(useless):
    assert found(product(useless)) == PriceAnswer(None, "AWS lists no price")
    assert found(product(useless, dimension()), product(useless)) == PriceAnswer(27_447_050)


@pytest.mark.parametrize(
    "strange",
    [
        product(dimension("9.9"), kind="p4de.24xlarge"),
        product(dimension("9.9"), locationType="AWS Local Zone"),
        {"product": {}, "terms": {}},
        {"terms": {"OnDemand": []}},
        [],
        "text",
        7,
    ],
)
def test_other_products_do_not_count(strange):
    assert found(strange) == PriceAnswer(None, "AWS lists no price")
    assert found(strange, product(dimension())) == PriceAnswer(27_447_050)


def test_one_price_in_several_entries_is_one_price_and_two_are_none():
    assert found(product(dimension(), dimension()), product(dimension())) == PriceAnswer(27_447_050)
    assert found(product(dimension()), product(dimension("30"))) == PriceAnswer(None, "AWS lists 2 different prices")


def test_of_terms_that_follow_each_other_the_newest_that_has_begun_counts():
    listed = product(dimension("9"), dimension("8"), dimension("7"))
    dates = ("2026-01-01T00:00:00Z", "2026-11-01T00:00:00Z", "2027-01-01T00:00:00Z")
    for term, date in zip(listed["terms"]["OnDemand"].values(), dates, strict=True):
        term["effectiveDate"] = date

    assert found(listed) == PriceAnswer(8_000_000)


def test_disks_are_listed_by_kind_and_gigabyte():
    disk = {"volumeApiName": "gp3", "usagetype": "EUC1-EBS:VolumeUsage.gp3", "locationType": "AWS Region"}
    listed = List(
        [
            {
                "product": {"attributes": disk},
                "terms": {"OnDemand": {"T": {"priceDimensions": {"R": dimension("0.0952000000", unit="GB-Mo")}}}},
            }
        ]
    )

    assert look_up(listed.ask, WantedPrice("volume", "eu-central-1", "gp3"), NOW) == PriceAnswer(95_200)
    fields = {each["Field"]: each["Value"] for each in listed.asked[0][1]["Filters"]}
    assert fields == {"regionCode": "eu-central-1", "productFamily": "Storage", "volumeApiName": "gp3"}


def test_of_addresses_the_idle_one_counts_and_blocks_of_them_do_not():
    def address(usage, usd):
        terms = {"T": {"priceDimensions": {"R": dimension(usd)}}}
        return {"product": {"attributes": {"usagetype": usage}}, "terms": {"OnDemand": terms}}

    listed = List(
        [
            address("EUC1-PublicIPv4:InUseAddress", "0.006"),
            address("EUC1-PublicIPv4:IdleAddress", "0.005"),
            address("EUC1-PublicIPv4:ContiguousBlock", "0.008"),
        ]
    )

    assert look_up(listed.ask, WantedPrice("address", "eu-central-1", ""), NOW) == PriceAnswer(5_000)
    assert listed.asked[0][1]["ServiceCode"] == "AmazonVPC"


def test_a_list_without_an_end_is_given_up():
    def ask(operation, asked):
        return {"PriceList": [], "NextToken": "again"}

    assert look_up(ask, P4D, NOW) == PriceAnswer(None, "AWS lists no price")


def test_text_that_is_no_json_is_no_product():
    def ask(operation, asked):
        return {"PriceList": ["{", "[" * 100_000, "null", None, {"product": 1}, json.dumps(product(dimension()))]}

    assert look_up(ask, P4D, NOW) == PriceAnswer(27_447_050)


def test_a_silent_list_says_why():
    def ask(operation, asked):
        raise Unreachable("AWS did not answer for us-east-1: no connection")

    with pytest.raises(Unreachable, match="no connection"):
        look_up(ask, P4D, NOW)


KEYS = (
    *("product", "attributes", "instanceType", "terms", "OnDemand", "priceDimensions"),
    *("pricePerUnit", "USD", "unit", "beginRange", "effectiveDate", "x"),
)
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)


@pytest.mark.slow
@given(items=st.lists(junk, max_size=5))
def test_whatever_is_said_only_a_price_becomes_one(items):
    answer = look_up(lambda operation, asked: {"PriceList": [json.dumps(each) for each in items]}, P4D, NOW)

    assert answer.micros is None or answer.micros > 0
