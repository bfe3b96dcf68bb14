"""A CloudFormation template of what Valet needs in an account: the role it assumes, and the role of GPU machines."""

from collections.abc import Mapping
from typing import Any

ACTING = ("stop-start", "launch", "clone", "run", "disks")
"""Documents that the switch MayAct turns on; the others only look."""
MOST_TEMPLATE_BYTES = 51_200
"""AWS takes no longer one in a request."""
MOST_INLINE_CHARACTERS = 10_240
"""Of all policies that stand in one role, spaces not counted."""
PRINCIPAL = r"arn:aws[a-z-]*:iam::\d{12}:(root|role/.+|user/.+)"


def cloudformation(documents: Mapping[str, Any], agent: Any, tag: tuple[str, str], keys: list[str]) -> dict[str, Any]:
    """The template, fit for a StackSet: it names no account, region or partition.

    `documents` are the role's policies by name, `agent` is that of the machines; `keys` are KMS keys of their disks.
    """
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"What Valet needs in this account. It acts on machines with the tag {tag[0]}={tag[1]} only.",
        "Parameters": _parameters(documents, keys),
        "Conditions": {
            "Acts": {"Fn::Equals": [{"Ref": "MayAct"}, "true"]},
            "HasKeys": {"Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "DiskKeys"}]}, ""]}]},
            "ActsOnKeys": {"Fn::And": [{"Condition": "Acts"}, {"Condition": "HasKeys"}]},
            "HasAgents": {"Fn::Equals": [{"Ref": "AgentProfile"}, "true"]},
        },
        "Resources": {
            "ValetRole": _valet_role({name: each for name, each in documents.items() if name not in ACTING}),
            **{_resource_of(name): _acting_policy(name, documents[name]) for name in ACTING if name in documents},
            "AgentRole": _agent_role(agent, has_runs="run" in documents),
            "AgentInstanceProfile": {
                "Type": "AWS::IAM::InstanceProfile",
                "Condition": "HasAgents",
                "Properties": {"InstanceProfileName": {"Ref": "AgentRoleName"}, "Roles": [{"Ref": "AgentRole"}]},
            },
        },
        "Outputs": {
            "RoleArn": {
                "Description": "Put it into valet.toml: role_arn under [[aws]].",
                "Value": {"Fn::GetAtt": ["ValetRole", "Arn"]},
            },
            "AgentProfileName": {
                "Condition": "HasAgents",
                "Description": "Give it to GPU machines, in launch templates.",
                "Value": {"Ref": "AgentInstanceProfile"},
            },
        },
    }


def _parameters(documents: Mapping[str, Any], keys: list[str]) -> dict[str, Any]:
    yes_or_no = {"Type": "String", "AllowedValues": ["true", "false"]}
    name = {"Type": "String", "AllowedPattern": r"[\w+=,.@-]{1,64}"}
    found: dict[str, Any] = {
        "ValetPrincipal": {
            "Type": "String",
            "AllowedPattern": PRINCIPAL,
            "Description": "ARN of the role that Valet runs with. It alone may assume the role made here.",
        },
        "ExternalId": {
            "Type": "String",
            "MinLength": 8,
            "MaxLength": 1224,
            "AllowedPattern": r"[\w+=,.@:/-]*",
            "NoEcho": True,
            "Description": "Some long word of your own; external_id under [[aws]] must be the same.",
        },
        "RoleName": {**name, "Default": "valet", "Description": "The same in every account."},
        "MayAct": {
            **yes_or_no,
            "Default": "true",
            "Description": "Whether Valet may stop and start tagged machines, and do what else the settings list. "
            "If not, it only looks.",
        },
        "DiskKeys": {
            "Type": "CommaDelimitedList",
            "Default": ",".join(keys),
            "Description": "ARNs of your own KMS keys for disks of machines. Without a grant they don't start again.",
        },
        "AgentProfile": {
            **yes_or_no,
            "Default": "true",
            "Description": "Whether to make a role and an instance profile for GPU machines.",
        },
        "AgentRoleName": {**name, "Default": "valet-agent", "Description": "Name of these two."},
    }
    if "launch" in documents:
        found["LaunchRole"] = {
            **name,
            "Default": "valet-agent",
            "Description": "The role that your launch templates give to machines.",
        }
    return found


def _valet_role(documents: Mapping[str, Any]) -> dict[str, Any]:
    trust = _trust({"AWS": {"Ref": "ValetPrincipal"}}, {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}})
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": {"Ref": "RoleName"},
            "Description": "Assumed by Valet",
            "AssumeRolePolicyDocument": trust,
            "Policies": [
                {"PolicyName": f"valet-{name}", "PolicyDocument": _substituted(document)}
                for name, document in documents.items()
            ],
        },
    }


def _agent_role(agent: Any, *, has_runs: bool) -> dict[str, Any]:
    role: dict[str, Any] = {
        "Type": "AWS::IAM::Role",
        "Condition": "HasAgents",
        "Properties": {
            "RoleName": {"Ref": "AgentRoleName"},
            "Description": "Of GPU machines with the agent of Valet",
            "AssumeRolePolicyDocument": _trust({"Service": _substituted("ec2.amazonaws.com")}),
            "Policies": [{"PolicyName": "valet-agent", "PolicyDocument": _substituted(agent)}],
        },
    }
    if has_runs:
        core = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"  # so that Systems Manager finds the machine
        role["Properties"]["ManagedPolicyArns"] = [_substituted(core)]
    return role


def _trust(principal: dict[str, Any], condition: dict[str, Any] | None = None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {
        "Version": "2012-10-17",
        "Statement": [statement | ({"Condition": condition} if condition else {})],
    }


def _resource_of(name: str) -> str:
    return f"May{name.title().replace('-', '')}"


def _acting_policy(name: str, document: Any) -> dict[str, Any]:
    """A policy that is there only where Valet may act; it stands in the role as the others do."""
    return {
        "Type": "AWS::IAM::Policy",
        "Condition": "ActsOnKeys" if name == "disks" else "Acts",
        "Properties": {
            "PolicyName": f"valet-{name}",
            "PolicyDocument": _substituted(document),
            "Roles": [{"Ref": "ValetRole"}],
        },
    }


def _substituted(document: Any) -> Any:
    """The same with CloudFormation's words for what differs by account, partition and settings."""
    if isinstance(document, dict):
        return {key: _substituted(value) for key, value in document.items()}
    if isinstance(document, list):
        if document == ["DISK-KEYS"]:
            return {"Ref": "DiskKeys"}
        return [_substituted(value) for value in document]
    if not isinstance(document, str):
        return document
    text = document.replace("arn:aws:", "arn:${AWS::Partition}:", 1)
    text = text.replace("ROLE-OF-THE-MACHINES", "${LaunchRole}").replace("iam::*:", "iam::${AWS::AccountId}:")
    text = text.replace("ssm:*:*:parameter", "ssm:*:${AWS::AccountId}:parameter")
    if text.startswith("ec2.") and text.endswith(".amazonaws.com"):
        text = text.removesuffix("amazonaws.com") + "${AWS::URLSuffix}"
    return text if text == document else {"Fn::Sub": text}  # a tag may hold "${" itself
