"""What may be done on AWS is tried without doing it."""

import json

from bot.domain.clock import MINUTE_MS, system_clock
from bot.domain.machines.fleet import Instance
from bot.providers.accounts import AwsAccount
from bot.providers.clients import Clients
from bot.providers.ec2 import Ec2
from tests.live.moto_server import launch

EAST = "us-east-1"
OTHER = "222233334444"
OWN = AwsAccount((EAST,))
ROLE = AwsAccount((EAST,), role_arn=f"arn:aws:iam::{OTHER}:role/valet", external_id="42-42")


def seen(ec2: Ec2) -> dict[str, Instance]:
    return {instance.name: instance for look in ec2.sweep() for instance in look.instances}


def test_access_is_told_per_place(aws):
    launch(aws.client("ec2"), "g5.xlarge", "nb-2")

    found = Ec2([OWN, ROLE]).check_access()

    assert {access.source for access in found} == {"ec2/default/us-east-1", f"ec2/{OTHER}/us-east-1"}
    assert all(access.ok for access in found)
    assert "Valet may stop machines in us-east-1: a dry run was allowed." in {access.sentence for access in found}
    assert seen(Ec2([OWN]))["nb-2"].state == "running"


def test_aws_tells_the_time_also_when_it_refuses_and_not_when_it_is_silent(aws, monkeypatch):
    told = Clients().time([OWN])
    aws.fail("GetCallerIdentity", code="SignatureDoesNotMatch", status=403)
    refused = Clients().time([OWN])
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    assert all(at is not None and abs(at - system_clock()) < MINUTE_MS for at in (told, refused))
    assert Clients().time([OWN]) is None


def test_access_without_credentials_is_one_finding(aws, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")

    [access] = Ec2([OWN]).check_access()

    assert (access.ok, access.sentence) == (False, "AWS can't be asked about us-east-1: no credentials were found.")


def test_a_role_that_may_only_look_is_told_so(aws, monkeypatch):
    launch(aws.client("ec2"), "g5.xlarge", "nb-2", tags={"gpu-valet": "managed"})
    iam = aws.client("iam")
    iam.create_user(UserName="looker")
    reads = {"Effect": "Allow", "Action": ["ec2:Describe*", "sts:GetCallerIdentity"], "Resource": "*"}
    iam.put_user_policy(
        UserName="looker",
        PolicyName="read",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [reads]}),
    )
    key = iam.create_access_key(UserName="looker")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    aws.post("reset-auth", b"0")

    try:
        found = Ec2([OWN]).check_access(("gpu-valet", "managed"))
    finally:
        aws.post("reset-auth", b"inf")

    assert [access.ok for access in found] == [True, True, True, True, False]
    assert found[-1].sentence.startswith("Valet may not stop i-")


def test_access_with_no_machine_to_try_it_on_says_so(aws):
    aws.fail("StopInstances", code="InvalidInstanceID.NotFound", status=400)

    found = Ec2([OWN]).check_access(("gpu-valet", "managed"))

    assert found[-1].ok
    assert found[-1].sentence == "Nothing Valet may stop runs in us-east-1, so stopping was not tried."
