"""How looks at EC2 fail: one place, one reason, one sentence."""

from bot.domain.machines.fleet import Instance, SourceSnapshot
from bot.providers.accounts import AwsAccount
from bot.providers.ec2 import Ec2
from tests.live.moto_server import launch

EAST, WEST = "us-east-1", "us-west-2"
OTHER = "222233334444"
OWN = AwsAccount((EAST,))
ROLE = AwsAccount((EAST,), role_arn=f"arn:aws:iam::{OTHER}:role/valet", external_id="42-42")


def looks(ec2: Ec2) -> dict[str, SourceSnapshot]:
    return {look.source: look for look in ec2.sweep()}


def seen(ec2: Ec2) -> dict[str, Instance]:
    return {instance.name: instance for look in ec2.sweep() for instance in look.instances}


def test_one_failing_region_leaves_the_other_fresh(aws):
    launch(aws.client("ec2"), "g5.xlarge", "east")
    launch(aws.client("ec2", WEST), "g5.xlarge", "west")
    aws.fail("DescribeInstances", WEST)

    found = looks(Ec2([AwsAccount((EAST, WEST))]))

    assert [one.name for one in found["ec2/default/us-east-1"].instances] == ["east"]
    west = found["ec2/default/us-west-2"]
    said = "AWS did not answer for us-west-2: RequestLimitExceeded: too many requests were made in the account just now"
    assert (west.instances, west.error) == ((), said)
    assert aws.count("DescribeInstances", WEST) == 4


def test_a_read_is_tried_again_when_it_was_throttled(aws):
    launch(aws.client("ec2"), "g5.xlarge", "east")
    aws.fail("DescribeInstances", times=1)

    assert list(seen(Ec2([OWN]))) == ["east"]
    assert aws.count("DescribeInstances") == 2


def test_a_role_that_may_not_be_assumed_fails_its_own_look_only(aws):
    aws.fail("AssumeRole", code="AccessDenied", status=403)

    found = looks(Ec2([OWN, ROLE]))

    assert found["ec2/default/us-east-1"].error is None
    assert found[f"ec2/{OTHER}/us-east-1"].error == (
        "AWS can't be asked about us-east-1: AccessDenied: the role may not be assumed; "
        "check its trust policy and external_id"
    )


def test_a_missing_permission_is_named(aws):
    launch(aws.client("ec2"), "g5.xlarge")
    aws.fail("DescribeInstanceTypes", code="UnauthorizedOperation", status=403)

    [look] = Ec2([OWN]).sweep()

    assert look.error == (
        "AWS can't be asked about us-east-1: UnauthorizedOperation: Valet's role lacks ec2:DescribeInstanceTypes; "
        "`valet iam-policy` prints what it needs"
    )


def test_a_look_at_nobody_listening_is_an_error_and_not_a_crash(aws, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    [look] = Ec2([OWN]).sweep()

    assert look.error == "AWS did not answer for us-east-1: no connection"
