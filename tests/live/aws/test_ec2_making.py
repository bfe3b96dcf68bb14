"""Starts, launches and images on EC2, as far as moto behaves as EC2 does."""

import pytest

from bot.domain.acting.images import Image
from bot.domain.acting.launch import Order
from bot.domain.acting.resize import architecture
from bot.domain.clock import DAY_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.errors import NoCapacity, Refused, Unreachable
from bot.providers.accounts import AwsAccount
from bot.providers.ec2 import Ec2
from bot.providers.ec2_making import image
from tests.live.moto_server import MotoServer, launch

EAST = "us-east-1"
OWN = AwsAccount((EAST,))
TAGS = {"Name": "box-1", "owner": "U0ADA", "team": "nlp", "valet-action": "token-1", "gpu-valet": "managed"}
FOR_IMAGE = {"valet-action": "token-1", "valet-of": "nb-2", "owner": "U0ADA"}


def seen(ec2: Ec2) -> dict[str, Instance]:
    return {instance.name: instance for look in ec2.sweep() for instance in look.instances}


@pytest.fixture
def machine(aws: MotoServer) -> tuple[Ec2, Instance]:
    client = aws.client("ec2")
    made = launch(client, "g5.xlarge", "nb-2")
    client.stop_instances(InstanceIds=[made])
    ec2 = Ec2([OWN])
    return ec2, seen(ec2)["nb-2"]


@pytest.fixture
def order(aws: MotoServer) -> Order:
    made = aws.client("ec2").create_launch_template(
        LaunchTemplateName="box", LaunchTemplateData={"ImageId": "ami-12345678", "InstanceType": "g5.2xlarge"}
    )
    template = made["LaunchTemplate"]["LaunchTemplateId"]
    return Order("token-1", OWN.source(EAST), "box-1", "g5.xlarge", template, "$Default", tags=TAGS)


def test_start_starts(aws, machine):
    ec2, nb = machine

    ec2.start(nb)

    fresh = ec2.describe(nb)
    assert fresh is not None
    assert (nb.state, fresh.state) == ("stopped", "running")
    assert aws.count("StartInstances") == 1


@pytest.mark.parametrize("status", [400, 500, 503])
def test_no_capacity_is_said_at_once_whatever_the_status_it_comes_with(aws, machine, status):
    ec2, nb = machine
    aws.fail("StartInstances", code="InsufficientInstanceCapacity", status=status)

    with pytest.raises(NoCapacity, match=r"AWS has no g5.xlarge left in us-east-1"):
        ec2.start(nb)

    assert aws.count("StartInstances") == 1


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("UnauthorizedOperation", "its role lacks ec2:StartInstances, or nb-2 lacks the tag"),
        ("IncorrectInstanceState", "nb-2 can't be started in the state it is in now"),
        ("VcpuLimitExceeded", "no more vCPUs"),
        ("SomethingNew", "AWS refused to start nb-2: SomethingNew."),
    ],
)
def test_a_final_no_to_a_start_is_refused_with_what_to_do(aws, machine, code, sentence):
    ec2, nb = machine
    aws.fail("StartInstances", code=code, status=400)

    with pytest.raises(Refused, match=sentence):
        ec2.start(nb)


def test_a_start_whose_answer_was_lost_says_it_may_have_worked(aws, machine):
    ec2, nb = machine
    aws.fail("StartInstances", drop=True)

    with pytest.raises(Unreachable, match="It may start all the same"):
        ec2.start(nb)

    assert aws.count("StartInstances") == 1


def test_a_launch_makes_a_machine_of_the_listed_type_with_its_tags(aws, order):
    ec2 = Ec2([OWN])

    made = ec2.launch(order)

    assert (made.type, made.gpu_model) == ("g5.xlarge", "A10G")
    assert made.tags.items() >= TAGS.items()
    assert seen(ec2)["box-1"].id == made.id


