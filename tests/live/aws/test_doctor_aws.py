"""What the doctor says about AWS."""

from bot.doctor import aws as aws_module
from bot.settings import parse
from tests.live.moto_server import launch

TAG = ("gpu-valet", "managed")
SETTINGS = parse({"aws": [{"regions": ["us-east-1", "eu-west-1"]}]}, {})


def test_every_region_is_tried(aws):
    launch(aws.client("ec2"), "g5.xlarge", "nb-2", tags={"gpu-valet": "managed"})

    found = list(aws_module.check(SETTINGS, TAG))

    sentences = [each.sentence for each in found]
    assert "ec2/default/us-east-1: Valet may stop machines in us-east-1: a dry run was allowed." in sentences
    assert sentences.pop(0).startswith("This clock and AWS's differ by ")
    assert {sentence.split(": ")[0] for sentence in sentences} == {"ec2/default/us-east-1", "ec2/default/eu-west-1"}
    assert aws.client("ec2").describe_instances()["Reservations"][0]["Instances"][0]["State"]["Name"] == "running"


def test_missing_credentials_are_an_error_per_region(aws, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")

    found = list(aws_module.check(SETTINGS, TAG))

    assert [(each.id, each.level) for each in found] == [("V502", "error")] * 2


def test_a_region_named_twice_is_an_error(aws):
    settings = parse({"aws": [{"regions": ["us-east-1"]}, {"regions": ["us-east-1"]}]}, {})

    [finding] = aws_module.check(settings, TAG)

    assert (finding.id, finding.level) == ("V501", "error")


def test_without_an_account_aws_is_not_asked(aws):
    assert list(aws_module.check(parse({}, {}), TAG)) == []
    assert aws.sent == []
