"""The template of the role, made into a stack by a CloudFormation that we did not write."""

import json

import boto3
import pytest
from click.testing import CliRunner
from moto import mock_aws

from bot.cli import main

PRINCIPAL = "arn:aws:iam::999988887777:role/valet-bot"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd"


@pytest.fixture
def stack(tmp_path, monkeypatch):
    """Make the stack with these parameters: IAM as it is then."""
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    body = CliRunner().invoke(main, ["iam-policy", "--cloudformation"]).stdout

    def made(**parameters):
        asked = {"ValetPrincipal": PRINCIPAL, "ExternalId": "some-long-word", **parameters}
        client = boto3.client("cloudformation", region_name="us-east-1")
        client.create_stack(
            StackName="valet",
            TemplateBody=body,
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in asked.items()],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        [found] = client.describe_stacks(StackName="valet")["Stacks"]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}
        return boto3.client("iam", region_name="us-east-1"), outputs

    with mock_aws():
        yield made


def test_a_stack_makes_both_roles_and_says_what_to_put_where(stack):
    iam, outputs = stack()

    role = iam.get_role(RoleName="valet")["Role"]
    assert outputs["RoleArn"] == role["Arn"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"AWS": PRINCIPAL}
    assert iam.list_role_policies(RoleName="valet")["PolicyNames"] == ["valet-read", "valet-stop-start"]
    profile = iam.get_instance_profile(InstanceProfileName=outputs["AgentProfileName"])["InstanceProfile"]
    assert [each["RoleName"] for each in profile["Roles"]] == ["valet-agent"]
    text = json.dumps(iam.get_role_policy(RoleName="valet-agent", PolicyName="valet-agent")["PolicyDocument"])
    assert "arn:aws:ssm:*:123456789012:parameter/valet/agents/*" in text


def test_switched_off_it_may_only_look(stack):
    iam, _ = stack(MayAct="false", DiskKeys=KEY)

    assert iam.list_role_policies(RoleName="valet")["PolicyNames"] == ["valet-read"]


def test_keys_of_disks_and_other_names_come_by_parameters(stack):
    iam, outputs = stack(RoleName="gpu-valet", DiskKeys=f"{KEY},{KEY}2", AgentProfile="false")

    assert iam.list_role_policies(RoleName="gpu-valet")["PolicyNames"][-1] == "valet-disks"
    grants = iam.get_role_policy(RoleName="gpu-valet", PolicyName="valet-disks")["PolicyDocument"]
    assert f'"Resource": ["{KEY}", "{KEY}2"]' in (grants if isinstance(grants, str) else json.dumps(grants))
    assert "AgentProfileName" not in outputs
