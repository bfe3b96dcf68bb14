"""Our own reading of EC2's pages is held equal to botocore's, and leaves to botocore what it can't read."""

from typing import Any
from xml.sax.saxutils import escape

import pytest
from botocore.parsers import EC2QueryParser
from botocore.session import get_session
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.providers.ec2_pages import PARTS, read_page
from bot.providers.ec2_shapes import GpuType, instance, other
from tests.bench.fake_ec2 import Cloud
from tests.examples import examples

A100, SOURCE = GpuType("A100", 8, 40960, 8000), "ec2/default/us-east-1"
XMLNS = ' xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"'
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), max_size=12)
WORDS = {
    "rootDeviceType": st.sampled_from(["ebs", "instance-store", ""]),
    "instanceLifecycle": st.sampled_from(["spot", "scheduled", "capacity-block", ""]),
    "launchTime": st.datetimes().map(lambda at: at.strftime("%Y-%m-%dT%H:%M:%S.000Z").zfill(24)),
    "reason": st.one_of(TEXT, st.just("User initiated (2026-11-23 14:03:00 GMT)")),
}
TEXTS = ("privateIpAddress", "platform", "platformDetails", "usageOperation", "outpostArn", "capacityReservationId")
STRANGE = ("imageId", "amiLaunchIndex", "networkInterfaceSet")


def leaf(name: str, values: Any = TEXT) -> Any:
    return values.map(lambda text: f"<{name}>{escape(text)}</{name}>")


def some(*of: Any) -> Any:
    """Each of these, or not, in any order."""
    kept = st.tuples(*(st.one_of(st.just(""), each) for each in of)).flatmap(st.permutations)
    return kept.map("".join)


def within(name: str, inner: Any) -> Any:
    return inner.map(lambda text: f"<{name}>{text}</{name}>")


def several(name: str, inner: Any) -> Any:
    return within(name, st.lists(within("item", inner), max_size=3).map("".join))


MACHINE = st.tuples(
    st.integers(0, 9).map(lambda n: f"<instanceId>i-{n}</instanceId><instanceType>g5.xlarge</instanceType>"),
    some(
        *(leaf(name, values) for name, values in WORDS.items()),
        *(leaf(name) for name in TEXTS),
        *(leaf(name, st.just("1")) for name in STRANGE[:2]),
        within(
            "instanceState", some(leaf("code", st.just("16")), leaf("name", st.sampled_from(["running", "stopped"])))
        ),
        within("placement", some(leaf("availabilityZone"), leaf("tenancy"), leaf("hostId"), leaf("groupName"))),
        within("stateReason", some(leaf("code"), leaf("message"))),
        within(
            "capacityReservationSpecification",
            some(
                leaf("capacityReservationPreference"),
                within("capacityReservationTarget", some(leaf("capacityReservationId"))),
            ),
        ),
        several("tagSet", st.tuples(leaf("key"), leaf("value")).map("".join)),
        several("productCodes", some(leaf("productCode"), leaf("type", st.sampled_from(["marketplace", "devpay"])))),
        several("networkInterfaceSet", some(leaf("description"))),
    ),
).map("".join)
PAGE = st.tuples(
    st.sampled_from(["", XMLNS]),
    several("reservationSet", some(leaf("ownerId")).flatmap(lambda a: several("instancesSet", MACHINE).map(a.__add__))),
    st.one_of(st.just(""), leaf("nextToken", TEXT)),
).map(lambda parts: f"<DescribeInstancesResponse{parts[0]}>{parts[1]}{parts[2]}</DescribeInstancesResponse>".encode())


@pytest.fixture(scope="module")
def shape():
    model = get_session().get_service_model("ec2").operation_model("DescribeInstances")
    return model.output_shape


def by_botocore(body: bytes, shape: Any) -> dict[str, Any]:
    found: dict[str, Any] = EC2QueryParser().parse({"body": body, "status_code": 200, "headers": {}}, shape)
    return found


def meaning(page: dict[str, Any]) -> list[Any]:
    """All that follows for Valet of a page."""
    raws = [raw for group in page["Reservations"] for raw in group["Instances"]]
    machines = [(instance(raw, A100, SOURCE), other(raw, GpuType(other="no GPUs"))) for raw in raws]
    return [*machines, page.get("NextToken")]


@settings(max_examples=examples(60))
@given(body=PAGE)
def test_a_page_means_the_same_as_by_botocore(shape, body):
    ours = read_page(body)

    assert ours is not None
    assert meaning(ours) == meaning(by_botocore(body, shape))


def test_a_page_as_long_as_ec2s_own_means_the_same(shape):
    said = Cloud(3, 1, 0.5).answer("us-east-1", {"Action": "DescribeInstances", "MaxResults": "2"}).encode()

    ours = read_page(said)

    assert ours is not None
    assert len(meaning(ours)) == 3
    assert meaning(ours) == meaning(by_botocore(said, shape))


def test_every_part_bears_the_name_that_ec2_gives_it(shape):
    model = shape.members["Reservations"].member.members["Instances"].member.members

    assert {theirs: ours for theirs, (ours, _) in PARTS.items()} == {
        model[ours].serialization["name"]: ours for ours, _ in PARTS.values()
    }


ONE = "<item><instancesSet><item><instanceId>i-1</instanceId>{}</item></instancesSet></item>"
SET = "<DescribeInstancesResponse><reservationSet>" + ONE + "</reservationSet></DescribeInstancesResponse>"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html><body>Please sign in</body></html>",
        "<DescribeInstancesResponse/>",
        "<DescribeInstancesResponse><reservationSet><item>",
        SET.format("<launchTime>yesterday</launchTime>"),
        SET.format("<launchTime>2026-11-31T00:00:00Z</launchTime>"),
        SET.format("<instanceId>i-2</instanceId>"),
        "[]",
    ],
)
def test_what_is_not_as_ec2_writes_it_is_left_to_botocore(body):
    assert read_page(body.encode()) is None
