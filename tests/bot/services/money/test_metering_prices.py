"""The ledger is running time times the rate that held, however list and spot prices move while machines run."""

import csv
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.money.rates import cost_between
from bot.sandbox.aws_prices import SandboxPrices
from bot.services.machines import fleet
from bot.services.money import ledger_export, rates
from store.machines import listings
from store.money import ledger as stored_ledger
from store.sql import rows
from tests.bot.services.room import SETTINGS, Room
from tests.conftest import Clock
from tests.examples import examples

LISTED, SPOT = "train-7", "sweep-1"
DISCOUNTS = [{"percent": "30", "source": "Savings Plan", "types": ["p4d.*"]}, {"percent": "12.5", "source": "EDP"}]


@dataclass(frozen=True)
class Step:
    """Time passes, then a price moves or AWS falls silent, then perhaps prices are read and the fleet is looked at."""

    length: int
    what: str
    usd: Decimal
    read: bool
    looked: bool


steps = st.lists(
    st.builds(
        Step,
        st.integers(1, 200).map(lambda minutes: minutes * MINUTE_MS),
        st.sampled_from(["list", "spot", "spot", "refuse", "answer", "reopen", "nothing"]),
        st.decimals("0.000001", "200", places=6),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=25,
)


class World:
    """A fleet, prices that move, and beside the ledger a plain integral of what it should hold."""

    def __init__(self, folder):
        self.clock = Clock()
        self.room = Room(folder / "valet.db", self.clock, settings=SETTINGS | {"discount": DISCOUNTS})
        self.aws = SandboxPrices(self.clock)
        self.due = {LISTED: 0, SPOT: 0}
        self.held: dict[str, tuple[int, int]] = {}
        self.look()

    def look(self):
        """What ran since the last look cost the rate that was written down before."""
        now = self.clock()
        for name, (rate, since) in self.held.items():
            self.due[name] += cost_between(rate, since, now)
        fleet.sweep(self.room.ctx)
        for name in self.due:
            rate = listings.by_id(self.room.ctx.store.reading(), self.room.machine(name).id).rate
            self.held[name] = (rate.micros_per_hour if rate else 0, now)

    def live(self, step):
        self.clock.forward(step.length)
        match step.what:
            case "list":
                self.aws.reprice("us-east-1", "p4d.24xlarge", str(step.usd))
            case "spot":
                self.aws.respot("us-west-2c", "g6.12xlarge", str(step.usd))
            case "refuse":
                self.aws.refuse("AWS did not answer", retryable=True)
            case "answer":
                self.aws.refuse("")
            case "reopen":
                self.room.reopen()
        if step.read:
            rates.read_prices(self.room.ctx, self.aws.prices)
        if step.looked:
            self.look()


@pytest.mark.slow
@given(plan=steps)
@settings(max_examples=examples(40), deadline=None)
def test_the_ledger_is_the_integral_of_running_time_and_rate(tmp_path_factory, plan):
    world = World(tmp_path_factory.mktemp("prices"))
    for step in plan:
        world.live(step)
    world.clock.forward(HOUR_MS - world.clock() % HOUR_MS)
    world.look()

    db = world.room.ctx.store.reading()
    for name, due in world.due.items():
        own = world.room.machine(name).id
        charges = rows(db, "SELECT * FROM charges WHERE instance_id = ? ORDER BY from_at", own)
        assert sum(row["micros"] for row in charges) == due
        assert all(
            row["micros"] == cost_between(row["rate_micros"], row["from_at"], row["until_at"]) for row in charges
        )
        shares = [row for row in stored_ledger.shares_between(db, 0, 1 << 50) if row["instance_id"] == own]
        assert sum(row["micros"] for row in shares) == due
    world.room.close()


def test_an_hour_in_which_the_price_moved_has_a_charge_for_each_rate(tmp_path):
    world = World(tmp_path)
    world.aws.respot("us-west-2c", "g6.12xlarge", "2")
    rates.read_prices(world.room.ctx, world.aws.prices)
    world.look()
    world.clock.forward(90 * MINUTE_MS)
    world.aws.respot("us-west-2c", "g6.12xlarge", "3")
    rates.read_prices(world.room.ctx, world.aws.prices)
    world.look()
    world.clock.forward(30 * MINUTE_MS)
    world.look()

    lines = csv.DictReader(ledger_export.ledger_csv(world.room.ctx, 0, world.clock() + HOUR_MS))
    told = [line for line in lines if line["name"] == SPOT]

    assert [
        (line["hour"][11:16], line["running_seconds"], line["usd"], line["source"].split(",")[0]) for line in told
    ] == [
        ("09:00", "3600", "2.000000", "the rate of that hour"),
        ("10:00", "1800", "1.000000", "the rate of that hour"),
        ("10:00", "1800", "1.500000", "spot price"),
    ]
    world.room.close()
