"""Deliveries that are kept together: the same as each alone, and what one of them breaks costs the others nothing."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.clock import MINUTE_MS
from bot.domain.machines.readings import Delivery, Gpu, Minute, Push
from bot.errors import Impaired, UnknownToken
from bot.services.machines import readings
from store.machines import agents
from store.sql import rows
from tests.bot.services.room import Room
from tests.examples import examples

HOSTS = ("dgx-1", "dgx-2", "i-0123456789abcdef0")
TABLES = ("minutes", "gpus", "boots", "pushes", "hosts", "tokens", "unrolled", "instances")
TOO_LARGE = 2**70
"""No database keeps it: what the door would never let in stands for what nobody thought of."""


def digest(host):
    return hashlib.sha256(host.encode()).hexdigest()


def delivery(host, seq, *, tick=1000, util=0.0, memory=80_000):
    gpu, told = Gpu(0, f"GPU-{host}", "H100", memory), Minute(0, tick, 4, util, util, memory_total_mib=81_920)
    return Delivery(Push(host, "boot", seq, tick + 1, 0, (gpu,), (told,)), "10.0.0.1", digest(host))


def furnished(path, clock):
    room = Room(path, clock, alone=True)
    with room.ctx.store.writing() as db:
        for host in HOSTS:
            agents.add(db, host, digest(host), clock())
    return room


@pytest.fixture
def room(tmp_path, clock):
    made = furnished(tmp_path / "room.db", clock)
    yield made
    made.close()


def numbers_kept(room):
    return {(row["host"], row["seq"]) for row in rows(room.ctx.store.reading(), "SELECT host, seq FROM pushes")}


def contents(room):
    db = room.ctx.store.reading()
    return {table: rows(db, f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in TABLES}


deliveries = st.lists(
    st.builds(
        delivery,
        st.sampled_from(HOSTS),
        st.integers(1, 4),
        tick=st.integers(990, 1000),
        util=st.sampled_from([0.0, 3.0, 90.0]),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(deliveries)
def test_a_group_leaves_what_each_alone_would_leave(tmp_path_factory, clock, told):
    folder = tmp_path_factory.mktemp("rooms")
    together, alone = furnished(folder / "together.db", clock), furnished(folder / "alone.db", clock)
    at_once = readings.receive_group(together.ctx, told)
    one_by_one = [outcome for each in told for outcome in readings.receive_group(alone.ctx, [each])]
    left = contents(together), contents(alone)
    together.close()
    alone.close()

    assert at_once == one_by_one
    assert left[0] == left[1]


def test_what_one_of_them_breaks_costs_the_others_nothing(room):
    broken = delivery("dgx-2", 1, memory=TOO_LARGE)

    outcomes = readings.receive_group(room.ctx, [delivery("dgx-1", 1), broken, delivery(HOSTS[2], 1)])

    assert (outcomes[0], outcomes[2]) == (1, 1)
    assert isinstance(outcomes[1], OverflowError)
    assert numbers_kept(room) == {("dgx-1", 1), (HOSTS[2], 1)}
    assert readings.receive_group(room.ctx, [delivery("dgx-2", 1)]) == [1], "its number was not used up"


def test_a_token_revoked_after_it_was_looked_at_keeps_nothing(room):
    waiting = [delivery("dgx-1", 1), delivery("dgx-2", 1), replace(delivery("dgx-2", 2), sha256=digest("dgx-1"))]
    with room.ctx.store.writing() as db:
        agents.revoke_token(db, "dgx-2", room.clock())

    outcomes = readings.receive_group(room.ctx, waiting)

    assert outcomes[0] == 1
    assert [type(each) for each in outcomes[1:]] == [UnknownToken, UnknownToken]
    assert numbers_kept(room) == {("dgx-1", 1)}


def test_a_new_token_of_a_host_takes_the_old_ones_place_at_once(room):
    with room.ctx.store.writing() as db:
        agents.add(db, "dgx-1", digest("a new one"), room.clock() + MINUTE_MS)

    outcomes = readings.receive_group(
        room.ctx, [delivery("dgx-1", 1), replace(delivery("dgx-1", 2), sha256=digest("a new one"))]
    )

    assert isinstance(outcomes[0], UnknownToken)
    assert outcomes[1] == 1


def test_a_database_that_keeps_nothing_says_so_of_all_of_them(room):
    pages = room.ctx.store._writer.execute("PRAGMA page_count").fetchone()[0]
    room.ctx.store._writer.execute(f"PRAGMA max_page_count={pages}")
    many = [delivery("dgx-1", seq, tick=1000 - seq) for seq in range(1, 400)]

    with pytest.raises(Impaired, match="the disk is full"):
        readings.receive_group(room.ctx, many)

    assert numbers_kept(room) == set()
    room.ctx.store._writer.execute("PRAGMA max_page_count=1000000")
    assert readings.receive_group(room.ctx, many) == [1] * 399
