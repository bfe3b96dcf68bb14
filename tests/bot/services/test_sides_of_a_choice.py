"""Both sides of an "or" and of an "and" count in what services decide, each where the other makes no difference."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.machines.fleet import Instance, SourceSnapshot
from bot.domain.machines.readings import AgentReport
from bot.domain.money.scope import Scope
from bot.domain.sharing.runs import RUN_SILENT_MS, RUN_UNSEEN_MS, Run
from bot.errors import Refused
from bot.services.machines import owned
from bot.services.machines.fleet import NOT_LOOKED_AT, OWNED_SOURCE
from bot.services.money import ledger, prices, rent_or_buy
from bot.services.money.forecast_inputs import foresee
from bot.services.money.rent_or_buy import GivenFigures
from bot.services.own_settings import make_due_own_digests
from bot.services.sharing.run_ends import is_run_unseen, machine_end_reason, silent_reason
from bot.settings import parse
from store import outbox as stored_outbox
from store.machines import agents
from store.machines import fleet as stored_fleet
from store.money import source_reads
from tests.bot.services.room import ADA, BOB, SETTINGS, Room
from tests.conftest import MONDAY

BEGAN = 10 * HOUR_MS
RUN = Run("r", "train", "true", "nia", "i-1", "c", ADA, "C0", created_at=0, started_at=BEGAN, state="running")


@pytest.mark.parametrize(
    ("run", "last"),
    [
        (RUN, BEGAN),
        (replace(RUN, started_at=None), 0),
        (replace(RUN, heard_at=BEGAN + 5), BEGAN + 5),
        (replace(RUN, heard_at=1), BEGAN),
    ],
)
def test_a_run_is_silent_since_it_was_heard_of_began_or_was_asked_for(run, last):
    assert not is_run_unseen(run, last + RUN_UNSEEN_MS)
    assert is_run_unseen(run, last + RUN_UNSEEN_MS + 1)


@pytest.mark.parametrize(
    ("run", "machine", "why"),
    [
        (RUN, {}, ""),
        (RUN, {"state": "stopped"}, "m is stopped."),
        (RUN, {"launched_at": BEGAN}, ""),
        (RUN, {"launched_at": BEGAN + 1}, "m was started again meanwhile."),
        (replace(RUN, started_at=None), {"launched_at": 1}, "m was started again meanwhile."),
    ],
)
def test_a_run_ends_with_the_launch_it_began_in(run, machine, why):
    assert machine_end_reason(replace(Instance("i-1", "m", "ec2", "s", "t", "running"), **machine), run) == why


def test_an_owned_machines_run_is_lost_once_neither_it_nor_its_agent_is_heard(room):
    machine = Instance("i-1", "m", "owned", OWNED_SOURCE, "t", "running")
    db, room.clock.now = room.ctx.store.reading(), BEGAN + RUN_SILENT_MS

    assert silent_reason(room.ctx, db, machine, RUN) == ""
    room.clock.forward(1)
    assert silent_reason(room.ctx, db, machine, RUN) == "The agent of m has told nothing for 15 minutes."
    assert silent_reason(room.ctx, db, machine, replace(RUN, heard_at=BEGAN + 1)) == ""


def test_only_an_owned_machine_has_commands_that_switch_it(room):
    hosts = {"dgx-1": {"team": "nlp", "power_off": ["off"]}, "dgx-2": {"power_on": ["on"]}}
    room.settings = parse({**SETTINGS, "owned": {"hosts": hosts}}, {})
    room.reopen()

    def switches(name, provider="owned"):
        return room.ctx.switches(Instance(name, name, provider, "s", "t", "running"))

    assert (switches("dgx-1"), switches("dgx-2")) == ({"stop"}, {"start"})
    assert switches("dgx-1", "ec2") == switches("dgx-3") == frozenset()


def test_nothing_is_known_of_rented_machines_where_none_that_counts_was_read(tmp_path, clock):
    room = Room(tmp_path / "empty.db", clock, alone=True)

    def read(source, error=""):
        with room.ctx.store.writing() as db:
            for each in ("", error) if error else ("",):
                stored_fleet.note_source_read(db, SourceSnapshot(source, error=each), clock())
            db.execute("DELETE FROM source_reads")

    none = "Valet has not looked at the fleet yet"
    assert ledger.why_nothing_known(room.ctx).startswith(none)
    read(OWNED_SOURCE)
    assert ledger.why_nothing_known(room.ctx).startswith(none)
    read("ec2/1/eu", NOT_LOOKED_AT)
    assert ledger.why_nothing_known(room.ctx).startswith(none)
    read("ec2/1/us")
    assert ledger.why_nothing_known(room.ctx) == ""
    room.close()


def test_a_type_is_priced_only_where_it_is_used_or_may_be_launched(tmp_path, clock):
    box = {"name": "box", "template": "lt-1", "region": "eu-west-1", "account": "1" * 12, "type": "g5.xlarge"}
    room = Room(tmp_path / "room.db", clock, settings={**SETTINGS, "launch": [{**box, "gpu": "A10G", "gpus": 1}]})
    room.sweep()

    def places(kind):
        return {offer.place for offer in prices.prices_of_type(room.ctx, kind).offers}

    assert any("eu-west-1" in place for place in places("g5.xlarge"))
    assert not any("eu-west-1" in place for place in places("p4d.24xlarge"))
    room.close()


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        (Scope(), "Nothing was rented in the last"),
        (Scope("team", "none"), "Nothing was rented by team none in the last"),
        (Scope("instance", "i-none", "train-7"), "Nothing was rented as train-7 in the last"),
        (Scope("instance", "i-none"), "Nothing was rented as i-none in the last"),
    ],
)
def test_what_was_not_rented_is_named_as_it_was_asked_for(room, scope, told):
    with pytest.raises(Refused, match=told):
        rent_or_buy.advise(room.ctx, scope, GivenFigures())


def test_only_gpus_that_an_agent_sees_can_be_confirmed(room):
    room.fleet.change("train-7", provider="owned", source=OWNED_SOURCE)
    room.sweep()
    machine = room.machine("train-7")

    def says(count, seen=None):
        if seen is not None:
            with room.ctx.store.writing() as db:
                agents.save_report(db, AgentReport(machine.id, room.clock(), seen, "1", "1"))
        with pytest.raises(Refused) as told:
            owned.confirm_gpus(room.ctx, machine.id, BOB, count)
        return told.value.sentence

    assert says(8).startswith("No agent sees a GPU of train-7 now")
    assert says(0, 0).startswith("No agent sees a GPU of train-7 now")
    assert says(8, 7).startswith("The agent of train-7 sees 7 GPUs now")


def test_without_a_channel_nothing_is_queued(room):
    with room.ctx.store.writing() as db:
        before = stored_outbox.counts(db)
        stored_outbox.tell(db, "", "ref", kind="x", subject="", now=1)
        assert stored_outbox.counts(db) == before
        stored_outbox.tell(db, "C1", "ref", kind="x", subject="", now=1)
        assert stored_outbox.counts(db) != before


def test_an_action_on_what_is_not_rented_changes_nothing_that_is_foreseen(room):
    room.reports("train-7", 0.0)
    machine = room.machine("train-7").id
    before = foresee(room.ctx, room.clock())
    room.approves(room.asks("train-7"))
    stopping = foresee(room.ctx, room.clock())
    with room.ctx.store.writing() as db:
        db.execute("UPDATE instances SET provider = 'owned' WHERE id = ?", [machine])
    owned_by_then = foresee(room.ctx, room.clock())

    assert [each.facts[machine].stopping for each in (before, stopping)] == [False, True]
    assert machine not in owned_by_then.facts


def test_a_type_is_known_by_a_list_price_a_price_to_buy_or_a_machine(tmp_path, clock):
    room = Room(tmp_path / "room.db", clock)
    room.sweep()
    assert rent_or_buy.is_known_type(room.ctx, "p5.48xlarge")
    assert not rent_or_buy.is_known_type(room.ctx, "x9.odd")
    room.fleet.change("train-7", type="x9.odd")
    room.sweep()
    assert rent_or_buy.is_known_type(room.ctx, "x9.odd")
    room.close()


def test_the_first_and_last_of_some_days_are_known_where_all_were_read(room):
    zone, midnight = ZoneInfo("UTC"), MONDAY - 9 * HOUR_MS
    sunday, monday = date(2026, 11, 22), date(2026, 11, 23)
    with room.ctx.store.writing() as db:
        db.execute("DELETE FROM source_reads")
        for source in ("ec2/1/eu", "ec2/1/us"):
            source_reads.carry(db, source, midnight - 2 * DAY_MS, midnight + 2 * DAY_MS)

    def known(first, last):
        return ledger.days_known_in(room.ctx.store.reading(), first, last, zone, midnight + 2 * DAY_MS)

    assert known(sunday, monday) == {sunday, monday}
    assert known(monday, monday) == {monday}
    assert known(monday, sunday) == frozenset()


def test_digests_in_person_are_counted_as_they_are_made(room):
    assert make_due_own_digests(room.ctx) == 0