def test_a_launch_whose_answer_was_lost_is_found_by_its_tag(aws, order):
    ec2 = Ec2([OWN])
    before = ec2.launched(order)
    aws.fail("RunInstances", drop=True)

    with pytest.raises(Unreachable, match="It may launch all the same"):
        ec2.launch(order)

    found = ec2.launched(order)
    assert before is None
    assert found is not None
    assert found.tags["owner"] == "U0ADA"
    assert aws.count("RunInstances") == 1


@pytest.mark.parametrize(
    ("code", "kind", "sentence"),
    [
        ("InsufficientInstanceCapacity", NoCapacity, "AWS has no g5.xlarge left in us-east-1"),
        ("UnauthorizedOperation", Refused, "`valet iam-policy --only launch` prints"),
        ("InvalidLaunchTemplateId.NotFound", Refused, "An admin can correct \\[\\[launch\\]\\]"),
        ("SomethingNew", Refused, "AWS refused to launch box-1: SomethingNew."),
    ],
)
def test_a_no_to_a_launch_says_what_to_do(aws, order, code, kind, sentence):
    aws.fail("RunInstances", code=code, status=400)

    with pytest.raises(kind, match=sentence):
        Ec2([OWN]).launch(order)


def test_a_launch_in_a_place_no_longer_configured_is_final(order):
    with pytest.raises(Unreachable, match="No \\[\\[aws\\]\\] entry covers") as failed:
        Ec2([AwsAccount(("eu-west-1",))]).launch(order)

    assert not failed.value.retryable


@pytest.mark.parametrize("reboot", [True, False])
def test_a_copy_makes_an_image_that_is_found_by_its_name(machine, reboot):
    ec2, nb = machine

    image_id = ec2.copy(nb, "valet-1", FOR_IMAGE, reboot=reboot)

    found = ec2.copied(nb, "valet-1")
    assert isinstance(found, Image)
    assert (found.id, found.state, found.of, found.owner) == (image_id, "available", "nb-2", "U0ADA")
    assert found.size_gib > 0
    assert found.snapshots
    assert all(each.startswith("snap-") for each in found.snapshots)
    assert found.launched_at is None, "moto does not tell"
    assert found.made_at > 0
    assert ec2.copied(nb, "valet-2") is None


def test_the_last_launch_is_read_where_aws_tells_it():
    raw = {"ImageId": "ami-1", "State": "available", "CreationDate": "2026-11-23T09:00:00.000Z"}

    told = image(raw | {"LastLaunchedTime": "2026-11-24T09:00:00Z"}, OWN.source(EAST))

    assert told.launched_at is not None
    assert told.launched_at - told.made_at == DAY_MS
    assert told.snapshots == ()


def test_only_images_of_valets_own_making_are_listed(aws, machine):
    ec2, nb = machine
    aws.client("ec2").create_image(InstanceId=nb.id, Name="somebody-elses")
    ec2.copy(nb, "valet-1", FOR_IMAGE, reboot=False)

    [(source, images)] = list(ec2.images())

    assert (source, [each.name for each in images]) == (OWN.source(EAST), ["valet-1"])


def test_a_name_that_is_taken_means_the_image_is_under_way(aws, machine):
    ec2, nb = machine
    aws.fail("CreateImage", code="InvalidAMIName.Duplicate", status=400)

    with pytest.raises(Unreachable, match="making the image of nb-2 already"):
        ec2.copy(nb, "valet-1", FOR_IMAGE, reboot=False)


def test_what_aws_does_not_show_just_now_may_be_asked_for_again(aws, machine):
    ec2, nb = machine
    unseen = {"code": "InvalidInstanceID.NotFound", "status": 400}
    aws.fail("StartInstances", **unseen)
    with pytest.raises(Unreachable, match="not started nb-2 yet: it is not to be seen just now") as start:
        ec2.start(nb)
    aws.fail("CreateImage", **unseen)
    with pytest.raises(Unreachable, match="nb-2 yet: it is not to be seen just now") as copy:
        ec2.copy(nb, "valet-1", FOR_IMAGE, reboot=False)
    aws.fail("DescribeInstances", **unseen)
    with pytest.raises(NoCapacity, match="AWS shows no nb-2"):
        ec2.launch(Order("token-5", nb.source, "nb-3", nb.type, image_id="ami-1", shape=nb))

    assert (start.value.retryable, copy.value.retryable) == (True, True)
    assert aws.count("RunInstances") == 1, "that of nb-2 alone"


