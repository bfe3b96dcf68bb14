"""Two who decide at one moment: one of them does it, the other hears so, and nobody else waits for that."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.sharing.bookings import BookingRequest
from bot.domain.sharing.claims import GpuChoice
from bot.services.acting import approvals, rule_stops
from bot.services.sharing import booking_slots, bookings, claims, grants
from bot.services.sharing import limits as limits_service
from store.acting import actions
from store.sharing import bookings as stored_bookings
from store.sharing import claims as stored_claims
from store.sharing import grants as stored_grants
from tests.bot.services.room import ADA, BOB, SETTINGS, Room

HOURS = {"pausing": {"hours": "Mon-Sun 08:00-11:00"}}
WITH_HOURS = copy.deepcopy(SETTINGS) | {"teams": {name: team | HOURS for name, team in SETTINGS["teams"].items()}}


class Between:
    """A store in which somebody is quicker: just before a transaction begins, they do what they do."""

    def __init__(self, store: Any, act: Callable[[], object]) -> None:
        self.store, self.acts = store, [act]

    def writing(self) -> Any:
        if self.acts:
            self.acts.pop()()
        return self.store.writing()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


def after(room: Room, act: Callable[[], object]) -> Any:
    """The context of a thread that looked just before somebody acted."""
    return replace(room.ctx, store=Between(room.ctx.store, act))


def goes_on(room: Room, minutes: int) -> None:
    for _ in range(minutes // 3):
        room.clock.forward(3 * MINUTE_MS)
        for name in ("train-7", "nb-5"):
            room.reports(name, 0.0, minutes=3)
        room.tick()
        rule_stops.run_rules(room.ctx)
        room.posted()


@pytest.mark.slow
@pytest.mark.parametrize(("stopped", "other"), [("nb-5", "train-7"), ("train-7", "nb-5")])
def test_a_stop_that_a_person_asks_for_just_then_takes_no_other_machine_its_turn(tmp_path, clock, stopped, other):
    room = Room(tmp_path / "room.db", clock, settings=WITH_HOURS)
    room.sweep()
    for name in ("train-7", "nb-5"):
        room.reports(name, 0.0)
    goes_on(room, 117)
    room.clock.forward(3 * MINUTE_MS)
    for name in ("train-7", "nb-5"):
        room.reports(name, 0.0, minutes=3)
    room.tick()

    rule_stops.run_rules(after(room, lambda: approvals.ask_to_stop(room.ctx, room.machine(stopped).id, ADA)))

    asked = actions.live_on(room.ctx.store.reading(), room.machine(stopped).id)
    by_rule = actions.live_on(room.ctx.store.reading(), room.machine(other).id)
    assert asked is not None
    assert (asked.requester, asked.state) == (ADA, "pending")
    assert by_rule is not None
    assert by_rule.facts.rule == "hours"
    room.close()


def test_a_grant_that_another_thread_makes_just_then_is_told_once_and_as_made(tmp_path, clock):
    limits = {"claims": {"gpus_per_person": 1, "at_limit": "ask"}}
    room = Room(tmp_path / "room.db", clock, settings={**SETTINGS, **limits})
    room.sweep()
    machine = room.machine("train-7").id
    with pytest.raises(limits_service.OverLimit) as over:
        claims.claim_gpus(room.ctx, machine, ADA, choice=GpuChoice(count=2))
    grant = grants.draft_claim(room.ctx, over.value, choice=GpuChoice(count=2))
    grants.ask_grant(room.ctx, grant.id, ADA)
    with room.ctx.store.writing() as db:
        stored_grants.note_decision(db, grant.id, BOB, clock(), yes=True)

    grants.carry_out_grants(after(room, lambda: grants.carry_out_grants(room.ctx)))

    made = stored_grants.by_id(room.ctx.store.reading(), grant.id)
    [held] = stored_claims.open_claims_on(room.ctx.store.reading(), machine)
    assert made is not None
    assert (made.state, made.outcome, len(held.gpus)) == ("claimed", "", 2)
    assert room.told(ADA, "grant_ended") == [grant.id]
    room.close()


def test_a_weekly_booking_that_is_cancelled_just_then_gets_no_further_times(tmp_path, clock):
    room = Room(tmp_path / "room.db", clock)
    room.sweep()
    wish = BookingRequest(clock() + 2 * HOUR_MS, HOUR_MS, GpuChoice(count=1), weekly=True)
    _, [*_, last] = bookings.book_gpus(room.ctx, room.machine("train-7").id, ADA, wish)
    clock.forward(7 * DAY_MS)

    booking_slots.extend_weekly_bookings(
        after(room, lambda: bookings.cancel_booking(room.ctx, last.id, ADA, series=True))
    )

    assert stored_bookings.slots_ahead(room.ctx.store.reading(), holder=ADA) == []
    room.close()
