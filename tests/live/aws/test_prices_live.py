"""AWS's prices through boto3: requests as AWS takes them, who is asked, refusals; moto has addresses, but no prices."""

import json
from datetime import UTC, datetime

import pytest

from bot.billing.aws_prices import aws_prices
from bot.doctor import money
from bot.domain.clock import DAY_MS
from bot.domain.money.price_reads import PriceAnswer, SpotChange, WantedPrice
from bot.errors import Unreachable
from bot.providers.accounts import AwsAccount
from bot.providers.ec2 import Ec2
from bot.settings import parse
from tests.live.moto_server import launch

NOW = int(datetime(2026, 11, 28, 14, tzinfo=UTC).timestamp() * 1000)
P4D = WantedPrice("instance", "eu-central-1", "p4d.24xlarge")
OWN = {"regions": ["us-east-1", "eu-central-1"]}
OTHER = {"name": "research", "role_arn": "arn:aws:iam::222233334444:role/valet", "regions": ["eu-central-1"]}
CHANGE = """<item><instanceType>{type}</instanceType><productDescription>Linux/UNIX</productDescription>
<spotPrice>{usd}</spotPrice><timestamp>2026-11-28T13:00:00.000Z</timestamp>
<availabilityZone>{zone}</availabilityZone></item>"""
PAGE = """<DescribeSpotPriceHistoryResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId>
<spotPriceHistorySet>{items}</spotPriceHistorySet><nextToken>{more}</nextToken></DescribeSpotPriceHistoryResponse>"""


def prices(*accounts, **more):
    found = aws_prices(parse({"aws": list(accounts or [OWN]), **more}, {}))
    assert found is not None
    return found


def listed(region, asked):
    """The price list, which is the same wherever it is asked."""
    wanted = {each["Field"]: each["Value"] for each in asked["Filters"]}
    about = {"instanceType": wanted["instanceType"], "usagetype": "EUC1-BoxUsage:p4d.24xlarge"}
    dimension = {"unit": "Hrs", "pricePerUnit": {"USD": "27.4470500000"}}
    terms = {"OnDemand": {"A.B": {"effectiveDate": "2026-11-01T00:00:00Z", "priceDimensions": {"A.B.C": dimension}}}}
    told = [json.dumps({"product": {"attributes": about}, "terms": terms, "version": "20261128"})]
    return json.dumps({"FormatVersion": "aws_v1", "PriceList": told})


def test_the_list_is_asked_where_it_is_kept_for_any_region(aws):
    aws.pretended["GetProducts"] = listed

    assert prices().look_up(P4D, NOW) == PriceAnswer(27_447_050)
    assert aws.count("GetProducts", "us-east-1") == 1


def test_another_of_its_three_regions_can_be_chosen(aws):
    aws.pretended["GetProducts"] = listed

    prices(price_list={"region": "eu-central-1"}).look_up(P4D, NOW)

    assert aws.count("GetProducts", "eu-central-1") == 1


def test_an_account_that_may_not_ask_leaves_it_to_the_next(aws):
    aws.pretended["GetProducts"] = listed
    aws.fail("GetProducts", code="AccessDeniedException", status=400, times=1)

    assert prices(OWN, OTHER).look_up(P4D, NOW).micros == 27_447_050
    assert aws.count("AssumeRole") == 1


def test_where_nobody_may_ask_the_missing_right_is_named(aws):
    aws.fail("GetProducts", code="AccessDeniedException", status=400)

    with pytest.raises(Unreachable, match=r"AccessDeniedException: Valet's role lacks pricing:GetProducts") as refused:
        prices(OWN, OTHER).look_up(P4D, NOW)
    assert not refused.value.retryable
    assert aws.count("GetProducts") == 2


def test_a_silent_list_is_not_asked_with_every_account(aws):
    aws.fail("GetProducts", code="ThrottlingException", status=400)

    with pytest.raises(Unreachable, match="did not answer"):
        prices(OWN, OTHER).look_up(P4D, NOW)
    assert aws.count("AssumeRole") == 0


