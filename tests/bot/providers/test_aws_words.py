"""AWS's refusals: its own words are used, and say who can mend it."""

import pytest

from bot.domain.acting.launch import Order
from bot.domain.machines.fleet import Instance
from bot.errors import NoCapacity, NotThere, Refused, Unreachable
from bot.providers.ec2_errors import AwsError, launch_failed, reading_failed, start_failed, stop_failed

MACHINE = Instance("i-0123456789abcdef0", "train-7", "ec2", "ec2/default/us-east-1", "p4d.24xlarge", "stopped")
ORDER = Order("t", "ec2/default/us-east-1", "pair", "p4d.24xlarge", "lt-1", "1", "subnet-a", tags={})
SCP = (
    "You are not authorized to perform this operation. User: arn:aws:sts::1:assumed-role/valet/valet is not authorized "
    "to perform: ec2:StopInstances on resource: x with an explicit deny in a service control policy. "
    "Encoded authorization failure message: AbCdEf0123"
)
SKEW = "Signature expired: 20261130T090000Z is now earlier than 20261130T093000Z (20261130T094500Z - 15 min.)"


@pytest.mark.parametrize(
    ("code", "message", "says"),
    [
        ("UnauthorizedOperation", SCP, "an organisation's policy (SCP) denies it"),
        ("UnauthorizedOperation", SCP.replace("service control policy", "permissions boundary"), "that boundary can"),
        ("UnauthorizedOperation", "You are not authorized.", "its role lacks ec2:StopInstances"),
        ("InvalidParameterValue", "The thing is wrong.", "InvalidParameterValue (The thing is wrong)"),
        ("InvalidKey", "not authorized to perform: kms:CreateGrant", "can allow kms:CreateGrant"),
    ],
)
def test_a_refused_stop_says_who_can_mend_it(code, message, says):
    said = stop_failed(AwsError(code, 403, "StopInstances", message), MACHINE)

    assert isinstance(said, Refused)
    assert says in str(said)
    assert "AbCdEf" not in str(said)


@pytest.mark.parametrize(
    ("code", "message"),
    [("RequestExpired", "Request has expired."), ("SignatureDoesNotMatch", SKEW), ("RequestTimeTooSkewed", "")],
)
def test_a_wrong_clock_is_named_and_is_no_matter_of_credentials(code, message):
    said = reading_failed(AwsError(code, 400, "DescribeInstances", message), "us-east-1")

    assert "clock is not AWS's; set it (NTP)" in str(said)
    assert "renewed" not in str(said)


def test_credentials_that_have_run_out_are_still_renewed():
    said = reading_failed(AwsError("ExpiredToken", 400, "DescribeInstances", "The token is expired"), "us-east-1")

    assert "renewed at the next try" in str(said)


def test_a_look_that_is_refused_uses_awss_words():
    said = reading_failed(AwsError("Blocked", 400, "DescribeInstances", "This account is blocked."), "us-east-1")

    assert str(said) == "AWS can't be asked about us-east-1: Blocked: This account is blocked."


@pytest.mark.parametrize("code", ["Unsupported", "InsufficientFreeAddressesInSubnet", "InvalidSubnetID.NotFound"])
def test_what_another_place_could_mend_is_tried_there(code):
    assert isinstance(launch_failed(AwsError(code, 400, "RunInstances", "not here"), ORDER), NotThere)


@pytest.mark.parametrize("code", ["IncorrectInstanceState", "InsufficientInstanceCapacity"])
def test_what_time_could_mend_is_waited_for(code):
    assert isinstance(start_failed(AwsError(code, 400, "StartInstances"), MACHINE), NoCapacity)


def test_a_request_that_came_too_late_is_no_refusal():
    assert isinstance(stop_failed(AwsError("RequestExpired", 400, "StopInstances"), MACHINE), Unreachable)
