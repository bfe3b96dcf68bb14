"""Which machine a host label of Prometheus means."""

import pytest

from bot.domain.machines.source_history import Target
from bot.settings.measuring import PrometheusSettings
from bot.telemetry.hosts import HostNames

ONE = Target("i-0aa", "train-7", "ec2/1/us-east-1", private_address="10.0.1.2")
TWO = Target("i-0bb", "train-8", "ec2/1/eu-west-1", private_address="10.0.1.3")


def meant(label, *targets, **settings):
    known = PrometheusSettings(url="http://localhost:9090", **settings)
    return HostNames(known, targets or (ONE, TWO)).instance_of({"Hostname": label})


@pytest.mark.parametrize(
    "label",
    [
        *("ip-10-0-1-2", "IP-10-0-1-2", "ip-10-0-1-2:9400", "10.0.1.2", "10.0.1.2:9400"),
        *("ip-10-0-1-2.ec2.internal", "ip-10-0-1-2.ec2.internal:9400", "ip-10-0-1-2.eu-west-1.compute.internal"),
        *("ip-10-0-1-2.cn-north-1.compute.amazonaws.com.cn", "ip-10-0-1-2.corp.example.com"),
        *(
            "i-0aa",
            "i-0aa.ec2.internal",
            "i-0aa.eu-west-1.compute.internal:9400",
            "train-7",
            "train-7.example.com:9400",
        ),
    ],
)
def test_default_names_of_ec2s_hosts_mean_the_machine(label):
    assert meant(label) == "i-0aa"


@pytest.mark.parametrize("label", ["ip-10-0-1-20", "ip-10-0-1", "10.0.1.21:9400", "10", "", "ip-", "train"])
def test_what_only_looks_alike_means_none(label):
    assert meant(label) is None


def test_an_address_that_two_networks_have_means_neither():
    other = Target("i-0cc", "b", "ec2/2/us-east-1", private_address="10.0.1.2")

    assert meant("ip-10-0-1-2", ONE, other) is None
    assert meant("ip-10-0-1-2", ONE, other, hosts={"ip-10-0-1-2": "i-0cc"}) == "i-0cc"


def test_a_machine_without_an_address_is_found_by_its_name_alone():
    assert meant("ip-", Target("i-1", "a", "owned")) is None
    assert meant("a:9400", Target("i-1", "a", "owned")) == "i-1"


def test_strangers_are_named_once_by_their_first_label():
    known = PrometheusSettings(url="http://localhost:9090")
    seen = [{"Hostname": "b", "instance": "x"}, {"instance": "a:1"}, {"Hostname": "b"}, {"Hostname": "train-7"}, {}]

    assert HostNames(known, [ONE]).strangers(seen) == ["a:1", "b"]
