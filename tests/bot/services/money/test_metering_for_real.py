"""The ledger in a real store: whatever is looked at, missed, restarted or claimed, it is running time times rate."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.money.rates import cost_between
from bot.domain.sharing.claims import GpuChoice
from bot.services.machines import fleet
from store.machines import listings
from store.money import ledger as stored_ledger
from store.sharing import claims as stored_claims
from store.sql import rows
from tests.bot.services.money.events import EVENTS, happens
from tests.bot.services.room import ADA, CY, Room
from tests.conftest import Clock
from tests.examples import examples

NAME = "train-7"


@dataclass(frozen=True)
class Step:
    """Time passes, then something happens, then perhaps somebody looks."""

    length: int
    what: str
    looked: bool


steps = st.lists(
    st.builds(
        Step,
        st.integers(1, 90).map(lambda minutes: minutes * MINUTE_MS),
        st.sampled_from(EVENTS),
        st.booleans(),
    ),
    min_size=1,
    max_size=20,
)


def live(room: Room, step: Step) -> None:
    room.clock.forward(step.length)
    happens(room, step.what, NAME, choice=GpuChoice(3), length=200 * HOUR_MS)
    if step.looked:
        fleet.sweep(room.ctx)


@pytest.mark.slow
@given(plan=steps)
@settings(max_examples=examples(30), deadline=None)
def test_all_that_ran_is_charged_once_to_whoever_held_it(tmp_path_factory, plan):
    clock = Clock()
    room = Room(tmp_path_factory.mktemp("meter") / "valet.db", clock)
    room.sweep()
    began, machine = clock(), room.machine(NAME)
    for step in plan:
        live(room, step)
    room.fleet.unsilence("us-east-1")
    clock.forward(HOUR_MS - clock() % HOUR_MS)
    room.sweep()

    db = room.ctx.store.reading()
    rate = listings.by_id(db, machine.id).rate.micros_per_hour
    charges = rows(db, "SELECT * FROM charges WHERE instance_id = ?", machine.id)
    assert sum(row["micros"] for row in charges) == cost_between(rate, began, clock())
    shares = [row for row in stored_ledger.shares_between(db, 0, 1 << 50) if row["instance_id"] == machine.id]
    assert sum(row["micros"] for row in shares) == sum(row["micros"] for row in charges)
    for who in (ADA, CY):
        held = [claim for claim in stored_claims.claims_since(db, 0, holder=who) if claim.instance_id == machine.id]
        due = sum(len(each.gpus) * ((each.ended_at or clock()) - each.from_at) for each in held)
        assert sum(row["gpu_ms"] for row in shares if row["holder"] == who) == due
    room.close()
