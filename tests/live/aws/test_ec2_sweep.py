"""What the EC2 provider sees with the real boto3 against a moto server."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.clock import HOUR_MS
from bot.domain.machines.fleet import Instance, SourceSnapshot
from bot.errors import SettingsError
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


def test_only_machines_with_nvidia_gpus_are_seen_and_others_are_told_apart(aws):
    client = aws.client("ec2")
    for kind in ("m5.large", "g5.xlarge", "g4ad.xlarge", "inf1.xlarge", "trn1.2xlarge", "m9.notreal"):
        launch(client, kind, kind)

    [look] = looks(Ec2([OWN])).values()

    assert [one.name for one in look.instances] == ["g5.xlarge"]
    assert {one.name: one.what for one in look.others} == {
        "m5.large": "no GPUs",
        "g4ad.xlarge": "GPUs by AMD",
        "inf1.xlarge": "Inferentia",
        "trn1.2xlarge": "Trainium",
        "m9.notreal": "no GPUs",
    }


def test_types_that_aws_tells_nothing_of_are_listed_as_far_as_they_are_known(aws):
    client = aws.client("ec2")
    for kind in ("p3.8xlarge", "p9.notreal"):
        launch(client, kind, kind)

    found = seen(Ec2([OWN]))

    retired, preview = found["p3.8xlarge"], found["p9.notreal"]
    assert (retired.gpu_model, retired.gpu_count, retired.gpu_memory_mib) == ("V100", 4, 16 * 1024)
    assert (preview.gpu_model, preview.gpu_count) == ("", 0)


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

    assert [look.error for look in first] == ["AWS can't be asked about us-east-1: no credentials were found"]
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


def test_a_type_that_aws_tells_nothing_of_is_asked_for_once_an_hour(aws):
    now = [1_795_824_000_000]
    ec2 = Ec2([OWN], clock=lambda: now[0])
    launch(aws.client("ec2"), "p9.notreal")
    for _ in range(3):
        list(ec2.sweep())
    assert aws.count("DescribeInstanceTypes") == 1

    now[0] += HOUR_MS
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


def test_protection_that_was_read_is_asked_again_for_one_of_a_kind_a_sweep(aws):
    now = [0]
    for number in range(8):
        launch(aws.client("ec2"), "g5.xlarge", DisableApiStop=number % 2 == 0)
    ec2 = Ec2([OWN], clock=lambda: now[0])
    seen(ec2)
    aws.sent.clear()

    now[0] += HOUR_MS
    seen(ec2)

    assert aws.count("DescribeInstanceAttribute") == 2


def test_where_most_have_no_gpus_they_are_left_out_for_ten_minutes(aws):
    now, client = [1_795_824_000_000], aws.client("ec2")
    for kind in ["m5.large"] * 5 + ["p9.notreal"]:
        launch(client, kind, kind)
    ec2 = Ec2([OWN], clock=lambda: now[0], page_size=5)
    [first] = ec2.sweep()
    for kind in ("g5.xlarge", "p9.notreal", "c5.large", "p8.stranger"):
        launch(client, kind, f"new {kind}")

    [between] = ec2.sweep()
    now[0] += 10 * 60_000
    [counted] = ec2.sweep()

    assert len(first.others) == 5
    assert between.others is None
    assert {one.name for one in between.instances} == {"p9.notreal", "new g5.xlarge", "new p9.notreal"}
    assert {one.name for one in counted.instances} - {one.name for one in between.instances} == {"new p8.stranger"}
    assert [one.name for one in counted.others if one.type == "c5.large"] == ["new c5.large"]


def test_where_few_have_no_gpus_all_are_asked_for_each_time(aws):
    client = aws.client("ec2")
    for kind in ["g5.xlarge"] * 6 + ["m5.large"] * 5:
        launch(client, kind, kind)
    ec2 = Ec2([OWN], page_size=5)

    found = [[len(look.others or ()) for look in ec2.sweep()] for _ in range(2)]

    assert found == [[5], [5]]


def test_a_failing_protection_read_does_not_cost_the_look(aws):
    launch(aws.client("ec2"), "g5.xlarge", "nb-2")
    aws.fail("DescribeInstanceAttribute", code="UnauthorizedOperation", status=403)

    assert list(seen(Ec2([OWN]))) == ["nb-2"]


def test_no_accounts_no_looks():
    assert list(Ec2([]).sweep()) == []


def test_the_same_place_twice_is_refused():
    with pytest.raises(SettingsError, match=r"us-east-1 of account default twice"):
        Ec2([OWN, AwsAccount((WEST, EAST))])
