"""One look at everything: what fails leaves the rest fresh, and time is charged as it was seen."""

import itertools

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import SourceSnapshot
from bot.domain.money.rates import cost_between
from bot.domain.sharing.claims import GpuChoice
from bot.services.machines import fleet, verdict
from bot.services.sharing import claims
from store.machines import fleet as stored_fleet
from store.machines import listings
from store.money import ledger as stored_ledger
from store.sql import rows, sqlite3
from tests.bot.services.room import ADA

EAST, WEST = "ec2/111122223333/us-east-1", "ec2/111122223333/us-west-2"


def shown(room, name: str):
    return listings.by_id(room.ctx.store.reading(), room.machine(name).id)


def charged(room, name: str) -> list:
    wanted = room.machine(name).id
    return rows(room.ctx.store.reading(), "SELECT * FROM charges WHERE instance_id = ? ORDER BY id", wanted)


def shares(room, name: str) -> list:
    """Holder, team, use, minutes of GPUs, micro-dollars."""
    found = stored_ledger.shares_between(room.ctx.store.reading(), 0, 1 << 50)
    columns = ("holder", "used_by", "use", "gpu_ms", "micros")
    return [tuple(row[each] for each in columns) for row in found if row["name"] == name]


def spent(room, name: str) -> int:
    """Micro-dollars charged or on the meter."""
    meter = stored_ledger.open_meters(room.ctx.store.reading(), EAST).get(room.machine(name).id)
    return sum(row["micros"] for row in charged(room, name)) + (meter.micros if meter else 0)


def test_a_region_that_fails_leaves_the_others_fresh_and_says_since_when(room):
    seen_at = room.clock()
    room.fleet.silence("us-east-1")
    room.fleet.change("train-3", state="stopped")
    room.clock.forward(MINUTE_MS)

    room.sweep()

    east, west = stored_fleet.fleet_sources(room.ctx.store.reading())
    assert (east.name, east.ok_at) == (EAST, seen_at)
    assert "us-east-1" in east.error
    assert (west.name, west.ok_at, west.error) == (WEST, room.clock(), "")
    assert shown(room, "train-7").state == "unknown", "still listed, as last seen"
    assert shown(room, "train-3").state == "stopped"


def test_an_error_is_forgotten_with_the_next_good_look(room):
    room.fleet.silence("us-east-1")
    room.sweep()
    room.fleet.unsilence("us-east-1")
    room.clock.forward(MINUTE_MS)
    room.sweep()

    assert [(each.ok_at, each.error) for each in stored_fleet.fleet_sources(room.ctx.store.reading())] == [
        (room.clock(), "")
    ] * 2


def test_an_instance_that_is_no_longer_seen_is_gone_but_its_history_stays(room):
    room.clock.forward(HOUR_MS)
    room.sweep()
    room.fleet.terminate("train-7")
    room.clock.forward(MINUTE_MS)
    room.sweep()

    assert shown(room, "train-7") is None
    assert [row["running_ms"] for row in charged(room, "train-7")] == [HOUR_MS]
    room.fleet.restart("train-7")
    room.sweep()
    assert shown(room, "train-7").running


def test_a_failing_region_makes_nothing_gone(room):
    room.fleet.silence("us-west-2")

    room.sweep()

    assert shown(room, "train-3").running


@pytest.mark.slow
def test_running_time_is_charged_hour_by_hour_and_only_once(room):
    for _ in range(150):
        room.clock.forward(MINUTE_MS)
        room.sweep()
        room.sweep()

    rate = shown(room, "train-7").rate.micros_per_hour
    assert [row["micros"] for row in charged(room, "train-7")] == [rate, rate]
    assert spent(room, "train-7") == cost_between(rate, room.clock() - 150 * MINUTE_MS, room.clock())


def test_time_that_nobody_looked_is_charged_when_the_same_launch_still_runs(room):
    room.fleet.silence("us-east-1")
    for _ in range(10):
        room.clock.forward(HOUR_MS)
        room.sweep()
    room.fleet.unsilence("us-east-1")
    room.sweep()

    assert len(charged(room, "train-7")) == 10


def test_a_stopped_machine_costs_nothing_more(room):
    room.clock.forward(30 * MINUTE_MS)
    room.fleet.stop(room.machine("train-7"))
    room.clock.forward(10 * MINUTE_MS)
    room.sweep()
    after = spent(room, "train-7")

    room.clock.forward(10 * HOUR_MS)
    room.sweep()

    assert [row["running_ms"] for row in charged(room, "train-7")] == [30 * MINUTE_MS]
    assert spent(room, "train-7") == after


def test_owned_machines_are_charged_their_full_cost_around_the_clock_apart_from_the_bill(room):
    room.push("dgx-1", [], tick_now=100)
    room.sweep()
    room.clock.forward(2 * HOUR_MS)
    room.sweep()

    rate = listings.by_id(room.ctx.store.reading(), "dgx-1").rate
    owned = [
        row for row in stored_ledger.shares_between(room.ctx.store.reading(), 0, 1 << 50) if row["provider"] == "owned"
    ]
    assert sum(row["micros"] for row in owned) == 2 * (rate.micros_per_hour if rate else 0)
    assert "dgx-1" not in {meter.instance_id for meter in stored_ledger.rented_meters(room.ctx.store.reading())}


