"""One look at everything: what fails leaves the rest fresh, and time is charged as it was seen."""

import itertools

import pytest

from bot.domain.clock import HOUR, MINUTE
from bot.domain.fleet import Look
from bot.domain.rates import cost_between
from bot.services import judging, sharing, sweeping
from store import fleet, ledger, listings
from store.sql import sqlite3
from tests.bot.services.room import ADA

EAST, WEST = "ec2/111122223333/us-east-1", "ec2/111122223333/us-west-2"


def shown(room, name: str):
    return listings.by_id(room.desk.store.reading(), room.machine(name).id)


def charged(room, name: str) -> list:
    wanted = room.machine(name).id
    return [row for row in ledger.between(room.desk.store.reading(), 0, 1 << 50) if row["instance_id"] == wanted]


def spent(room, name: str) -> int:
    """Micro-dollars charged or on the meter."""
    meter = ledger.open_meters(room.desk.store.reading()).get(room.machine(name).id)
    return sum(row["micros"] for row in charged(room, name)) + (meter.micros if meter else 0)


def test_a_region_that_fails_leaves_the_others_fresh_and_says_since_when(room):
    seen_at = room.clock()
    room.fleet.silence("us-east-1")
    room.fleet.change("train-3", state="stopped")
    room.clock.forward(MINUTE)

    room.sweep()

    east, west = fleet.sources(room.desk.store.reading())
    assert (east.name, east.ok_at) == (EAST, seen_at)
    assert "us-east-1" in east.error
    assert (west.name, west.ok_at, west.error) == (WEST, room.clock(), "")
    assert shown(room, "train-7").state == "unknown", "still listed, as last seen"
    assert shown(room, "train-3").state == "stopped"


def test_an_error_is_forgotten_with_the_next_good_look(room):
    room.fleet.silence("us-east-1")
    room.sweep()
    room.fleet.unsilence("us-east-1")
    room.clock.forward(MINUTE)
    room.sweep()

    assert [(each.ok_at, each.error) for each in fleet.sources(room.desk.store.reading())] == [(room.clock(), "")] * 2


def test_an_instance_that_is_no_longer_seen_is_gone_but_its_history_stays(room):
    room.clock.forward(HOUR)
    room.sweep()
    room.fleet.terminate("train-7")
    room.clock.forward(MINUTE)
    room.sweep()

    assert shown(room, "train-7") is None
    assert [row["running_ms"] for row in charged(room, "train-7")] == [HOUR]
    room.fleet.restart("train-7")
    room.sweep()
    assert shown(room, "train-7").running


def test_a_failing_region_makes_nothing_gone(room):
    room.fleet.silence("us-west-2")

    room.sweep()

    assert shown(room, "train-3").running


def test_running_time_is_charged_hour_by_hour_and_only_once(room):
    for _ in range(150):
        room.clock.forward(MINUTE)
        room.sweep()
        room.sweep()

    rate = shown(room, "train-7").rate.micros_per_hour
    assert [row["micros"] for row in charged(room, "train-7")] == [rate, rate]
    assert spent(room, "train-7") == cost_between(rate, room.clock() - 150 * MINUTE, room.clock())


def test_time_that_nobody_looked_is_charged_when_the_same_launch_still_runs(room):
    room.fleet.silence("us-east-1")
    for _ in range(10):
        room.clock.forward(HOUR)
        room.sweep()
    room.fleet.unsilence("us-east-1")
    room.sweep()

    assert len(charged(room, "train-7")) == 10


def test_a_stopped_machine_costs_nothing_more(room):
    room.clock.forward(30 * MINUTE)
    room.fleet.stop(room.machine("train-7"))
    room.clock.forward(10 * MINUTE)
    room.sweep()
    after = spent(room, "train-7")

    room.clock.forward(10 * HOUR)
    room.sweep()

    assert [row["running_ms"] for row in charged(room, "train-7")] == [30 * MINUTE]
    assert spent(room, "train-7") == after


def test_owned_machines_are_never_charged(room):
    room.push("dgx-1", [], tick_now=100)
    room.clock.forward(2 * HOUR)
    room.sweep()

    assert "dgx-1" not in ledger.open_meters(room.desk.store.reading())


def test_our_clock_set_back_breaks_no_sweep_and_charges_nothing_twice(room):
    for step in (HOUR, HOUR, -90 * MINUTE, MINUTE, HOUR, HOUR):
        room.clock.forward(step)
        room.fleet.restart("train-7") if step < 0 else None
        room.sweep()

    spans = [(row["from_at"], row["until_at"]) for row in charged(room, "train-7")]
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))
    assert all(each.error == "" for each in fleet.sources(room.desk.store.reading()))


@pytest.mark.parametrize("sql", ["DELETE FROM charges", "UPDATE charges SET micros = 0"])
def test_the_ledger_cannot_be_changed(room, sql):
    room.clock.forward(HOUR)
    room.sweep()

    with pytest.raises(sqlite3.IntegrityError, match="append-only"), room.desk.store.writing() as db:
        db.execute(sql)


def test_a_stopped_machine_has_no_verdict(room):
    room.reports("train-7", 0.0)
    judging.judge_all(room.desk)
    assert shown(room, "train-7").state == "free"

    room.fleet.change("train-7", state="stopping")
    room.sweep()
    judging.judge_all(room.desk)

    assert room.machine("train-7").id not in fleet.states(room.desk.store.reading())
    assert shown(room, "train-7").state == "stopping"


def test_the_team_is_the_tag_and_a_changed_tag_is_seen(room):
    assert shown(room, "train-7").team == "nlp"

    room.fleet.change("train-7", tags={"team": "vision"})
    room.sweep()

    assert shown(room, "train-7").team == "vision"


def test_spot_has_no_list_price_and_is_not_called_free_of_charge(room):
    assert shown(room, "sweep-1").rate is None


def test_a_look_without_instances_empties_only_its_own_source(room):
    sweeping.record(room.desk, Look(EAST), room.clock())

    assert shown(room, "train-7") is None
    assert shown(room, "train-3").running


def test_the_holder_is_who_held_it_when_the_time_was_charged(room):
    sharing.claim(room.desk, room.machine("train-7").id, ADA, length=8 * HOUR)
    room.sweep()
    room.clock.forward(HOUR)
    room.sweep()

    assert [(row["holder"], row["running_ms"]) for row in charged(room, "train-7")] == [(ADA, HOUR)]


def test_a_region_taken_out_of_the_settings_says_so(room):
    for name in ("train-3", "train-9", "eval-2", "label-1", "sweep-1", "scratch"):
        room.fleet._machines.pop(name)

    room.sweep()

    _, west = fleet.sources(room.desk.store.reading())
    assert (west.name, west.error) == (WEST, sweeping.NOT_LOOKED_AT)