def test_a_machine_from_an_image_has_the_shape_of_its_original(aws, machine):
    ec2, nb = machine
    image_id = ec2.copy(nb, "valet-1", FOR_IMAGE, reboot=False)
    order = Order("token-2", nb.source, "nb-2-copy", nb.type, image_id=image_id, shape=nb, tags={"Name": "nb-2-copy"})

    ec2.launch(order)

    [first, copy] = [
        raw for group in aws.client("ec2").describe_instances()["Reservations"] for raw in group["Instances"]
    ]
    assert (copy["ImageId"], copy["InstanceType"]) == (image_id, "g5.xlarge")
    assert copy["SubnetId"] == first["SubnetId"]
    assert copy["SecurityGroups"] == first["SecurityGroups"]


def test_a_machine_from_an_image_may_be_of_another_type(aws, machine):
    ec2, nb = machine
    image_id = ec2.copy(nb, "valet-1", FOR_IMAGE, reboot=False)
    tags = {"Name": "nb-2-large", "team": "nlp", "project": "vision \u00e9"}

    made = ec2.launch(Order("token-3", nb.source, "nb-2-large", "g5.12xlarge", image_id=image_id, shape=nb, tags=tags))

    assert (made.type, made.gpu_count) == ("g5.12xlarge", 4)
    assert made.tags.items() >= tags.items()
    assert nb.type == "g5.xlarge"
    assert {each.name: each.state for each in seen(ec2).values()} == {"nb-2": "stopped", "nb-2-large": "running"}


def test_a_type_that_is_not_offered_is_not_the_fault_of_the_settings(aws, machine):
    ec2, nb = machine
    aws.fail("RunInstances", code="Unsupported", status=400)
    order = Order("token-4", nb.source, "nb-2-large", "p5.48xlarge", image_id="ami-1", shape=nb)

    with pytest.raises(
        Refused, match=r"AWS offers no p5.48xlarge where nb-2-large is to be, in us-east-1.*another type"
    ):
        ec2.launch(order)


def test_the_processors_of_types_are_as_aws_has_them(aws):
    pages = aws.client("ec2").get_paginator("describe_instance_types").paginate()
    gpus = [each for page in pages for each in page["InstanceTypes"] if each.get("GpuInfo")]

    wrong = {each["InstanceType"] for each in gpus if architecture(each["InstanceType"]) not in _made_for(each)}

    assert len(gpus) > 50
    assert wrong == set()


def _made_for(kind: dict) -> list[str]:
    return kind["ProcessorInfo"]["SupportedArchitectures"]


def test_the_disks_of_a_machine_are_added_up_and_read_once_an_hour(aws, clock):
    client = aws.client("ec2")
    disks = [{"DeviceName": f"/dev/sd{letter}", "Ebs": {"VolumeSize": 100}} for letter in "fg"]
    launch(client, "g5.xlarge", "nb-2", BlockDeviceMappings=disks)
    ec2 = Ec2([OWN], clock=clock)

    first = seen(ec2)["nb-2"]
    clock.forward(30 * MINUTE_MS)
    again = seen(ec2)["nb-2"]

    assert first.disks is not None
    assert sum(first.disks.values()) >= 200
    assert again.disks == first.disks
    assert aws.count("DescribeVolumes") == 1


def test_a_role_that_may_not_see_disks_still_sees_machines(aws):
    launch(aws.client("ec2"), "g5.xlarge", "nb-2")
    aws.fail("DescribeVolumes", code="UnauthorizedOperation", status=403)

    assert seen(Ec2([OWN]))["nb-2"].disks is None
