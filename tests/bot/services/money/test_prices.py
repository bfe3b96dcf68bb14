"""What a type costs, place by place: where it is used first, and apart only where accounts pay differently."""

from dataclasses import replace

import pytest

from bot.domain.clock import HOUR_MS
from bot.domain.machines.fleet import SourceSnapshot
from bot.sandbox.aws_prices import SandboxPrices
from bot.services.machines import fleet
from bot.services.money import prices, rates
from tests.bot.services.room import SETTINGS, Room

AWS = [
    {"name": "lab", "role_arn": "arn:aws:iam::111122223333:role/valet", "regions": ["us-east-1", "us-west-2"]},
    {"name": "research", "role_arn": "arn:aws:iam::222233334444:role/valet", "regions": ["us-east-1"]},
]
CHEAPER = {"percent": "25", "source": "EDP of research", "account": "research"}


@pytest.fixture
def room_with(tmp_path, clock):
    """A fleet with one more machine like train-7, in a second account."""
    opened = []

    def make(**more):
        room = Room(tmp_path / "room.db", clock, settings=SETTINGS | {"aws": AWS} | more)
        opened.append(room)
        room.sweep()
        twin = replace(room.machine("train-7"), id="i-0twin", name="twin", source="ec2/222233334444/us-east-1")
        fleet.record_snapshot(room.ctx, SourceSnapshot(twin.source, (twin,)), clock())
        return room

    yield make
    for room in opened:
        room.close()


def offers(room, kind="p4d.24xlarge"):
    told = prices.prices_of_type(room.ctx, kind)
    return [(each.place, each.priced.micros) for each in told.offers]


def test_accounts_that_pay_the_same_are_one_line(room_with):
    assert offers(room_with()) == [("us-east-1", 21_957_642)]


def test_accounts_that_pay_differently_are_told_apart(room_with):
    assert offers(room_with(discount=[CHEAPER])) == [
        ("us-east-1 in 111122223333", 21_957_642),
        ("us-east-1 in 222233334444", 16_468_232),
    ]


def test_where_it_is_used_comes_before_what_else_is_listed(room_with, clock):
    room, aws = room_with(), SandboxPrices(clock)
    rates.read_prices(room.ctx, aws.prices)
    room.fleet.change("train-7", source="ec2/111122223333/us-west-2", zone="us-west-2a")
    fleet.record_snapshot(room.ctx, SourceSnapshot("ec2/222233334444/us-east-1"), clock())
    room.sweep()
    clock.forward(HOUR_MS)
    rates.read_prices(room.ctx, aws.prices)

    assert [place for place, _ in offers(room)] == ["us-west-2", "us-east-1"]


def test_zones_of_one_name_are_told_apart_by_account(room_with, clock):
    room = room_with()
    rates.read_prices(room.ctx, SandboxPrices(clock).prices)

    spans = prices.prices_of_type(room.ctx, "p4d.24xlarge").spots

    assert [(each.source, each.zone) for each in spans][2:4] == [
        ("ec2/111122223333/us-east-1", "us-east-1c"),
        ("ec2/222233334444/us-east-1", "us-east-1a"),
    ]


@pytest.mark.parametrize("kind", ["p9.notreal", "m5.large"])
def test_of_a_type_without_any_price_nothing_is_told(room_with, kind):
    assert prices.prices_of_type(room_with().ctx, kind) is None


def test_what_a_type_carries_is_known_by_price_lists_then_templates_then_the_fleet(room_with, tmp_path):
    (tmp_path / "lambda.csv").write_text(
        "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region\n"
        "gpu_1x_a100,A100-80GB,1,26,200,,1.29,,us-east-1\n"
        "odd_8x_v9,V9,8,26,200,,1.29,,us-east-1\n"
    )
    box = {"name": "box", "template": "lt-1", "region": "us-east-1", "account": "111122223333", "type": "p9.large"}
    room = room_with(catalogs={"lambda": str(tmp_path / "lambda.csv")}, launch=[{**box, "gpu": "B300", "gpus": 4}])

    carried = prices.gpus_by_type(room.ctx)

    assert carried["gpu_1x_a100"] == ("A100-80GB", 80, 1)
    assert carried["odd_8x_v9"] == ("V9", 0, 8)
    assert carried["p9.large"][::2] == ("B300", 4)
    assert carried["p4d.24xlarge"] == (room.machine("train-7").gpu_model, 40, 8)
