"""Every statement of the store about one row: it is about that row, and about no other."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from bot.domain.acting.rule_stops import RuleStop
from bot.domain.acting.snooze import Snooze
from bot.domain.sharing.runs import RunLook
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.acting import actions
from store.acting import approvals as stored_approvals
from store.acting import dormant as stored_dormant
from store.acting import drain as stored_drain
from store.acting import hours as stored_hours
from store.acting import rule_stops as stored_rule_stops
from store.acting import snooze as stored_snooze
from store.machines import agents, listings
from store.machines import fleet as stored_fleet
from store.machines import readings as stored_readings
from store.sharing import bookings as stored_bookings
from store.sharing import calendar as stored_calendar
from store.sharing import checkins as stored_checkins
from store.sharing import claims as stored_claims
from store.sharing import grants as stored_grants
from store.sharing import handovers as stored_handovers
from store.sharing import line as stored_line
from store.sharing import reminders as stored_reminders
from store.sharing import requests as stored_requests
from store.sharing import runs as stored_runs
from store.sharing import unclaimed as stored_unclaimed
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
    (stored_claims.by_id, (Key(CLAIM),)),
    (stored_claims.open_claims_on, (Key(MACHINE),)),
    (stored_claims.open_claims_of, (Key(NIA),)),
    (lambda db, who: stored_claims.claims_since(db, 0, holder=who), (Key(NIA),)),
    (lambda db, team: stored_claims.claims_since(db, 0, team=team), (Key(TEAM),)),
    (stored_claims.holds_by_instance, (Key("ec2/next-door"), 0, Key(MACHINE))),
    (lambda db, machine: stored_claims.open_claims(db, [machine]), (Key(MACHINE),)),
    (stored_handovers.by_id, (Key("handover-next-door"),)),
    (stored_handovers.open_handover, (Key(CLAIM),)),
    (stored_checkins.by_id, (Key("question-next-door"),)),
    (stored_checkins.checkins_in_batch, (Key("batch-next-door"),)),
    (stored_checkins.was_asked_on, (Key(NIA), Key(""))),
    (stored_checkins.asked_about_claim, (Key(CLAIM), 0)),
    (lambda db, claim: stored_checkins.open_checkins(db, claim_id=claim), (Key(CLAIM),)),
    (stored_requests.by_id, (Key("request-next-door"),)),
    (stored_requests.request_by, (Key(CLAIM), Key(OLA))),
    (stored_requests.unanswered_requests, (Key(CLAIM),)),
    (stored_reminders.reminder_of, (Key(CLAIM),)),
    (stored_line.by_id, (Key(WAITER),)),
    (stored_line.places_of, (Key(OLA),)),
    (stored_line.place_of_person, (Key(OLA), Key(MACHINE), Key(""))),
    (stored_line.offer_by_id, (Key("offer-next-door"),)),
    (stored_line.newest_offer, (Key(WAITER),)),
    (stored_line.offer_to, (Key(WAITER),)),
    (lambda db, machine: stored_line.offers_on(db, [machine]), (Key(MACHINE),)),
    (stored_bookings.by_id, (Key("booking-next-door"),)),
    (stored_bookings.slot_by_id, (Key("slot-next-door"),)),
    (stored_bookings.last_slot_start, (Key("booking-next-door"),)),
    (stored_bookings.count_bookings, (Key(NIA),)),
    (lambda db, machine: stored_bookings.slots_ahead(db, instance_id=machine), (Key(MACHINE),)),
    (lambda db, who: stored_bookings.slots_ahead(db, holder=who), (Key(NIA),)),
    (lambda db, booking: stored_bookings.slots_ahead(db, booking_id=booking), (Key("booking-next-door"),)),
    (stored_grants.by_id, (Key("grant-next-door"),)),
    (stored_unclaimed.by_id, (Key("squat-next-door"),)),
    (stored_unclaimed.asked_person, (Key(NIA), Key(MACHINE), 0)),
    (stored_runs.by_id, (Key("run-next-door"),)),
    (stored_runs.live_runs, (Key(MACHINE),)),
    (stored_runs.newest_runs, (Key(NIA), 5)),
    (actions.by_id, (Key(STOP),)),
    (actions.live_on, (Key(MACHINE),)),
    (actions.of_batch, (Key("batch-next-door"),)),
    (actions.live_stops, (Key(TEAM), 0)),
    (stored_approvals.by_id, (Key("consent-next-door"),)),
    (stored_approvals.consents_about, (Key(STOP),)),
    (stored_approvals.hold_back, (Key(STOP),)),
    (stored_snooze.lately, (Key(MACHINE), NEAR)),
    (stored_snooze.on, (Key(MACHINE), NEAR)),
    (stored_drain.by_id, (Key("drain-next-door"),)),
    (lambda db, machine: stored_drain.open_on(db, [machine]), (Key(MACHINE),)),
    (stored_hours.request_by_id, (Key("wish-next-door"),)),
    (stored_hours.pending_requests, (Key(MACHINE),)),
    (stored_rule_stops.of_basis, (Key(MACHINE), Key("hours"), Key(NEAR))),
    (stored_rule_stops.of_action, (Key(STOP),)),
    (stored_rule_stops.stops_at, (Key(CHANNEL), Key(FAR))),
    (stored_rule_stops.newest_by_hours, (Key(MACHINE),)),
    (stored_dormant.kept_standstill, (Key(MACHINE),)),
    (stored_dormant.standstills_of, (Key("ec2/next-door"),)),
    (stored_calendar.owner_of_feed, (Key("0" * 64),)),
    (stored_readings.users_on, (Key(MACHINE), 0)),
    (stored_readings.programs_on, (Key(MACHINE), 0)),
    (stored_readings.seen_until, (Key(MACHINE), 0)),
    (stored_readings.boot, (Key(MACHINE), Key("theirs"))),
    (stored_readings.quiet_from, (Key(MACHINE), FAR)),
    (stored_fleet.by_id, (Key(MACHINE),)),
    (stored_fleet.team_of, (Key(MACHINE),)),
    (stored_fleet.rows_of_source, (Key("ec2/next-door"),)),
    (stored_fleet.pool, (Key(TEAM),)),
    (stored_fleet.ok_at, (Key("ec2/next-door"),)),
    (listings.by_id, (Key(MACHINE),)),
    (listings.matching_listings, (Key("next-door"),)),
    (listings.charge_terms, (Key("ec2/next-door"),)),
    (stored_outbox.posted_at, (Key(CHANNEL), Key("posted-next-door"))),
    (stored_outbox.is_on_its_way, (Key(CHANNEL), Key("waits-next-door"))),
    (stored_outbox.dead_of, (Key("dead-next-door"),)),
    (stored_outbox.message_places, (Key("waits-next-door"),)),
    (stored_outbox.message_places, (Key("posted-next-door"),)),
    (stored_outbox.is_posted, (Key("posted-next-door"),)),
    (stored_outbox.was_sent, (Key("posted-next-door"), FAR)),
    (stored_audit.entries_about, (Key(MACHINE),)),
    (stored_audit.refused_since, (Key(NIA), 0)),
]


def row_of(row_id: int) -> dict[str, Any]:
    return {"id": row_id, "channel": "C0", "ref": "another", "kind": "", "subject": "", "ts": "1.0"}


def snooze(machine: str, who: str) -> Snooze:
    return Snooze(instance_id=machine, until_at=FAR, who=who, made_at=NEAR, reason="", since_at=NEAR)


def parking(machine: str, rule: Any, basis: int, acts: int) -> RuleStop:
    return RuleStop(machine, rule, basis, acts, CHANNEL, PAT)


PLANNED = (Key(MACHINE), Key("hours"), Key(NEAR), Key(FAR))
WRITES: list[Case] = [
    (stored_claims.end, (Key(CLAIM), FAR, "released")),
    (stored_claims.move_end, (Key(CLAIM), FAR + 1)),
    (stored_handovers.settle_handover, (Key("handover-next-door"), "lapsed", FAR)),
    (stored_checkins.settle_checkin, (Key("question-next-door"), "ended", FAR)),
    (stored_checkins.set_checkin_deadline, (Key("question-next-door"), FAR + 1)),
    (stored_requests.note_answer, (Key("request-next-door"), FAR, "kept")),
    (stored_reminders.note_reminder_mark, (Key(CLAIM), 1)),
    (stored_reminders.close_reminder, (Key(CLAIM),)),
    (stored_line.end, (Key(WAITER), FAR, "left")),
    (stored_line.close_offer, (Key("offer-next-door"), FAR, "lapsed")),
    (stored_line.prolong_offer, (Key("offer-next-door"), FAR + 1)),
    (partial(stored_bookings.end, who=PAT), (Key("booking-next-door"), FAR)),
    (stored_bookings.mark_slot_told, (Key("slot-next-door"), FAR)),
    (
        lambda db, booking: stored_bookings.move_booking(db, booking, MACHINE, {"slot-next-door": (5,)}),
        (Key("booking-next-door"),),
    ),
    (stored_grants.move_grant, (Key("grant-next-door"), "pending", "expired")),
    (partial(stored_grants.note_decision, yes=True), (Key("grant-next-door"), PAT, FAR)),
    (stored_runs.note_cancelled, (Key("run-next-door"), PAT)),
    (stored_runs.keep_output, (Key("run-next-door"), "said")),
    (lambda db, run: stored_runs.end_run(db, run, "done", RunLook("done", 0), FAR), (Key("run-next-door"),)),
    (actions.move, (Key(STOP), "pending", "expired")),
    (stored_approvals.note_consent_answer, (Key("consent-next-door"), "agreed", FAR)),
    (lambda db, machine, who: stored_snooze.end(db, snooze(machine, who), NEAR), (Key(MACHINE), Key(PAT))),
    (stored_drain.end, (Key("drain-next-door"), FAR)),
    (stored_hours.end_request, (Key("wish-next-door"), "denied", FAR)),
    (stored_hours.mark_void, (Key(MACHINE), FAR)),
    (stored_hours.drop_hours, (Key(MACHINE),)),
    (lambda db, *planned: stored_rule_stops.note_warned(db, parking(*planned), 1), PLANNED),
    (lambda db, machine: stored_dormant.end(db, [machine]), (Key(MACHINE),)),
    (lambda db, machine: stored_fleet.mark_gone(db, [machine], 1), (Key(MACHINE),)),
    (lambda db, person, team: stored_calendar.drop_feeds(db, person=person, team=team), (Key(NIA), Key(TEAM))),
    (lambda db, person: stored_calendar.drop_feeds(db, person=person), (Key(NIA),)),
    (stored_outbox.start, (Key(1), 1)),
    (lambda db, row_id: stored_outbox.sent(db, row_of(row_id), "C0", "1.0"), (Key(1),)),
    (lambda db, row_id: stored_outbox.retry(db, row_of(row_id), 1, "late"), (Key(1),)),
    (lambda db, row_id: stored_outbox.bury(db, row_of(row_id), "gone"), (Key(1),)),
    (stored_outbox.revive, (Key(CHANNEL), Key("gone"), 1)),
    (stored_outbox.drop_rows, (Key(CHANNEL), Key("gone"))),
    (agents.revoke_token, (Key("next-door"), 1)),
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