def test_spot_prices_are_asked_in_their_own_account_and_region_page_by_page(aws):
    asked_for = []

    def history(region, asked):
        asked_for.append((region, asked))
        more = "" if "NextToken" in asked else "more"
        zone = f"{region}{'b' if 'NextToken' in asked else 'a'}"
        return PAGE.format(items=CHANGE.format(type="p4d.24xlarge", usd="9.120000", zone=zone), more=more)

    aws.pretended["DescribeSpotPriceHistory"] = history

    found = prices(OWN, OTHER).spot("ec2/222233334444/eu-central-1", ["p4d.24xlarge"], NOW - DAY_MS)

    at = int(datetime(2026, 11, 28, 13, tzinfo=UTC).timestamp() * 1000)
    assert found == [
        SpotChange("eu-central-1a", "p4d.24xlarge", at, 9_120_000),
        SpotChange("eu-central-1b", "p4d.24xlarge", at, 9_120_000),
    ]
    assert aws.count("AssumeRole") == 1
    region, asked = asked_for[0]
    assert (region, asked["InstanceType.1"], asked["StartTime"]) == (
        "eu-central-1",
        "p4d.24xlarge",
        "2026-11-27T14:00:00Z",
    )
    assert asked["ProductDescription.1"] == "Linux/UNIX"


def test_a_place_that_nothing_covers_any_more_is_said(aws):
    with pytest.raises(Unreachable, match=r"No \[\[aws\]\] entry covers ec2/gone/us-east-1"):
        prices().spot("ec2/gone/us-east-1", ["g5.xlarge"], NOW)
    assert aws.sent == []


@pytest.mark.parametrize("settings", [{}, {"aws": [OWN], "price_list": {"enabled": False}}])
def test_without_an_account_or_when_switched_off_nothing_is_asked(aws, settings):
    assert aws_prices(parse(settings, {})) is None


def found(tmp_path, **more):
    settings = parse({"database": str(tmp_path / "none.db"), "aws": [OWN], **more}, {})
    return [(each.id, each.level, each.sentence) for each in money.check_prices(settings, NOW)]


def test_the_doctor_tries_the_list_and_names_what_is_missing(aws, tmp_path):
    aws.pretended["GetProducts"] = listed
    assert found(tmp_path) == [("V902", "ok", "AWS's price list can be read.")]

    aws.fail("GetProducts", code="AccessDeniedException", status=400)

    ((number, level, sentence),) = found(tmp_path)
    assert (number, level) == ("V902", "warning")
    assert "Valet's role lacks pricing:GetProducts; `valet iam-policy` prints what it needs." in sentence


def test_the_doctor_says_when_prices_are_not_to_be_read(aws, tmp_path):
    ((number, level, sentence),) = found(tmp_path, price_list={"enabled": False})

    assert (number, level) == ("V902", "ok")
    assert "us-east-1, 2026-07-20, count everywhere" in sentence
    assert aws.sent == []


def test_disks_are_told_by_kind_and_addresses_are_counted(aws):
    client = aws.client("ec2")
    kinds = (("f", 100, "st1"), ("g", 40, "gp3"), ("h", 60, "gp3"))
    disks = [{"DeviceName": f"/dev/sd{on}", "Ebs": {"VolumeSize": gib, "VolumeType": kind}} for on, gib, kind in kinds]
    held = launch(client, "g5.xlarge", "nb-2", BlockDeviceMappings=disks)
    launch(client, "g5.xlarge", "nb-3")
    made = client.allocate_address(Domain="vpc")
    client.associate_address(AllocationId=made["AllocationId"], InstanceId=held)
    client.allocate_address(Domain="vpc")

    (look,) = Ec2([AwsAccount(("us-east-1",))]).sweep()

    seen = {each.name: each for each in look.instances}
    assert seen["nb-2"].disks == {"st1": 100, "gp3": 100}
    assert (seen["nb-2"].addresses, seen["nb-3"].addresses) == (1, 0)


def test_addresses_that_may_not_be_seen_are_not_known_and_not_asked_for_every_minute(aws, clock):
    launch(aws.client("ec2"), "g5.xlarge", "nb-2")
    aws.fail("DescribeAddresses", code="UnauthorizedOperation", status=403)
    ec2 = Ec2([AwsAccount(("us-east-1",))], clock=clock)

    for _ in range(9):
        (look,) = ec2.sweep()
        clock.forward(60_000)

    (machine,) = look.instances
    assert machine.addresses is None
    assert machine.disks is not None
    assert aws.count("DescribeAddresses") == 1
