"""New machines on EC2: what an order is in EC2's words."""

from typing import Any

from bot.domain.launches import ACTION_TAG, Order

TAGGED = ("instance", "volume")


def request(order: Order) -> dict[str, Any]:
    """The parameters of RunInstances; the same order gives the same ones, as EC2 asks for one token."""
    pairs = [{"Key": key, "Value": value} for key, value in sorted(order.tags.items())]
    asked: dict[str, Any] = {
        "MinCount": 1,
        "MaxCount": 1,
        "ClientToken": order.token,
        "InstanceType": order.type,
        "InstanceInitiatedShutdownBehavior": "stop",
        "LaunchTemplate": {_template_key(order.template): order.template, "Version": order.version},
        "TagSpecifications": [{"ResourceType": kind, "Tags": pairs} for kind in TAGGED],
    }
    return asked | ({"SubnetId": order.subnet} if order.subnet else {})


def _template_key(template: str) -> str:
    return "LaunchTemplateId" if template.startswith("lt-") else "LaunchTemplateName"


def born_of(order: Order) -> list[dict[str, Any]]:
    """The filter that finds what an order made."""
    return [{"Name": f"tag:{ACTION_TAG}", "Values": [order.token]}]
