"""Failures of AWS are told by what they mean: codes nobody has listed, words without a code, answers of others."""

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError

from bot.domain.acting.launch import Order
from bot.domain.acting.start import why_it_ended
from bot.domain.machines.fleet import Instance
from bot.errors import NoCapacity, Refused, Unreachable
from bot.providers.clients import call_aws
from bot.providers.ec2_errors import AwsError, launch_failed, reading_failed, start_failed, stop_failed

MACHINE = Instance("i-0123456789abcdef0", "train-7", "ec2", "ec2/default/us-east-1", "p4d.24xlarge", "stopped")
ORDER = Order("t", "ec2/default/us-east-1", "pair", "p4d.24xlarge", "lt-1", "1", "subnet-a", tags={})


@pytest.mark.parametrize(
    ("code", "status", "message", "meaning"),
    [
        ("ThrottlingException", 400, "", "throttled"),
        ("EC2ThrottledException", 503, "", "throttled"),
        ("SomethingNew", 429, "", "throttled"),
        ("InvalidAction", 400, "Rate exceeded", "throttled"),
        ("LimitExceededException", 400, "", "throttled"),
        ("ExpiredTokenException", 400, "", "expired"),
        ("UnrecognizedClientException", 400, "The security token included in the request is invalid.", "credentials"),
        ("ValidationException", 400, "The security token included in the request is expired", "expired"),
        ("InvalidSignatureException", 400, "Signature expired: 1 is now earlier than 2", "skewed"),
        ("RequestExpired", 400, "Request has expired.", "skewed"),
        ("UnauthorizedException", 401, "", "denied"),
        ("AccessDeniedFault", 403, "", "denied"),
        ("MetadataException", 400, "User: x is not authorized to perform: glue:GetTable", "denied"),
        ("OptInRequired", 401, "You are not subscribed to this service.", "no region"),
        ("RegionDisabledException", 403, "STS is not activated in this region for account:1", "no region"),
        ("Server.InsufficientInstanceCapacity", 400, "", "capacity"),
        ("Client.VcpuLimitExceeded", 400, "more vCPU capacity than your current vCPU limit of 64 allows", "limit"),
        ("MaxSpotInstanceCountExceeded", 400, "", "limit"),
        ("VolumeLimitExceeded", 400, "", "limit"),
        ("InternalServerError", 500, "", "failed"),
        ("InvalidParameterValue", 400, "Value must be within 1 and 5", ""),
    ],
)
def test_a_code_or_words_of_a_kind_mean_that_kind(code, status, message, meaning):
    assert AwsError(code, status, "DescribeInstances", message).meaning == meaning


@pytest.mark.parametrize("code", ["ThrottledThing", "SlowDown", "ExpiredCredentials", "RequestTimeTooSkewed"])
def test_what_passes_is_never_a_final_no(code):
    for failed in (stop_failed, start_failed):
        told = failed(AwsError(code, 400, "StopInstances"), MACHINE)

        assert isinstance(told, Unreachable)
        assert told.retryable


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("VcpuLimitExceeded", "no more vCPUs of this kind in us-east-1"),
        ("InstanceLimitExceeded", "no more machines like"),
        ("MaxSpotInstanceCountExceeded", "no more spot machines in us-east-1"),
        ("AddressLimitExceeded", "has reached a limit of AWS's in us-east-1: AddressLimitExceeded (You have 5)"),
    ],
)
def test_a_limit_is_told_alike_of_a_start_and_of_a_launch(code, words):
    started = start_failed(AwsError(code, 400, "StartInstances", "You have 5."), MACHINE)
    launched = launch_failed(AwsError(code, 400, "RunInstances", "You have 5."), ORDER)

    for told in (started, launched):
        assert isinstance(told, Refused)
        assert words in str(told)
        assert str(told).endswith("Ask AWS for more.")


@pytest.mark.parametrize("code", ["InsufficientInstanceCapacity", "InsufficientNewKindOfCapacity"])
def test_no_room_is_waited_for_in_a_start_and_in_a_launch(code):
    assert isinstance(start_failed(AwsError(code, 500, "StartInstances"), MACHINE), NoCapacity)
    assert isinstance(launch_failed(AwsError(code, 500, "RunInstances"), ORDER), NoCapacity)


def test_the_right_that_aws_names_is_the_one_that_is_missing():
    message = "User: arn:aws:sts::1:x is not authorized to perform: glue:GetTable on resource: *"
    told = reading_failed(AwsError("MetadataException", 400, "GetTableMetadata", message, "athena"), "us-east-1")
    unnamed = reading_failed(AwsError("AccessDeniedException", 400, "GetQueryResults", "", "athena"), "us-east-1")

    assert "lacks glue:GetTable; `valet iam-policy --only bill` prints what it needs" in str(told)
    assert "lacks athena:GetQueryResults; `valet iam-policy --only bill`" in str(unnamed)


def test_a_request_that_came_too_late_names_the_clock_and_the_credentials():
    told = str(
        reading_failed(AwsError("RequestExpired", 400, "DescribeInstances", "Request has expired."), "us-east-1")
    )

    assert "clock is not AWS's" in told
    assert "or the credentials have run out" in told


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (exceptions.SSLError(endpoint_url="https://x", error="bad"), "the connection is not to be trusted"),
        (exceptions.ProxyConnectionError(proxy_url="http://p"), "look at HTTPS_PROXY"),
        (exceptions.UnauthorizedSSOTokenError(), "`aws sso login` renews it"),
        (exceptions.CredentialRetrievalError(provider="p", error_msg="e"), "look at what hands them out"),
        (exceptions.InvalidRegionError(region_name="us east 1"), "correct regions under [[aws]]"),
        (exceptions.ResponseStreamingError(error="e"), "the connection broke"),
        (KeyError("Reservations"), "an answer came that is not AWS's"),
        (RecursionError(), "an answer came that is not AWS's"),
        (RuntimeError("refreshed credentials are still expired"), "look at this machine's clock"),
        (ClientError({"Error": {"Code": "502"}, "ResponseMetadata": {"HTTPStatusCode": 502}}, "X"), "a proxy before"),
        (ClientError({"Error": {"Code": "403"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "X"), "not AWS's"),
    ],
)
def test_what_is_no_answer_of_awss_has_words_and_is_no_crash(error, words):
    def raising() -> None:
        raise error

    said = call_aws(raising)

    assert isinstance(said, AwsError)
    assert words in str(reading_failed(said, "us-east-1"))


def test_a_machine_that_ended_at_once_says_why_in_our_words():
    assert "kms:CreateGrant" in why_it_ended("Client.InternalError")
    assert why_it_ended("Client.VolumeLimitExceeded").endswith("ask AWS for more")
    assert (why_it_ended("Server.Spot"), why_it_ended("")) == (" (Server.Spot)", "")
