"""The IAM documents allow what the code calls, and nothing else."""

import ast
import json
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from bot import billing, providers, telemetry
from bot.providers.policy import (
    ASSUME,
    ATHENA,
    COPY_ACTIONS,
    FOLLOW_RUNS,
    FREE_ACTIONS,
    LAUNCH_ACTIONS,
    READ,
    RUN_ACTIONS,
    SEE,
    STOP_START,
    assume_policy,
    athena_policy,
    clone_policy,
    launch_policy,
    policies,
    run_policy,
)
from tests import house


def operations() -> dict[str, str]:
    """Method name of a client -> IAM action, for the services we use."""
    session = botocore.session.get_session()
    return {
        xform_name(operation): f"{service}:{operation}"
        for service in ("athena", "ce", "cloudwatch", "ec2", "pricing", "ssm", "sts")
        for operation in session.get_service_model(service).operation_names
        if operation != "GetSession"  # of Athena; botocore has a function of that name
    }


def actions_called() -> set[str]:
    known = operations() | {"create_assume_role_refresher": "sts:AssumeRole"}
    called = set()
    ours = [
        *Path(providers.__path__[0]).glob("*.py"),
        *Path(telemetry.__path__[0]).glob("cloudwatch*.py"),
        *Path(billing.__path__[0]).glob("*.py"),
    ]
    for file in ours:
        for node in ast.walk(house.tree_of(file)):
            if isinstance(node, ast.Attribute):
                called.add(node.attr)
            if isinstance(node, ast.Name):
                called.add(node.id)
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                called.add(node.value)
    return {known[name] for name in called if name in known}


@pytest.mark.slow
def test_the_documents_name_just_what_the_code_calls():
    assert actions_called() == {
        *READ,
        *STOP_START,
        *ASSUME,
        *ATHENA,
        *RUN_ACTIONS,
        *FOLLOW_RUNS,
        *LAUNCH_ACTIONS,
        *COPY_ACTIONS,
        *SEE,
        *FREE_ACTIONS,
    }


def test_reading_is_allowed_everywhere_and_stopping_only_under_the_tag():
    documents = policies("gpu-valet", "managed")

    assert documents["read"] == {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "ValetRead", "Effect": "Allow", "Action": list(READ), "Resource": "*"}],
    }
    assert documents["stop-start"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "ValetStopStart",
                "Effect": "Allow",
                "Action": ["ec2:StartInstances", "ec2:StopInstances"],
                "Resource": "arn:aws:ec2:*:*:instance/*",
                "Condition": {"StringEquals": {"aws:ResourceTag/gpu-valet": "managed"}},
            }
        ],
    }


def test_nothing_in_them_can_terminate_change_or_tag():
    text = json.dumps([policies("gpu-valet", "managed"), assume_policy(["arn:aws:iam::222233334444:role/valet"])])

    assert not [word for word in ("Terminate", "Modify", "CreateTags", "Delete", '"ec2:*"') if word in text]


def test_athena_reads_the_export_and_writes_nothing_but_results():
    asking, export, results = athena_policy("company-billing", "s3://athena-results/valet/")["Statement"]

    assert set(ATHENA) < set(asking["Action"])
    assert export["Resource"] == ["arn:aws:s3:::company-billing", "arn:aws:s3:::company-billing/*"]
    assert "s3:PutObject" not in export["Action"]
    assert results["Resource"] == ["arn:aws:s3:::athena-results", "arn:aws:s3:::athena-results/*"]


def test_commands_run_only_under_the_tag_and_only_as_shell_scripts():
    on_machines, as_shell, following = run_policy("gpu-valet", "managed")["Statement"]

    assert on_machines["Condition"] == {"StringEquals": {"ssm:resourceTag/gpu-valet": "managed"}}
    assert as_shell["Resource"] == "arn:aws:ssm:*::document/AWS-RunShellScript"
    assert "ssm:SendCommand" not in following["Action"]


def test_only_the_named_roles_may_be_assumed():
    [statement] = assume_policy(["arn:aws:iam::222233334444:role/valet"])["Statement"]

    assert (statement["Action"], statement["Resource"]) == (
        ["sts:AssumeRole"],
        ["arn:aws:iam::222233334444:role/valet"],
    )


def test_launching_makes_only_machines_that_bear_the_tag_and_tags_only_what_is_being_born():
    launch, parts, tag, role = launch_policy("gpu-valet", "managed")["Statement"]

    assert (launch["Resource"], launch["Condition"]) == (
        ["arn:aws:ec2:*:*:instance/*"],
        {"StringEquals": {"aws:RequestTag/gpu-valet": "managed"}},
    )
    assert "arn:aws:ec2:*::image/*" in parts["Resource"]
    assert not [each for each in parts["Resource"] if each.endswith("instance/*") or each == "*"]
    assert (tag["Action"], tag["Condition"]) == (
        ["ec2:CreateTags"],
        {"StringEquals": {"ec2:CreateAction": "RunInstances"}},
    )
    assert role["Resource"] == ["arn:aws:iam::*:role/ROLE-OF-THE-MACHINES"]
    text = json.dumps(launch_policy("gpu-valet", "managed"))
    assert not [word for word in ("Terminate", "Modify", "Delete", "Deregister", '"ec2:*"', "Start") if word in text]


def test_images_are_made_only_of_machines_that_bear_the_tag():
    copy, parts, _, tag = clone_policy("gpu-valet", "managed")["Statement"]

    assert copy["Condition"] == {"StringEquals": {"aws:ResourceTag/gpu-valet": "managed"}}
    assert parts["Resource"] == ["arn:aws:ec2:*::image/*", "arn:aws:ec2:*::snapshot/*"]
    assert tag["Condition"] == {"StringEquals": {"ec2:CreateAction": "CreateImage"}}
    assert "Deregister" not in json.dumps(clone_policy("gpu-valet", "managed"))
