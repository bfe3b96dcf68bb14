"""Every statement of the store about one row: it is about that row, and about no other."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from bot.domain.acting.parking import Parking
from bot.domain.acting.snoozes import Snooze
from bot.domain.sharing.runs import Seen
from store import audit, fleet, listings, outbox
from store.acting import actions, consents, drains, hours_wishes, parkings, snoozes, standstills
from store.measuring import agents, minutes
from store.sharing import bookings, calendars, claims, grants, handovers, line, questions, reminders, requests, runs
from store.sharing import squats as squatters
from store.sql import rows
from tests.neighbours import CHANNEL, CLAIM, FAR, MACHINE, NEAR, NIA, OLA, PAT, ROWS, STOP, TEAM, WAITER


@dataclass(frozen=True, slots=True)
class Key:
    """What chooses the row; nothing is called `other`."""

    theirs: Any

    @property
    def other(self) -> Any:
        return "another" if isinstance(self.theirs, str) else self.theirs + 1_000


Case = tuple[Callable[..., Any], tuple[Any, ...]]

READS: list[Case] = [
    (claims.by_id, (Key(CLAIM),)),
    (claims.open_on, (Key(MACHINE),)),
    (claims.held_by, (Key(NIA),)),
    (lambda db, who: claims.since(db, 0, holder=who), (Key(NIA),)),
    (lambda db, team: claims.since(db, 0, team=team), (Key(TEAM),)),
    (claims.holds, (Key("ec2/next-door"), 0, Key(MACHINE))),
    (lambda db, machine: claims.open_ones(db, [machine]), (Key(MACHINE),)),
    (handovers.by_id, (Key("handover-next-door"),)),
    (handovers.open_for, (Key(CLAIM),)),
    (questions.by_id, (Key("question-next-door"),)),
    (questions.batch, (Key("batch-next-door"),)),
    (questions.asked_on, (Key(NIA), "")),
    (questions.asked_lately, (Key(CLAIM), 0)),
    (lambda db, claim: questions.open_ones(db, claim_id=claim), (Key(CLAIM),)),
    (requests.by_id, (Key("request-next-door"),)),
    (requests.of, (Key(CLAIM), Key(OLA))),
    (requests.unanswered, (Key(CLAIM),)),
    (reminders.of, (Key(CLAIM),)),
    (line.by_id, (Key(WAITER),)),
    (line.of_person, (Key(OLA),)),
    (line.place, (Key(OLA), Key(MACHINE), "")),
    (line.offer_by_id, (Key("offer-next-door"),)),
    (line.last_offer, (Key(WAITER),)),
    (line.offer_to, (Key(WAITER),)),
    (lambda db, machine: line.offers_on(db, [machine]), (Key(MACHINE),)),
    (bookings.by_id, (Key("booking-next-door"),)),
    (bookings.slot, (Key("slot-next-door"),)),
    (bookings.last_start, (Key("booking-next-door"),)),
    (bookings.count_of, (Key(NIA),)),
    (lambda db, machine: bookings.ahead(db, instance_id=machine), (Key(MACHINE),)),
    (lambda db, who: bookings.ahead(db, holder=who), (Key(NIA),)),
    (lambda db, booking: bookings.ahead(db, booking_id=booking), (Key("booking-next-door"),)),
    (grants.by_id, (Key("grant-next-door"),)),
    (squatters.by_id, (Key("squat-next-door"),)),
    (squatters.asked_lately, (Key(NIA), Key(MACHINE), 0)),
    (runs.by_id, (Key("run-next-door"),)),
    (runs.live, (Key(MACHINE),)),
    (runs.newest_of, (Key(NIA), 5)),
    (actions.by_id, (Key(STOP),)),
    (actions.live_on, (Key(MACHINE),)),
    (actions.of_batch, (Key("batch-next-door"),)),
    (actions.live_stops, (Key(TEAM), 0)),
    (consents.by_id, (Key("consent-next-door"),)),
    (consents.of, (Key(STOP),)),
    (consents.hold_back, (Key(STOP),)),
    (snoozes.lately, (Key(MACHINE), NEAR)),
    (snoozes.on, (Key(MACHINE), NEAR)),
    (drains.by_id, (Key("drain-next-door"),)),
    (lambda db, machine: drains.open_on(db, [machine]), (Key(MACHINE),)),
    (hours_wishes.by_id, (Key("wish-next-door"),)),
    (hours_wishes.pending, (Key(MACHINE),)),
    (parkings.of_basis, (Key(MACHINE), Key("hours"), Key(NEAR))),
    (parkings.of_action, (Key(STOP),)),
    (parkings.at, (Key(CHANNEL), Key(FAR))),
    (parkings.newest_by_hours, (Key(MACHINE),)),
    (standstills.of, (Key(MACHINE),)),
    (standstills.of_source, (Key("ec2/next-door"),)),
    (calendars.feed, (Key("0" * 64),)),
    (minutes.users_on, (Key(MACHINE), 0)),
    (minutes.programs_on, (Key(MACHINE), 0)),
    (minutes.seen_until, (Key(MACHINE), 0)),
    (minutes.boot, (Key(MACHINE), Key("theirs"))),
    (minutes.quiet_from, (Key(MACHINE), FAR)),
    (fleet.by_id, (Key(MACHINE),)),
    (fleet.team_of, (Key(MACHINE),)),
    (fleet.of_source, (Key("ec2/next-door"),)),
    (fleet.pool, (Key(TEAM),)),
    (fleet.ok_at, (Key("ec2/next-door"),)),
    (listings.by_id, (Key(MACHINE),)),
    (listings.matching, (Key("next-door"),)),
    (listings.terms, (Key("ec2/next-door"),)),
    (outbox.posted_at, (Key(CHANNEL), Key("posted-next-door"))),
    (outbox.is_on_its_way, (Key(CHANNEL), Key("waits-next-door"))),
    (outbox.dead_of, (Key("dead-next-door"),)),
    (outbox.places, (Key("waits-next-door"),)),
    (outbox.places, (Key("posted-next-door"),)),
    (outbox.is_posted, (Key("posted-next-door"),)),
    (outbox.was_sent, (Key("posted-next-door"), FAR)),
    (audit.of, (Key(MACHINE),)),
    (audit.refused_since, (Key(NIA), 0)),
]


def row_of(row_id: int) -> dict[str, Any]:
    return {"id": row_id, "channel": "C0", "ref": "another", "kind": "", "subject": "", "ts": "1.0"}


def snooze(machine: str, who: str) -> Snooze:
    return Snooze(instance_id=machine, until_at=FAR, who=who, made_at=NEAR, reason="", since_at=NEAR)


def parking(machine: str, rule: Any, basis: int, acts: int) -> Parking:
    return Parking(machine, rule, basis, acts, CHANNEL, PAT)


PLANNED = (Key(MACHINE), Key("hours"), Key(NEAR), Key(FAR))
WRITES: list[Case] = [
    (claims.end, (Key(CLAIM), FAR, "released")),
    (claims.extend, (Key(CLAIM), FAR + 1)),
    (handovers.settle, (Key("handover-next-door"), "lapsed", FAR)),
    (questions.settle, (Key("question-next-door"), "ended", FAR)),
    (questions.set_deadline, (Key("question-next-door"), FAR + 1)),
    (requests.answer, (Key("request-next-door"), FAR, "kept")),
    (reminders.say, (Key(CLAIM), 1)),
    (reminders.close, (Key(CLAIM),)),
    (line.end, (Key(WAITER), FAR, "left")),
    (line.close, (Key("offer-next-door"), FAR, "lapsed")),
    (line.prolong, (Key("offer-next-door"), FAR + 1)),
    (partial(bookings.end, who=PAT), (Key("booking-next-door"), FAR)),
    (bookings.mark_told, (Key("slot-next-door"), FAR)),
    (lambda db, booking: bookings.rehouse(db, booking, MACHINE, {"slot-next-door": (5,)}), (Key("booking-next-door"),)),
    (grants.move, (Key("grant-next-door"), "pending", "expired")),
    (partial(grants.decide, yes=True), (Key("grant-next-door"), PAT, FAR)),
    (runs.wish, (Key("run-next-door"), PAT)),
    (runs.progress, (Key("run-next-door"), "said")),
    (lambda db, run: runs.finish(db, run, "done", Seen("done", 0), FAR), (Key("run-next-door"),)),
    (actions.move, (Key(STOP), "pending", "expired")),
    (consents.answer, (Key("consent-next-door"), "agreed", FAR)),
    (lambda db, machine, who: snoozes.end(db, snooze(machine, who), NEAR), (Key(MACHINE), Key(PAT))),
    (drains.end, (Key("drain-next-door"), FAR)),
    (hours_wishes.end, (Key("wish-next-door"), "denied", FAR)),
    (parkings.mark_void, (Key(MACHINE), FAR)),
    (parkings.drop_hours, (Key(MACHINE),)),
    (lambda db, *planned: parkings.warn(db, parking(*planned), 1), PLANNED),
    (lambda db, machine: standstills.end(db, [machine]), (Key(MACHINE),)),
    (lambda db, machine: fleet.mark_gone(db, [machine], 1), (Key(MACHINE),)),
    (lambda db, person, team: calendars.drop(db, person=person, team=team), (Key(NIA), Key(TEAM))),
    (lambda db, person: calendars.drop(db, person=person), (Key(NIA),)),
    (outbox.start, (Key(1), 1)),
    (lambda db, row_id: outbox.sent(db, row_of(row_id), "C0", "1.0"), (Key(1),)),
    (lambda db, row_id: outbox.retry(db, row_of(row_id), 1, "late"), (Key(1),)),
    (lambda db, row_id: outbox.bury(db, row_of(row_id), "gone"), (Key(1),)),
    (outbox.revive, (Key(CHANNEL), Key("gone"), 1)),
    (outbox.drop, (Key(CHANNEL), Key("gone"))),
    (agents.revoke, (Key("next-door"), 1)),
]


def everything(db: Any) -> dict[str, list[dict[str, Any]]]:
    return {table: rows(db, f"SELECT * FROM {table}") for table in sorted({table for table, _ in ROWS} - {"posts"})}


def missing_by_one(args: tuple[Any, ...]) -> list[list[Any]]:
    """The arguments with each key in turn replaced by another."""
    keys = [place for place, value in enumerate(args) if isinstance(value, Key)]
    return [
        [(v.other if place == wrong else v.theirs) if isinstance(v, Key) else v for place, v in enumerate(args)]
        for wrong in keys
    ]


def exactly(args: tuple[Any, ...]) -> list[Any]:
    return [value.theirs if isinstance(value, Key) else value for value in args]


@pytest.mark.parametrize(("read", "args"), READS)
def test_what_is_asked_about_one_is_not_answered_with_another(awake, read, args):
    db = awake.reading()

    assert read(db, *exactly(args))
    for wrong in missing_by_one(args):
        assert not read(db, *wrong), wrong


@pytest.mark.parametrize(("write", "args"), WRITES)
def test_what_is_done_to_one_is_not_done_to_another(awake, write, args):
    with awake.writing() as db:
        before = everything(db)
        for wrong in missing_by_one(args):
            write(db, *wrong)
            assert everything(db) == before, wrong
        db.execute("SAVEPOINT meant")
        write(db, *exactly(args))
        after = everything(db)
        db.execute("ROLLBACK TO meant")
    assert after != before
