"""CloudWatch with the real boto3 against a moto server: discovery, batches, accounts, regions and failures.

Moto answers some questions AWS refuses; those are asked of the strict stand-in in tests/bot/telemetry.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.clock import MINUTE_MS, system_clock
from bot.outside import gpu_sources, providers_of
from bot.services.context import Context
from bot.services.machines import fleet, verdict
from bot.services.machines import sources as sources_service
from bot.settings import Settings, parse
from store import Store
from store.machines import listings, source_history
from tests.live.moto_server import MotoServer, launch

EAST, WEST, OTHER = "us-east-1", "us-west-2", "222233334444"
ROLE = {"role_arn": f"arn:aws:iam::{OTHER}:role/valet", "regions": [EAST], "name": "research"}
UTIL, MEMORY = "nvidia_smi_utilization_gpu", "nvidia_smi_memory_used"


class Office:
    """A context whose machines and metrics are AWS's."""

    def __init__(self, aws: MotoServer, store: Store, settings: Settings) -> None:
        self.now = system_clock() // MINUTE_MS * MINUTE_MS
        self.ctx = Context(store, lambda: self.now, settings, providers_of(settings, lambda: self.now), settings.roster)
        self.sources = gpu_sources(settings, self.ctx.providers)
        self.aws = aws

    def tick(self) -> None:
        fleet.sweep(self.ctx)
        sources_service.read_sources(self.ctx, self.sources)
        verdict.judge_all(self.ctx)

    def launched_a_while_ago(self) -> None:
        """Put the clock on, so that a quarter of an hour counts as quiet for what has just been launched."""
        self.now = system_clock() // MINUTE_MS * MINUTE_MS + 31 * MINUTE_MS

    def tells(self, client: Any, machine: str, *utils: float, memory: float | None = None, **named: str) -> None:
        """What the CloudWatch agent put for the last minutes."""
        # sorted, since moto compares dimensions as lists; to AWS they are a set
        named = dict(sorted({"InstanceId": machine, **named}.items()))
        dimensions = [{"Name": key, "Value": value} for key, value in named.items()]
        first = self.now - len(utils) * MINUTE_MS
        for at, util in enumerate(utils):
            moment = datetime.fromtimestamp((first + at * MINUTE_MS) / 1000, UTC)
            told = [(UTIL, util), *([] if memory is None else [(MEMORY, memory)])]
            data = [
                {"MetricName": name, "Dimensions": dimensions, "Timestamp": moment, "Value": value}
                for name, value in told
            ]
            client.put_metric_data(Namespace="CWAgent", MetricData=data)

    def states(self) -> dict[str, str]:
        db = self.ctx.store.reading()
        found = [listings.by_id(db, each.id) for each in source_history.targets(db)]
        return {each.instance.name: each.state for each in found if each}

    def errors(self) -> list[str]:
        return [each.error for each in source_history.places_read(self.ctx.store.reading()) if each.error]


@pytest.fixture
def office(aws: MotoServer, store: Store) -> Iterator[Office]:
    table = {"aws": [{"regions": [EAST, WEST]}, ROLE], "cloudwatch": {"enabled": True}, "idle": {"window_minutes": 15}}
    return Office(aws, store, parse(table, {}))


def test_every_account_and_region_gives_verdicts_by_its_own_metrics(office, aws):
    clients = {"east": (EAST, None), "west": (WEST, None), "theirs": (EAST, OTHER)}
    for name, (region, account) in clients.items():
        made = launch(aws.client("ec2", region, account), "g5.xlarge", name)
        office.launched_a_while_ago()
        utils = [0.0] * 14 + [80.0 if name == "west" else 0.0]
        office.tells(aws.client("cloudwatch", region, account), made, *utils, memory=30_000.0)
    aws.sent.clear()

    office.tick()

    assert office.states() == {"east": "held", "west": "active", "theirs": "held"}
    assert [aws.count(each) for each in ("ListMetrics", "GetMetricData", "AssumeRole")] == [3, 3, 1]


def test_a_machine_without_metrics_is_unknown_and_is_asked_for_once(office, aws):
    launch(aws.client("ec2"), "g5.xlarge", "silent")

    office.tick()
    office.now += MINUTE_MS
    office.tick()

    assert office.states() == {"silent": "unknown"}
    assert (aws.count("ListMetrics"), aws.count("GetMetricData"), office.errors()) == (1, 0, [])


def test_each_gpu_is_read_by_all_of_its_dimensions(office, aws):
    made = launch(aws.client("ec2"), "g5.12xlarge", "four")
    office.launched_a_while_ago()
    for index in range(4):
        named = {"index": str(index), "name": "NVIDIA A10G", "arch": "Ampere", "InstanceType": "g5.12xlarge"}
        office.tells(aws.client("cloudwatch"), made, *[0.0] * 14, 90.0 * (index == 2), **named)

    office.tick()

    assert office.states() == {"four": "partial"}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"code": "Throttling", "status": 400}, "AWS did not answer for us-east-1: Throttling"),
        ({"code": "AccessDenied", "status": 403}, "Valet's role lacks cloudwatch:GetMetricData"),
    ],
)
def test_a_refusal_is_named_and_leaves_the_other_regions_fresh(office, aws, fault, said):
    for region in (EAST, WEST):
        made = launch(aws.client("ec2", region), "g5.xlarge", region)
        office.launched_a_while_ago()
        office.tells(aws.client("cloudwatch", region), made, 70.0)
    aws.fail("GetMetricData", EAST, **fault)

    office.tick()

    (error,) = office.errors()
    assert said in error
    assert office.states() == {EAST: "unknown", WEST: "active"}


def test_a_passing_throttle_is_waited_out(office, aws):
    made = launch(aws.client("ec2"), "g5.xlarge", "busy")
    office.launched_a_while_ago()
    office.tells(aws.client("cloudwatch"), made, 70.0)
    aws.fail("GetMetricData", code="Throttling", status=400, times=1)

    office.tick()

    assert (office.states(), office.errors()) == ({"busy": "active"}, [])
