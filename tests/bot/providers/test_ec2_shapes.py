"""What EC2 answers becomes our records, odd answers included."""

from datetime import UTC, datetime

import pytest

from bot.providers.accounts import AwsAccount
from bot.providers.ec2_shapes import GpuType, gpu_type, instance, lifecycle, stopped_at

BARE = {"InstanceId": "i-1", "InstanceType": "g5.xlarge"}
A10G = GpuType("A10G", 1, 22888, 250)


def gpu(**more):
    return {"Name": "L4", "Manufacturer": "NVIDIA", "Count": 1, "MemoryInfo": {"SizeInMiB": 22888}, **more}


def test_a_type_without_gpus_has_none():
    assert not gpu_type({"InstanceType": "m5.large"}).has_gpus


def test_gpus_of_others_do_not_count():
    assert not gpu_type({"GpuInfo": {"Gpus": [gpu(Manufacturer="AMD")]}}).has_gpus


def test_a_part_of_a_gpu_counts_as_one_logical_gpu():
    kind = gpu_type({"GpuInfo": {"Gpus": [gpu(Count=0, LogicalGpuCount=1, MemoryInfo={"SizeInMiB": 2861})]}})

    assert kind == GpuType("L4", 1, 2861, 0)


def test_no_storage_info_is_no_nvme():
    assert gpu_type({"GpuInfo": {"Gpus": [gpu()]}}).nvme_gb == 0


def test_the_least_that_ec2_may_say_is_enough():
    seen = instance(BARE, A10G, "ec2/default/us-east-1")

    assert (seen.name, seen.state, seen.launched_at, seen.zone) == ("i-1", "unknown", None, "")


@pytest.mark.parametrize(
    ("reason", "moment"),
    [
        ("User initiated (2026-11-23 14:03:00 GMT)", datetime(2026, 11, 23, 14, 3, tzinfo=UTC)),
        ("User initiated (2026-11-23 14:03:00 UTC)", datetime(2026, 11, 23, 14, 3, tzinfo=UTC)),
        (
            "Server.ScheduledStop: Stopped due to scheduled retirement (2026-02-01 00:00:01 GMT)",
            datetime(2026, 2, 1, 0, 0, 1, tzinfo=UTC),
        ),
        ("User initiated (2026-13-45 14:03:00 GMT)", None),
        ("User initiated", None),
        ("", None),
    ],
)
def test_the_moment_of_a_stop_is_read_from_the_reason(reason, moment):
    assert stopped_at(reason) == (moment and moment.timestamp() * 1000)


def test_a_running_machine_has_no_moment_of_stop():
    raw = {**BARE, "State": {"Name": "running"}, "StateTransitionReason": "User initiated (2026-11-23 14:03:00 GMT)"}

    assert instance(raw, A10G, "ec2/default/us-east-1").stopped_at is None


def test_shutting_down_is_as_good_as_terminated():
    raw = {**BARE, "State": {"Name": "shutting-down"}}

    assert instance(raw, A10G, "ec2/default/us-east-1").state == "terminated"


@pytest.mark.parametrize(
    ("word", "ours"),
    [
        (None, "on-demand"),
        ("spot", "spot"),
        ("capacity-block", "capacity-block"),
        ("scheduled", "capacity-block"),
        ("interruptible-capacity-reservation", "capacity-block"),
    ],
)
def test_what_would_be_given_up_by_a_stop_is_not_on_demand(word, ours):
    assert lifecycle(word) == ours


def test_a_source_names_the_account_of_the_role_without_asking():
    own = AwsAccount(("us-east-1",))
    role = AwsAccount(("us-east-1",), role_arn="arn:aws:iam::222233334444:role/valet", name="research")

    assert (own.source("us-east-1"), role.source("us-west-2")) == (
        "ec2/default/us-east-1",
        "ec2/222233334444/us-west-2",
    )
