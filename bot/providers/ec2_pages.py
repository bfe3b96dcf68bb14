"""Pages of DescribeInstances, read straight to the parts that Valet uses, for a fifth of the work.

botocore still signs, sends, retries and reads errors. What can't be read here is left to it, and fails as it says.
"""

import re
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

BEFORE_A_PAGE = "before-parse.ec2.DescribeInstances"
ANSWER = "DescribeInstancesResponse"
READ_ALREADY = f"<{ANSWER}/>".encode()
# The one form in which EC2 writes times.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3}|\.\d{6})?Z", re.ASCII)
OK = 200
_one_at_a_time = threading.Lock()
"""A page takes ten times its length while it is read; with a thread per region, all at once would be a lot."""
Reading = Callable[[ET.Element, int], Any]
"""Reads an element; the number is the length of the namespace before each name."""


class _Other(ValueError):
    """It is not as EC2 writes it."""


def read_pages_quickly(client: Any) -> Any:
    """The client, whose pages of instances have from now on just the parts that `PARTS` names."""
    client.meta.events.register(BEFORE_A_PAGE, _instead_of_botocore, unique_id="valet-pages")
    return client


def _instead_of_botocore(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    page = read_page(response_dict["body"]) if response_dict["status_code"] == OK else None
    if page is not None:
        customized_response_dict.update(page)
        response_dict["body"] = READ_ALREADY


def read_page(body: bytes) -> dict[str, Any] | None:
    """The page as botocore would give it, with the parts in `PARTS`; None where it is not as EC2 writes it."""
    try:
        with _one_at_a_time:
            return _page(body)
    except (ET.ParseError, _Other, ValueError):
        return None


def _page(body: bytes) -> dict[str, Any]:
    parser = ET.XMLParser(encoding="utf-8")  # noqa: S314 - from AWS, and botocore reads it so
    parser.feed(body)
    root = parser.close()
    cut = len(root.tag) - len(ANSWER)
    if root.tag[cut:] != ANSWER:
        raise _Other
    parts = _parts(root, cut, _OF_PAGE)
    if "Reservations" not in parts:
        raise _Other
    return parts


def _parts(element: ET.Element, cut: int, wanted: Mapping[str, tuple[str, Reading]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element:
        known = wanted.get(child.tag[cut:])
        if known is None:
            continue
        name, read = known
        if name in found:
            raise _Other
        found[name] = read(child, cut)
    return found


def _text(element: ET.Element, _cut: int) -> str:
    return element.text or ""


def _moment(element: ET.Element, _cut: int) -> datetime:
    if not MOMENT.fullmatch(element.text or ""):
        raise _Other
    return datetime.fromisoformat(element.text or "")


def _structure(**wanted: str) -> Reading:
    """A structure of texts: our name for each, and EC2's."""
    table = {theirs: (ours, _text) for ours, theirs in wanted.items()}
    return lambda element, cut: _parts(element, cut, table)


def _items(read: Reading) -> Reading:
    return lambda element, cut: [read(child, cut) for child in element]


def _instance(element: ET.Element, cut: int) -> dict[str, Any]:
    return _parts(element, cut, PARTS)


def _reservation(element: ET.Element, cut: int) -> dict[str, Any]:
    return _parts(element, cut, {"instancesSet": ("Instances", _items(_instance))})


_TARGET = _structure(
    CapacityReservationId="capacityReservationId",
    CapacityReservationResourceGroupArn="capacityReservationResourceGroupArn",
)


def _wish(element: ET.Element, cut: int) -> dict[str, Any]:
    wanted: dict[str, tuple[str, Reading]] = {
        "capacityReservationPreference": ("CapacityReservationPreference", _text),
        "capacityReservationTarget": ("CapacityReservationTarget", _TARGET),
    }
    return _parts(element, cut, wanted)


PARTS: Mapping[str, tuple[str, Reading]] = {
    "instanceId": ("InstanceId", _text),
    "instanceType": ("InstanceType", _text),
    "instanceState": ("State", _structure(Name="name")),
    "placement": ("Placement", _structure(AvailabilityZone="availabilityZone", Tenancy="tenancy", HostId="hostId")),
    "launchTime": ("LaunchTime", _moment),
    "reason": ("StateTransitionReason", _text),
    "stateReason": ("StateReason", _structure(Code="code")),
    "instanceLifecycle": ("InstanceLifecycle", _text),
    "rootDeviceType": ("RootDeviceType", _text),
    "privateIpAddress": ("PrivateIpAddress", _text),
    "platform": ("Platform", _text),
    "platformDetails": ("PlatformDetails", _text),
    "usageOperation": ("UsageOperation", _text),
    "outpostArn": ("OutpostArn", _text),
    "capacityReservationId": ("CapacityReservationId", _text),
    "capacityReservationSpecification": ("CapacityReservationSpecification", _wish),
    "productCodes": ("ProductCodes", _items(_structure(ProductCodeId="productCode", ProductCodeType="type"))),
    "tagSet": ("Tags", _items(_structure(Key="key", Value="value"))),
}
"""What `ec2_shapes` reads of an instance: EC2's name for it in XML, botocore's, and how it is read."""
_OF_PAGE: Mapping[str, tuple[str, Reading]] = {
    "reservationSet": ("Reservations", _items(_reservation)),
    "nextToken": ("NextToken", _text),
}