def test_an_owned_machine_that_was_given_up_costs_nothing_until_it_is_back(room):
    room.push("dgx-1", [], tick_now=100)
    room.sweep()
    with room.ctx.store.writing() as db:
        stored_fleet.mark_gone(db, ["dgx-1"], room.clock())
    room.clock.forward(5 * HOUR_MS)
    room.sweep()
    room.push("dgx-1", [], tick_now=500)
    room.sweep()
    room.clock.forward(HOUR_MS)
    room.sweep()

    found = rows(room.ctx.store.reading(), "SELECT sum(running_ms) AS ms FROM charges WHERE instance_id = 'dgx-1'")
    assert found == [{"ms": HOUR_MS}]


def test_each_holder_of_some_gpus_pays_for_theirs_from_the_minute_they_claimed(room):
    machine = room.machine("train-7")
    gpus, rate = machine.gpu_count, shown(room, "train-7").rate.micros_per_hour
    room.clock.forward(15 * MINUTE_MS)
    claims.claim_gpus(room.ctx, machine.id, ADA, choice=GpuChoice(2))
    room.clock.forward(105 * MINUTE_MS)  # nobody looked
    room.sweep()

    first, second = spans(room, "train-7")
    assert first == {"": (gpus * HOUR_MS - 90 * MINUTE_MS), ADA: 90 * MINUTE_MS}
    assert second == {"": (gpus - 2) * HOUR_MS, ADA: 2 * HOUR_MS}
    assert sum(share[4] for share in shares(room, "train-7")) == 2 * rate


def test_a_claim_that_takes_other_gpus_keeps_what_it_had_until_then(room):
    machine = room.machine("train-7")
    claims.claim_gpus(room.ctx, machine.id, ADA, choice=GpuChoice(1))
    room.clock.forward(30 * MINUTE_MS)
    claims.claim_gpus(room.ctx, machine.id, ADA, choice=GpuChoice(3))
    room.clock.forward(30 * MINUTE_MS)
    room.sweep()

    assert spans(room, "train-7") == [{"": machine.gpu_count * HOUR_MS - 2 * HOUR_MS, ADA: 2 * HOUR_MS}]


def spans(room, name: str) -> list:
    """Milliseconds of GPUs by holder, charge by charge."""
    found: dict[int, dict[str, int]] = {}
    for row in stored_ledger.shares_between(room.ctx.store.reading(), 0, 1 << 50):
        if row["name"] == name:
            held = found.setdefault(row["charge_id"], {})
            held[row["holder"]] = held.get(row["holder"], 0) + row["gpu_ms"]
    return list(found.values())


def test_our_clock_set_back_breaks_no_sweep_and_charges_nothing_twice(room):
    for step in (HOUR_MS, HOUR_MS, -90 * MINUTE_MS, MINUTE_MS, HOUR_MS, HOUR_MS):
        room.clock.forward(step)
        room.fleet.restart("train-7") if step < 0 else None
        room.sweep()

    spans = [(row["from_at"], row["until_at"]) for row in charged(room, "train-7")]
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))
    assert all(each.error == "" for each in stored_fleet.fleet_sources(room.ctx.store.reading()))


@pytest.mark.parametrize("sql", ["DELETE FROM charges", "UPDATE charges SET micros = 0"])
def test_the_ledger_cannot_be_changed(room, sql):
    room.clock.forward(HOUR_MS)
    room.sweep()

    with pytest.raises(sqlite3.IntegrityError, match="append-only"), room.ctx.store.writing() as db:
        db.execute(sql)


def test_a_stopped_machine_has_no_verdict(room):
    room.reports("train-7", 0.0)
    verdict.judge_all(room.ctx)
    assert shown(room, "train-7").state == "free"

    room.fleet.change("train-7", state="stopping")
    room.sweep()
    verdict.judge_all(room.ctx)

    kept = rows(room.ctx.store.reading(), "SELECT instance_id FROM verdicts")
    assert room.machine("train-7").id not in {row["instance_id"] for row in kept}
    assert shown(room, "train-7").state == "stopping"


def test_the_team_is_the_tag_and_a_changed_tag_is_seen(room):
    assert shown(room, "train-7").team == "nlp"

    room.fleet.change("train-7", tags={"team": "vision"})
    room.sweep()

    assert shown(room, "train-7").team == "vision"


def test_spot_has_no_list_price_and_is_not_called_free_of_charge(room):
    assert shown(room, "sweep-1").rate is None


def test_a_look_without_instances_empties_only_its_own_source(room):
    fleet.record_snapshot(room.ctx, SourceSnapshot(EAST), room.clock())

    assert shown(room, "train-7") is None
    assert shown(room, "train-3").running


def test_the_holder_is_who_held_it_when_the_time_was_charged(room):
    claims.claim_gpus(room.ctx, room.machine("train-7").id, ADA, length=8 * HOUR_MS)
    room.sweep()
    room.clock.forward(HOUR_MS)
    room.sweep()

    assert [set(span) for span in spans(room, "train-7")] == [{ADA}]


def test_a_region_taken_out_of_the_settings_says_so(room):
    for name in ("train-3", "train-9", "eval-2", "label-1", "sweep-1", "scratch"):
        room.fleet._machines.pop(name)

    room.sweep()

    _, west = stored_fleet.fleet_sources(room.ctx.store.reading())
    assert (west.name, west.error) == (WEST, fleet.NOT_LOOKED_AT)
