"""What EC2 says of a machine's system, tenancy, reservation and zone, as boto3 reads it; moto says none of it."""

from bot.domain.machines.shape import Shape
from bot.providers.accounts import AwsAccount
from bot.providers.ec2 import Ec2
from tests.live.moto_server import launch

PAGE = """<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId>
<reservationSet><item><instancesSet><item><instanceId>i-1</instanceId><instanceType>p4d.24xlarge</instanceType>
<instanceState><code>16</code><name>running</name></instanceState><launchTime>2026-11-28T13:00:00.000Z</launchTime>
<platformDetails>Red Hat Enterprise Linux</platformDetails><usageOperation>RunInstances:0010</usageOperation>
<placement><availabilityZone>us-east-1a</availabilityZone><tenancy>host</tenancy><hostId>h-01</hostId></placement>
<capacityReservationId>cr-01</capacityReservationId>
<capacityReservationSpecification><capacityReservationTarget><capacityReservationId>cr-01</capacityReservationId>
</capacityReservationTarget></capacityReservationSpecification>
</item></instancesSet></item></reservationSet></DescribeInstancesResponse>"""


def test_all_that_changes_the_price_of_a_machine_is_read(aws):
    aws.pretended["DescribeInstances"] = lambda *_: PAGE

    [seen] = [each for look in Ec2([AwsAccount(("us-east-1",))]).sweep() for each in look.instances]

    assert seen.shape == Shape(
        platform="Red Hat Enterprise Linux",
        operation="RunInstances:0010",
        tenancy="host",
        host="h-01",
        reservation="cr-01",
        preference="targeted",
    )
    assert seen.paid_anyway == "the dedicated host h-01"


def test_what_is_not_said_is_not_known(aws):
    launch(aws.client("ec2"), "g5.xlarge", "nb-1")

    [seen] = [each for look in Ec2([AwsAccount(("us-east-1",))]).sweep() for each in look.instances]

    assert (seen.shape.usage, seen.shape.unknown) == ("", "what system it runs")
