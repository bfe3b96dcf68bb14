"""What has ended, or is not due, is on no list of what goes on or is."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.domain.clock import HOUR_MS
from store import outbox as stored_outbox
from store.acting import actions
from store.acting import approvals as stored_approvals
from store.acting import drain as stored_drain
from store.acting import hours as stored_hours
from store.acting import rule_stops as stored_rule_stops
from store.acting import snooze as stored_snooze
from store.machines import fleet as stored_fleet
from store.sharing import bookings as stored_bookings
from store.sharing import checkins as stored_checkins
from store.sharing import claims as stored_claims
from store.sharing import grants as stored_grants
from store.sharing import handovers as stored_handovers
from store.sharing import line as stored_line
from store.sharing import reminders as stored_reminders
from store.sharing import requests as stored_requests
from store.sharing import runs as stored_runs
from store.sharing import unclaimed as stored_unclaimed
from tests.neighbours import CHANNEL, CLAIM, FAR, MACHINE, NEAR, NIA, OLA, PAT, STOP, TEAM, WAITER

CLAIMS_ENDED = "UPDATE claims SET ended_at = 1, end_reason = 'released'"
OFFERS_ENDED = "UPDATE offers SET state = 'lapsed', ended_at = 1"
LEFT = "UPDATE waiters SET ended_at = 1, end_reason = 'left'"
ENDS: list[tuple[Callable[[Any], Any], str]] = [
    (lambda db: stored_claims.open_claims_on(db, MACHINE), CLAIMS_ENDED),
    (lambda db: stored_claims.open_claims(db, [MACHINE]), CLAIMS_ENDED),
    (lambda db: stored_claims.open_claims_of(db, NIA), CLAIMS_ENDED),
    (lambda db: stored_claims.claims_since(db, 1, holder=NIA), CLAIMS_ENDED),
    (lambda db: stored_claims.recent_claims(db, 1), CLAIMS_ENDED),
    (lambda db: stored_claims.holds_by_instance(db, "ec2/next-door", 1), CLAIMS_ENDED),
    (lambda db: stored_claims.claims_ending(db, FAR), CLAIMS_ENDED),
    (lambda db: stored_claims.claims_ending(db, FAR), "UPDATE claims SET until_at = until_at + 1"),
    (lambda db: stored_claims.move_end(db, CLAIM, FAR + 1), CLAIMS_ENDED),
    (lambda db: stored_checkins.idle_claims(db, NEAR), CLAIMS_ENDED),
    (lambda db: stored_checkins.idle_claims(db, NEAR), "UPDATE claims SET from_at = from_at + 1"),
    (lambda db: stored_checkins.idle_claims(db, NEAR), "UPDATE verdicts SET state = 'active'"),
    (lambda db: stored_checkins.idle_claims(db, NEAR), "UPDATE verdicts SET instance_id = 'i-across'"),
    (lambda db: stored_checkins.long_claims(db, HOUR_MS - 1, NEAR), CLAIMS_ENDED),
    (lambda db: stored_checkins.long_claims(db, HOUR_MS - 1, NEAR), "UPDATE claims SET from_at = from_at + 1"),
    (
        lambda db: stored_checkins.open_checkins(db, claim_id=CLAIM),
        "UPDATE questions SET state = 'kept', settled_at = 1",
    ),
    (lambda db: stored_checkins.asked_about_claim(db, CLAIM, NEAR - 1), "UPDATE questions SET asked_at = 1"),
    (stored_reminders.claims_unnoted, CLAIMS_ENDED),
    (lambda db: stored_requests.unanswered_requests(db, CLAIM), "UPDATE requests SET answer = 'kept', answered_at = 1"),
    (lambda db: stored_handovers.open_handover(db, CLAIM), "UPDATE handovers SET state = 'lapsed', settled_at = 1"),
    (lambda db: stored_handovers.overdue_handovers(db, FAR), "UPDATE handovers SET state = 'lapsed', settled_at = 1"),
    (lambda db: stored_handovers.overdue_handovers(db, FAR), "UPDATE handovers SET expires_at = expires_at + 1"),
    (lambda db: stored_line.places_of(db, OLA), LEFT),
    (lambda db: stored_line.place_of_person(db, OLA, MACHINE, ""), LEFT),
    (stored_line.first_of_lines, LEFT),
    (stored_line.is_anybody_waiting, LEFT),
    (lambda db: stored_line.stale_waiters(db, NEAR), LEFT),
    (lambda db: stored_line.stale_waiters(db, NEAR), "UPDATE waiters SET since = since + 1"),
    (lambda db: stored_line.offer_to(db, WAITER), OFFERS_ENDED),
    (stored_line.open_offers, OFFERS_ENDED),
    (lambda db: stored_line.close_offer(db, "offer-next-door", FAR, "passed"), OFFERS_ENDED),
    (stored_bookings.weekly_bookings, "UPDATE bookings SET ended_at = 1"),
    (stored_bookings.weekly_bookings, "UPDATE bookings SET last_day = NULL"),
    (stored_bookings.slots_ahead, "UPDATE slots SET state = 'missed'"),
    (lambda db: stored_bookings.slots_due(db, NEAR), "UPDATE slots SET state = 'missed'"),
    (lambda db: stored_bookings.slots_due(db, NEAR), "UPDATE slots SET from_at = from_at + 1"),
    (lambda db: stored_bookings.slots_since(db, NEAR), "UPDATE slots SET state = 'missed'"),
    (lambda db: stored_bookings.slots_since(db, FAR - 1), "UPDATE slots SET until_at = until_at - 1"),
    (lambda db: stored_bookings.count_bookings(db, NIA), "UPDATE slots SET state = 'missed'"),
    (lambda db: stored_grants.overdue_grants(db, FAR), "UPDATE grants SET state = 'expired'"),
    (lambda db: stored_grants.overdue_grants(db, FAR), "UPDATE grants SET expires_at = expires_at + 1"),
    (
        lambda db: stored_grants.note_decision(db, "grant-next-door", PAT, FAR, yes=True),
        "UPDATE grants SET state = 'expired'",
    ),
    (stored_unclaimed.open_uses, "UPDATE squats SET state = 'over'"),
    (stored_runs.live_runs, "UPDATE runs SET state = 'done', finished_at = 1"),
    (
        lambda db: stored_runs.note_cancelled(db, "run-next-door", PAT),
        "UPDATE runs SET state = 'done', finished_at = 1",
    ),
    (lambda db: stored_runs.note_cancelled(db, "run-next-door", PAT), "UPDATE runs SET cancelled_by = 'U0OLA'"),
    (
        lambda db: stored_runs.keep_output(db, "run-next-door", "said"),
        "UPDATE runs SET state = 'done', finished_at = 1",
    ),
    (lambda db: stored_runs.keep_output(db, "run-next-door", "said"), "UPDATE runs SET tail = 'said'"),
    (lambda db: actions.live_on(db, MACHINE), "UPDATE actions SET state = 'expired'"),
    (lambda db: actions.live_stops(db, TEAM, 0), "UPDATE actions SET state = 'expired'"),
    (lambda db: actions.live_stops(db, TEAM, FAR - 1), "UPDATE actions SET expires_at = expires_at - 1"),
    (lambda db: actions.in_state(db, "pending"), "UPDATE actions SET state = 'expired'"),
    (stored_approvals.unanswered_consents, "UPDATE actions SET state = 'expired'"),
    (stored_approvals.unanswered_consents, "UPDATE consents SET answer = 'agreed', answered_at = 1"),
    (lambda db: stored_approvals.hold_back(db, STOP), "UPDATE consents SET answer = 'agreed', answered_at = 1"),
    (lambda db: stored_snooze.on(db, MACHINE, FAR - 1), "UPDATE snoozes SET until_at = until_at - 1"),
    (lambda db: stored_snooze.active(db, FAR - 1), "UPDATE snoozes SET until_at = until_at - 1"),
    (lambda db: stored_drain.open_on(db, [MACHINE]), "UPDATE drains SET ended_at = 1"),
    (lambda db: stored_drain.end(db, "drain-next-door", FAR), "UPDATE drains SET ended_at = 1"),
    (stored_hours.pending_requests, "UPDATE hours_wishes SET state = 'expired'"),
    (stored_rule_stops.open_ones, "UPDATE parkings SET settled_at = 1"),
    (lambda db: stored_rule_stops.newest_by_hours(db, MACHINE), "UPDATE parkings SET action_id = ''"),
    (lambda db: stored_rule_stops.newest_by_hours(db, MACHINE), "UPDATE parkings SET rule = 'idle'"),
    (lambda db: stored_fleet.rows_of_source(db, "ec2/next-door"), "UPDATE instances SET gone_at = 1"),
    (lambda db: stored_fleet.pool(db, TEAM), "UPDATE instances SET gone_at = 1"),
    (lambda db: stored_fleet.pool(db, TEAM), "UPDATE instances SET state = 'stopped'"),
    (lambda db: stored_fleet.pool(db, TEAM), "UPDATE instances SET provider = 'owned'"),
    (stored_fleet.running_instances, "UPDATE instances SET gone_at = 1"),
    (stored_fleet.running_instances, "UPDATE instances SET state = 'stopped'"),
    (lambda db: stored_outbox.due(db, FAR), "UPDATE outbox SET due_at = due_at + 1"),
    (lambda db: stored_outbox.due(db, FAR), "UPDATE outbox SET state = 'dead', ref = ref || id"),
    (stored_outbox.dead, "UPDATE outbox SET state = 'sent'"),
    (lambda db: stored_outbox.dead_of(db, "dead-next-door"), "UPDATE outbox SET state = 'sent'"),
    (lambda db: stored_outbox.drop_rows(db, CHANNEL, "gone"), "UPDATE outbox SET state = 'sent'"),
    (lambda db: stored_outbox.was_sent(db, "posted-next-door", 1), "UPDATE outbox SET tried_at = 2"),
    (stored_outbox.next_row_due, "UPDATE outbox SET state = 'sent'"),
]


@pytest.mark.parametrize(("read", "change"), ENDS)
def test_what_is_over_or_not_due_is_on_no_list_of_what_is(awake, read, change):
    with awake.writing() as db:
        db.execute("SAVEPOINT going_on")
        assert read(db)
        db.execute("ROLLBACK TO going_on")
        db.execute(change)
        assert not read(db)
        db.execute("ROLLBACK TO going_on")
