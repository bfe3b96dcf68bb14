"""New machines and images on EC2: orders in EC2's words, and what EC2 says of images."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.acting.images import Image, ImageState
from bot.domain.acting.launch import ACTION_TAG, Order
from bot.providers.ec2_shapes import tags_of, to_ms

TAGGED = ("instance", "volume")
IMAGE_STATES: Mapping[str, ImageState] = {"available": "available", "pending": "pending"}


def launch_request(order: Order, shape: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The parameters of RunInstances; the same order gives the same ones, as EC2 asks for one token.

    `shape` is the machine to be like, as EC2 describes it, where the order is for a copy of one.
    """
    asked: dict[str, Any] = {
        "MinCount": 1,
        "MaxCount": 1,
        "ClientToken": order.token,
        "InstanceType": order.type,
        "InstanceInitiatedShutdownBehavior": "stop",
        "TagSpecifications": [{"ResourceType": kind, "Tags": pairs(order.tags)} for kind in TAGGED],
    }
    if shape is not None:
        return asked | _like(shape, order.image_id)
    asked["LaunchTemplate"] = {_template_key(order.template): order.template, "Version": order.version}
    return asked | ({"SubnetId": order.subnet} if order.subnet else {})


def _like(shape: Mapping[str, Any], image_id: str) -> dict[str, Any]:
    profile = shape.get("IamInstanceProfile", {}).get("Arn")
    asked = {
        "ImageId": image_id,
        "KeyName": shape.get("KeyName"),
        "SubnetId": shape.get("SubnetId"),
        "SecurityGroupIds": [group["GroupId"] for group in shape.get("SecurityGroups", ())],
        "IamInstanceProfile": {"Arn": profile} if profile else None,
    }
    return {name: value for name, value in asked.items() if value}


def pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as EC2 writes them."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def _template_key(template: str) -> str:
    return "LaunchTemplateId" if template.startswith("lt-") else "LaunchTemplateName"


def born_of(order: Order) -> list[dict[str, Any]]:
    """The filter that finds what an order made."""
    return [{"Name": f"tag:{ACTION_TAG}", "Values": [order.token]}]


def image(raw: Mapping[str, Any], source: str) -> Image:
    """One entry of DescribeImages as an Image."""
    tags = tags_of(raw)
    disks = [each.get("Ebs", {}) for each in raw.get("BlockDeviceMappings", ())]
    used = raw.get("LastLaunchedTime")
    return Image(
        id=raw["ImageId"],
        source=source,
        name=raw.get("Name", ""),
        state=IMAGE_STATES.get(raw.get("State", ""), "failed"),
        made_at=to_ms(datetime.fromisoformat(raw["CreationDate"])) or 0,
        size_gib=sum(disk.get("VolumeSize", 0) for disk in disks),
        of=tags.get("valet-of", ""),
        owner=tags.get("owner", ""),
        snapshots=tuple(disk["SnapshotId"] for disk in disks if disk.get("SnapshotId")),
        launched_at=to_ms(datetime.fromisoformat(used)) if used else None,
    )
