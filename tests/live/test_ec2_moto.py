"""The EC2 provider with the real boto3 against a moto server: what it sees, how it stops, how it fails."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.fleet import Instance, Look
from bot.errors import Refused, SettingsError, Unreachable
from bot.providers.accounts import AwsAccount
from bot.providers.ec2 import Ec2
from tests.live.moto_server import ENVIRONMENT, MotoServer, launch, moto_server

EAST, WEST = "us-east-1", "us-west-2"
OTHER = "222233334444"
OWN = AwsAccount((EAST,))
ROLE = AwsAccount((EAST,), role_arn=f"arn:aws:iam::{OTHER}:role/valet", external_id="42-42")


@pytest.fixture(scope="module")
def running() -> Iterator[MotoServer]:
    with moto_server() as server:
        yield server


@pytest.fixture
def aws(running: MotoServer, monkeypatch: pytest.MonkeyPatch) -> MotoServer:
    for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": running.url}.items():
        monkeypatch.setenv(name, value)
    running.reset()
    return running


def looks(ec2: Ec2) -> dict[str, Look]:
    return {look.source: look for look in ec2.sweep()}


def seen(ec2: Ec2) -> dict[str, Instance]:
    return {instance.name: instance for look in ec2.sweep() for instance in look.instances}


# What it sees


def test_only_machines_with_nvidia_gpus_are_seen(aws):
    client = aws.client("ec2")
    for kind in ("m5.large", "g5.xlarge", "g4ad.xlarge", "p9.notreal", "inf1.xlarge"):
        launch(client, kind, kind)

    assert list(seen(Ec2([OWN]))) == ["g5.xlarge"]


def test_a_machine_is_seen_with_what_aws_tells_of_it(aws):
    client = aws.client("ec2")
    made = launch(client, "p4d.24xlarge", "train-7", tags={"team": "nlp"})
    truth = client.describe_instances(InstanceIds=[made])["Reservations"][0]["Instances"][0]

    train = seen(Ec2([OWN]))["train-7"]

    assert (train.id, train.provider, train.source, train.state) == (made, "ec2", "ec2/default/us-east-1", "running")
    assert (train.gpu_model, train.gpu_count, train.gpu_memory_mib, train.nvme_gb) == ("A100", 8, 40960, 8000)
    assert (train.type, train.zone, train.region) == ("p4d.24xlarge", truth["Placement"]["AvailabilityZone"], EAST)
    assert train.launched_at == int(truth["LaunchTime"].timestamp()) * 1000
    assert (train.lifecycle, train.asg, train.stop_protected, train.stopped_at) == ("on-demand", "", False, None)
    assert train.tags == {"Name": "train-7", "team": "nlp"}


def test_a_machine_without_a_name_goes_by_its_id(aws):
    made = launch(aws.client("ec2"), "g5.xlarge")

    assert list(seen(Ec2([OWN]))) == [made]


def test_a_slice_of_a_gpu_counts_as_one(aws):
    launch(aws.client("ec2"), "g6f.large", "slice")

    slice_ = seen(Ec2([OWN]))["slice"]

    assert (slice_.gpu_model, slice_.gpu_count, slice_.gpu_memory_mib) == ("L4", 1, 2861)


def test_each_account_and_region_is_looked_at_with_its_own_role(aws):
    launch(aws.client("ec2"), "g5.xlarge", "ours-east")
    launch(aws.client("ec2", WEST), "g5.xlarge", "ours-west")
    launch(aws.client("ec2", EAST, OTHER), "g5.xlarge", "theirs")

    found = looks(Ec2([AwsAccount((EAST, WEST)), ROLE]))

    assert {source: [one.name for one in look.instances] for source, look in found.items()} == {
        "ec2/default/us-east-1": ["ours-east"],
        "ec2/default/us-west-2": ["ours-west"],
        f"ec2/{OTHER}/us-east-1": ["theirs"],
    }


def test_a_role_is_assumed_once_while_its_credentials_last(aws):
    ec2 = Ec2([ROLE])

    for _ in range(3):
        list(ec2.sweep())

    assert aws.count("AssumeRole") == 1


def test_credentials_near_their_end_are_renewed(aws):
    ec2 = Ec2([ROLE])
    aws.expiration = (datetime.now(UTC) + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    list(ec2.sweep())
    assumed = aws.count("AssumeRole")

    found = list(ec2.sweep())

    assert aws.count("AssumeRole") > assumed
    assert [look.error for look in found] == [None]


def test_credentials_that_come_too_late_for_the_first_look_are_found_by_the_next(aws, monkeypatch):
    ec2 = Ec2([OWN])
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    first = list(ec2.sweep())
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")

    second = list(ec2.sweep())

    assert [look.error for look in first] == ["AWS gives no look for us-east-1: no credentials were found"]
    assert [look.error for look in second] == [None]


def test_all_pages_are_read(aws):
    client = aws.client("ec2")
    for number in range(7):
        launch(client, "g4dn.xlarge", f"n-{number}")

    found = seen(Ec2([OWN], page_size=5))

    assert sorted(found) == [f"n-{number}" for number in range(7)]
    assert aws.count("DescribeInstances") == 2


def test_types_are_asked_for_once(aws):
    ec2 = Ec2([OWN])
    launch(aws.client("ec2"), "g5.xlarge")
    list(ec2.sweep())
    launch(aws.client("ec2"), "g6.xlarge")
    for _ in range(3):
        list(ec2.sweep())

    assert aws.count("DescribeInstanceTypes") == 2


def test_terminated_machines_are_not_seen(aws):
    client = aws.client("ec2")
    client.terminate_instances(InstanceIds=[launch(client, "g5.xlarge", "gone")])

    assert seen(Ec2([OWN])) == {}


def test_a_stopped_machine_says_when_it_stopped(aws):
    client = aws.client("ec2")
    made = launch(client, "g5.xlarge", "nb-2")
    before = datetime.now(UTC) - timedelta(seconds=2)
    client.stop_instances(InstanceIds=[made])

    stopped = seen(Ec2([OWN]))["nb-2"]

    assert stopped.state == "stopped"
    assert stopped.stopped_at is not None
    assert before.timestamp() * 1000 <= stopped.stopped_at <= datetime.now(UTC).timestamp() * 1000


def test_spot_and_auto_scaling_are_told_apart(aws):
    client = aws.client("ec2")
    launch(client, "g5.xlarge", "spot", InstanceMarketOptions={"MarketType": "spot"})
    scaling = aws.client("autoscaling")
    scaling.create_launch_configuration(
        LaunchConfigurationName="lc", ImageId="ami-12345678", InstanceType="g6e.12xlarge"
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="llm",
        LaunchConfigurationName="lc",
        MinSize=1,
        MaxSize=1,
        AvailabilityZones=["us-east-1a"],
    )

    found = {instance.type: instance for instance in seen(Ec2([OWN])).values()}

    assert (found["g5.xlarge"].lifecycle, found["g5.xlarge"].asg) == ("spot", "")
    assert (found["g6e.12xlarge"].lifecycle, found["g6e.12xlarge"].asg) == ("on-demand", "llm")


def test_stop_protection_shows_in_a_sweep_and_is_not_asked_again_at_once(aws):
    launch(aws.client("ec2"), "g5.xlarge", "kept", DisableApiStop=True)
    ec2 = Ec2([OWN])

    first, second = seen(ec2), seen(ec2)

    assert first["kept"].stop_protected
    assert second["kept"].stop_protected
    assert aws.count("DescribeInstanceAttribute") == 1


def test_a_sweep_asks_for_protection_again_after_half_an_hour(aws):
    now = [0]
    made = launch(aws.client("ec2"), "g5.xlarge", "kept", DisableApiStop=True)
    ec2 = Ec2([OWN], clock=lambda: now[0])
    seen(ec2)
    aws.client("ec2").modify_instance_attribute(InstanceId=made, DisableApiStop={"Value": False})

    now[0] = 29 * 60_000
    before = seen(ec2)
    now[0] = 31 * 60_000
    after = seen(ec2)

    assert (before["kept"].stop_protected, after["kept"].stop_protected) == (True, False)


def test_a_sweep_asks_for_the_protection_of_only_so_many(aws):
    client = aws.client("ec2")
    for _ in range(25):
        launch(client, "g5.xlarge")
    ec2 = Ec2([OWN])

    list(ec2.sweep())
    first = aws.count("DescribeInstanceAttribute")
    list(ec2.sweep())

    assert (first, aws.count("DescribeInstanceAttribute")) == (20, 25)


def test_a_failing_protection_read_does_not_cost_the_look(aws):
    launch(aws.client("ec2"), "g5.xlarge", "nb-2")
    aws.fail("DescribeInstanceAttribute", code="UnauthorizedOperation", status=403)

    assert list(seen(Ec2([OWN]))) == ["nb-2"]


def test_no_accounts_no_looks():
    assert list(Ec2([]).sweep()) == []


def test_the_same_place_twice_is_refused():
    with pytest.raises(SettingsError, match=r"us-east-1 of account default twice"):
        Ec2([OWN, AwsAccount((WEST, EAST))])


# How a look fails


def test_one_failing_region_leaves_the_other_fresh(aws):
    launch(aws.client("ec2"), "g5.xlarge", "east")
    launch(aws.client("ec2", WEST), "g5.xlarge", "west")
    aws.fail("DescribeInstances", WEST)

    found = looks(Ec2([AwsAccount((EAST, WEST))]))

    assert [one.name for one in found["ec2/default/us-east-1"].instances] == ["east"]
    west = found["ec2/default/us-west-2"]
    assert (west.instances, west.error) == ((), "AWS did not answer for us-west-2: RequestLimitExceeded")
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
        "AWS gives no look for us-east-1: AccessDenied: the role may not be assumed; "
        "check its trust policy and external_id"
    )


def test_a_missing_permission_is_named(aws):
    launch(aws.client("ec2"), "g5.xlarge")
    aws.fail("DescribeInstanceTypes", code="UnauthorizedOperation", status=403)

    [look] = Ec2([OWN]).sweep()

    assert look.error == (
        "AWS gives no look for us-east-1: UnauthorizedOperation: Valet's role lacks ec2:DescribeInstanceTypes; "
        "`valet iam-policy` prints what it needs"
    )


def test_a_look_at_nobody_listening_is_an_error_and_not_a_crash(aws, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    [look] = Ec2([OWN]).sweep()

    assert look.error == "AWS did not answer for us-east-1: no connection"


# One machine, this moment


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


# Stopping


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
    "how", [{"drop": True}, {"code": "InternalError", "status": 500}, {"code": "RequestLimitExceeded"}]
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
        ("InvalidInstanceID.NotFound", 400, "it was terminated"),
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


# What may be done


def test_access_is_told_per_place(aws):
    launch(aws.client("ec2"), "g5.xlarge", "nb-2")

    found = Ec2([OWN, ROLE]).check_access()

    assert {access.source for access in found} == {"ec2/default/us-east-1", f"ec2/{OTHER}/us-east-1"}
    assert all(access.ok for access in found)
    assert "Valet may stop machines in us-east-1: a dry run was allowed." in {access.sentence for access in found}
    assert seen(Ec2([OWN]))["nb-2"].state == "running"


def test_access_without_credentials_is_one_finding(aws, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")

    [access] = Ec2([OWN]).check_access()

    assert (access.ok, access.sentence) == (False, "AWS gives no look for us-east-1: no credentials were found.")


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
