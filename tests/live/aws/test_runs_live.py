"""A run through the real boto3 against moto's Systems Manager."""

import boto3
import pytest

from bot.domain.machines.fleet import Instance
from bot.domain.sharing.runs import Run
from bot.errors import Refused
from bot.providers.accounts import AwsAccount
from bot.providers.clients import Clients
from bot.providers.ssm import Ssm

ACCOUNT = AwsAccount(("us-east-1",), None, None, "default")
NOW = 1_764_000_000_000


@pytest.fixture
def machine(aws) -> Instance:
    made = boto3.client("ec2", region_name="us-east-1").run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)
    instance_id = made["Instances"][0]["InstanceId"]
    return Instance(instance_id, "train-7", "ec2", ACCOUNT.source("us-east-1"), "p4d.24xlarge", "running")


def run(machine: Instance, run_id: str = "0123abcd") -> Run:
    return Run(run_id, "nightly", "/srv/run.sh 'a b'", "ml", machine.id, "c", "UADA", "UADA", NOW, called_at=NOW)


def test_it_is_sent_under_its_account_and_followed_by_its_name(machine):
    runner = Ssm(Clients(), [ACCOUNT])

    handle = runner.start(machine, run(machine), 3_600)

    sent = boto3.client("ssm", region_name="us-east-1").list_commands()["Commands"][0]
    assert sent["DocumentName"] == "AWS-RunShellScript"
    assert sent["Parameters"]["executionTimeout"] == ["3600"]
    assert sent["Parameters"]["commands"] == ["exec runuser -l ml -s /bin/sh -c '/srv/run.sh '\"'\"'a b'\"'\"''"]
    assert runner.find(machine, run(machine)) == handle
    assert runner.find(machine, run(machine, "another")) is None
    looked = Run(**{**{name: getattr(run(machine), name) for name in Run.__slots__}, "handle": handle})
    assert (runner.look(machine, looked).state, runner.look(machine, looked).exit_code) == ("done", 0)


def test_a_place_nobody_set_up_is_refused(machine):
    elsewhere = Instance(machine.id, "x", "ec2", "ec2/9/eu-west-9", "p4d.24xlarge", "running")

    with pytest.raises(Refused, match="No \\[\\[aws\\]\\] entry covers"):
        Ssm(Clients(), [ACCOUNT]).start(elsewhere, run(machine), 60)
