"""One machine on EC2: how it is this moment, and how it is stopped."""

import pytest

from bot.domain.machines.fleet import Instance
from bot.errors import Refused, Unreachable
from bot.providers.accounts import AwsAccount
from bot.providers.ec2 import Ec2
from tests.live.moto_server import MotoServer, launch

EAST = "us-east-1"
OTHER = "222233334444"
OWN = AwsAccount((EAST,))
ROLE = AwsAccount((EAST,), role_arn=f"arn:aws:iam::{OTHER}:role/valet", external_id="42-42")


def seen(ec2: Ec2) -> dict[str, Instance]:
    return {instance.name: instance for look in ec2.sweep() for instance in look.instances}


def test_describe_always_reads_stop_protection(aws):
    made = launch(aws.client("ec2"), "g5.xlarge", "nb-2")
    ec2 = Ec2([OWN])
    known = seen(ec2)["nb-2"]
    aws.client("ec2").modify_instance_attribute(InstanceId=made, DisableApiStop={"Value": True})

    fresh = ec2.describe(known)

    assert fresh is not None
    assert (known.stop_protected, fresh.stop_protected) == (False, True)
    assert seen(ec2)["nb-2"].stop_protected


def test_describe_of_one_that_is_gone_is_none(aws):
    ghost = Instance("i-0123456789abcdef0", "ghost", "ec2", OWN.source(EAST), "g5.xlarge", "running")

    assert Ec2([OWN]).describe(ghost) is None


def test_describe_of_a_terminated_one_says_so(aws):
    client = aws.client("ec2")
    made = launch(client, "g5.xlarge", "nb-2")
    ec2 = Ec2([OWN])
    known = seen(ec2)["nb-2"]
    client.terminate_instances(InstanceIds=[made])

    fresh = ec2.describe(known)

    assert fresh is not None
    assert fresh.state == "terminated"


def test_describe_that_gets_no_answer_raises(aws):
    launch(aws.client("ec2"), "g5.xlarge", "nb-2")
    ec2 = Ec2([OWN])
    known = seen(ec2)["nb-2"]
    aws.fail("DescribeInstances", code="ExpiredToken", status=400)

    with pytest.raises(Unreachable, match="run out") as failed:
        ec2.describe(known)

    assert failed.value.retryable


def test_describe_of_a_place_no_longer_configured_is_final(aws):
    stray = Instance("i-1", "stray", "ec2", "ec2/999/eu-west-1", "g5.xlarge", "running")

    with pytest.raises(Unreachable, match="No \\[\\[aws\\]\\] entry covers ec2/999/eu-west-1") as failed:
        Ec2([OWN]).describe(stray)

    assert not failed.value.retryable


@pytest.fixture
def machine(aws: MotoServer) -> tuple[Ec2, Instance]:
    launch(aws.client("ec2"), "g5.xlarge", "nb-2")
    ec2 = Ec2([OWN])
    return ec2, seen(ec2)["nb-2"]


def test_stop_stops(aws, machine):
    ec2, nb = machine

    ec2.stop(nb)

    fresh = ec2.describe(nb)
    assert fresh is not None
    assert (fresh.state, fresh.launched_at) == ("stopped", nb.launched_at)
    assert aws.count("StopInstances") == 1


def test_stop_in_another_account_goes_through_its_role(aws):
    launch(aws.client("ec2", EAST, OTHER), "g5.xlarge", "theirs")
    ec2 = Ec2([OWN, ROLE])
    theirs = seen(ec2)["theirs"]

    ec2.stop(theirs)

    assert seen(ec2)["theirs"].state == "stopped"


@pytest.mark.parametrize(
    "how",
    [
        {"drop": True},
        {"code": "InternalError", "status": 500},
        {"code": "RequestLimitExceeded"},
        {"code": "InvalidInstanceID.NotFound", "status": 400},
    ],
)
def test_a_stop_without_an_answer_is_sent_once_and_may_be_asked_again(aws, machine, how):
    ec2, nb = machine
    aws.fail("StopInstances", **how)

    with pytest.raises(Unreachable) as failed:
        ec2.stop(nb)

    assert failed.value.retryable
    assert aws.count("StopInstances") == 1


def test_a_stop_whose_answer_was_lost_says_it_may_have_worked(aws, machine):
    ec2, nb = machine
    aws.fail("StopInstances", drop=True)

    with pytest.raises(Unreachable, match=r"did not confirm the stop of nb-2: .* It may stop all the same"):
        ec2.stop(nb)

    fresh = ec2.describe(nb)
    assert fresh is not None
    assert fresh.state == "stopped"


@pytest.mark.parametrize(
    ("code", "status", "sentence"),
    [
        ("UnauthorizedOperation", 403, "its role lacks ec2:StopInstances, or nb-2 lacks the tag"),
        ("AccessDenied", 403, "its role lacks ec2:StopInstances, or nb-2 lacks the tag"),
        ("IncorrectInstanceState", 400, "Look again in a minute"),
        ("InvalidInstanceID.Malformed", 400, "no instance's id"),
        ("UnsupportedOperation", 400, "End it where it was made"),
        ("SomethingNew", 400, "AWS refused to stop nb-2: SomethingNew."),
    ],
)
def test_a_final_no_is_refused_with_what_to_do(aws, machine, code, status, sentence):
    ec2, nb = machine
    aws.fail("StopInstances", code=code, status=status)

    with pytest.raises(Refused, match=sentence):
        ec2.stop(nb)

    assert aws.count("StopInstances") == 1


def test_a_protected_machine_is_not_stopped(aws):
    launch(aws.client("ec2"), "g5.xlarge", "kept", DisableApiStop=True)
    ec2 = Ec2([OWN])

    with pytest.raises(Refused, match="kept has stop protection"):
        ec2.stop(seen(ec2)["kept"])

    assert seen(ec2)["kept"].state == "running"


def test_a_member_of_a_group_is_never_asked_to_stop(aws):
    member = Instance("i-1", "llm-1", "ec2", OWN.source(EAST), "g5.xlarge", "running", asg="llm")

    with pytest.raises(Refused, match="Auto Scaling group llm"):
        Ec2([OWN]).stop(member)

    assert aws.sent == []
