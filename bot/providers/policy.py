"""The least that AWS must allow Valet, as IAM policy documents. A test compares them with the calls in the code."""

from typing import Any

READ = (
    "cloudwatch:GetMetricData",
    "cloudwatch:ListMetrics",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstances",
)
STOP_START = ("ec2:StopInstances",)
ASSUME = ("sts:AssumeRole",)
FREE = ("sts:GetCallerIdentity",)
"""Called too, but allowed to everybody: no policy needs to name it."""


def policies(tag_key: str, tag_value: str) -> dict[str, dict[str, Any]]:
    """The documents by name: "read" to look, "stop-start" to act on machines that carry the tag, and on no others.

    Neither can terminate, change or tag a machine, so Valet can't lift a protection or widen its own reach.
    """
    return {
        "read": _document("ValetRead", READ, "*"),
        "stop-start": _document(
            "ValetStopStart",
            STOP_START,
            "arn:aws:ec2:*:*:instance/*",
            Condition={"StringEquals": {f"aws:ResourceTag/{tag_key}": tag_value}},
        ),
    }


def assume_policy(role_arns: list[str]) -> dict[str, Any]:
    """The document for the credentials Valet runs with, so that they may assume the roles in other accounts."""
    return _document("ValetAssume", ASSUME, role_arns)


def _document(sid: str, actions: tuple[str, ...], resource: str | list[str], **more: Any) -> dict[str, Any]:
    statement = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}
