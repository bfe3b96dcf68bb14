"""What AWS must allow where Valet launches machines: nothing more of any other machine, image or tag."""

from typing import Any

LAUNCH = ("ec2:RunInstances",)
COPY = ("ec2:CreateImage",)
SEE = ("ec2:DescribeImages",)
TAG = ("ec2:CreateTags",)
"""Asked for by AWS where something is born with tags."""
PASS = ("iam:PassRole",)
"""Asked for by AWS where a launch template gives its machines a role."""
NO_ACCOUNT = frozenset({"image", "snapshot"})
PARTS = ("image", "key-pair", "launch-template", "network-interface", "security-group", "snapshot", "subnet", "volume")


def launch_policy(tag_key: str, tag_value: str) -> dict[str, Any]:
    """The document to launch machines that bear the tag from their birth, and to tag nothing but what is being born.

    Its last statement lets machines be given a role; name the roles of your launch templates there, or leave it out.
    """
    born = {"StringEquals": {f"aws:RequestTag/{tag_key}": tag_value}}
    at_birth = {"StringEquals": {"ec2:CreateAction": "RunInstances"}}
    to_machines = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    return {
        "Version": "2012-10-17",
        "Statement": [
            _allow("ValetLaunch", LAUNCH, [_of("instance")], born),
            _allow("ValetLaunchParts", LAUNCH, [_of(part) for part in PARTS], {}),
            _allow("ValetTagAtBirth", TAG, [_of("instance"), _of("volume")], at_birth),
            _allow("ValetGiveRole", PASS, ["arn:aws:iam::*:role/ROLE-OF-THE-MACHINES"], to_machines),
        ],
    }


def clone_policy(tag_key: str, tag_value: str) -> dict[str, Any]:
    """The document to make images of machines that bear the tag; to launch from them, "launch" is needed as well."""
    tagged = {"StringEquals": {f"aws:ResourceTag/{tag_key}": tag_value}}
    at_birth = {"StringEquals": {"ec2:CreateAction": "CreateImage"}}
    return {
        "Version": "2012-10-17",
        "Statement": [
            _allow("ValetCopy", COPY, [_of("instance")], tagged),
            _allow("ValetCopyParts", COPY, [_of("image"), _of("snapshot")], {}),
            _allow("ValetSeeImages", SEE, ["*"], {}),
            _allow("ValetTagImages", TAG, [_of("image")], at_birth),
        ],
    }


def _of(part: str) -> str:
    # images and snapshots belong to no account here, as those of AWS itself do not either
    return f"arn:aws:ec2:*:{'' if part in NO_ACCOUNT else '*'}:{part}/*"


def _allow(sid: str, actions: tuple[str, ...], resources: list[str], condition: dict[str, Any]) -> dict[str, Any]:
    made = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resources}
    return made | ({"Condition": condition} if condition else {})
