"""What has ended, or is not due, is on no list of what goes on or is."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.domain.clock import HOUR
from store import fleet, outbox
from store.acting import actions, consents, drains, hours_wishes, parkings, snoozes
from store.sharing import bookings, claims, grants, handovers, line, questions, reminders, requests, runs
from store.sharing import squats as squatters
from tests.neighbours import CHANNEL, CLAIM, FAR, MACHINE, NEAR, NIA, OLA, PAT, STOP, TEAM, WAITER

CLAIMS_ENDED = "UPDATE claims SET ended_at = 1, end_reason = 'released'"
OFFERS_ENDED = "UPDATE offers SET state = 'lapsed', ended_at = 1"
LEFT = "UPDATE waiters SET ended_at = 1, end_reason = 'left'"
ENDS: list[tuple[Callable[[Any], Any], str]] = [
    (lambda db: claims.open_on(db, MACHINE), CLAIMS_ENDED),
    (lambda db: claims.open_ones(db, [MACHINE]), CLAIMS_ENDED),
    (lambda db: claims.held_by(db, NIA), CLAIMS_ENDED),
    (lambda db: claims.since(db, 1, holder=NIA), CLAIMS_ENDED),
    (lambda db: claims.recent(db, 1), CLAIMS_ENDED),
    (lambda db: claims.holds(db, "ec2/next-door", 1), CLAIMS_ENDED),
    (lambda db: claims.ending(db, FAR), CLAIMS_ENDED),
    (lambda db: claims.ending(db, FAR), "UPDATE claims SET until_at = until_at + 1"),
    (lambda db: claims.extend(db, CLAIM, FAR + 1), CLAIMS_ENDED),
    (lambda db: questions.idle_claims(db, NEAR), CLAIMS_ENDED),
    (lambda db: questions.idle_claims(db, NEAR), "UPDATE claims SET from_at = from_at + 1"),
    (lambda db: questions.idle_claims(db, NEAR), "UPDATE verdicts SET state = 'active'"),
    (lambda db: questions.idle_claims(db, NEAR), "UPDATE verdicts SET instance_id = 'i-across'"),
    (lambda db: questions.long_claims(db, HOUR - 1, NEAR), CLAIMS_ENDED),
    (lambda db: questions.long_claims(db, HOUR - 1, NEAR), "UPDATE claims SET from_at = from_at + 1"),
    (lambda db: questions.open_ones(db, claim_id=CLAIM), "UPDATE questions SET state = 'kept', settled_at = 1"),
    (lambda db: questions.asked_lately(db, CLAIM, NEAR - 1), "UPDATE questions SET asked_at = 1"),
    (reminders.unnoted, CLAIMS_ENDED),
    (lambda db: requests.unanswered(db, CLAIM), "UPDATE requests SET answer = 'kept', answered_at = 1"),
    (lambda db: handovers.open_for(db, CLAIM), "UPDATE handovers SET state = 'lapsed', settled_at = 1"),
    (lambda db: handovers.over(db, FAR), "UPDATE handovers SET state = 'lapsed', settled_at = 1"),
    (lambda db: handovers.over(db, FAR), "UPDATE handovers SET expires_at = expires_at + 1"),
    (lambda db: line.of_person(db, OLA), LEFT),
    (lambda db: line.place(db, OLA, MACHINE, ""), LEFT),
    (line.lines, LEFT),
    (line.is_any, LEFT),
    (lambda db: line.stale(db, NEAR), LEFT),
    (lambda db: line.stale(db, NEAR), "UPDATE waiters SET since = since + 1"),
    (lambda db: line.offer_to(db, WAITER), OFFERS_ENDED),
    (line.open_offers, OFFERS_ENDED),
    (lambda db: line.close(db, "offer-next-door", FAR, "passed"), OFFERS_ENDED),
    (bookings.weekly, "UPDATE bookings SET ended_at = 1"),
    (bookings.weekly, "UPDATE bookings SET last_day = NULL"),
    (bookings.ahead, "UPDATE slots SET state = 'missed'"),
    (lambda db: bookings.due(db, NEAR), "UPDATE slots SET state = 'missed'"),
    (lambda db: bookings.due(db, NEAR), "UPDATE slots SET from_at = from_at + 1"),
    (lambda db: bookings.since(db, NEAR), "UPDATE slots SET state = 'missed'"),
    (lambda db: bookings.since(db, FAR - 1), "UPDATE slots SET until_at = until_at - 1"),
    (lambda db: bookings.count_of(db, NIA), "UPDATE slots SET state = 'missed'"),
    (lambda db: grants.over(db, FAR), "UPDATE grants SET state = 'expired'"),
    (lambda db: grants.over(db, FAR), "UPDATE grants SET expires_at = expires_at + 1"),
    (lambda db: grants.decide(db, "grant-next-door", PAT, FAR, yes=True), "UPDATE grants SET state = 'expired'"),
    (squatters.open_ones, "UPDATE squats SET state = 'over'"),
    (runs.live, "UPDATE runs SET state = 'done', finished_at = 1"),
    (lambda db: runs.wish(db, "run-next-door", PAT), "UPDATE runs SET state = 'done', finished_at = 1"),
    (lambda db: runs.wish(db, "run-next-door", PAT), "UPDATE runs SET cancelled_by = 'U0OLA'"),
    (lambda db: runs.progress(db, "run-next-door", "said"), "UPDATE runs SET state = 'done', finished_at = 1"),
    (lambda db: runs.progress(db, "run-next-door", "said"), "UPDATE runs SET tail = 'said'"),
    (lambda db: actions.live_on(db, MACHINE), "UPDATE actions SET state = 'expired'"),
    (lambda db: actions.live_stops(db, TEAM, 0), "UPDATE actions SET state = 'expired'"),
    (lambda db: actions.live_stops(db, TEAM, FAR - 1), "UPDATE actions SET expires_at = expires_at - 1"),
    (lambda db: actions.in_state(db, "pending"), "UPDATE actions SET state = 'expired'"),
    (consents.waiting, "UPDATE actions SET state = 'expired'"),
    (consents.waiting, "UPDATE consents SET answer = 'agreed', answered_at = 1"),
    (lambda db: consents.hold_back(db, STOP), "UPDATE consents SET answer = 'agreed', answered_at = 1"),
    (lambda db: snoozes.on(db, MACHINE, FAR - 1), "UPDATE snoozes SET until_at = until_at - 1"),
    (lambda db: snoozes.active(db, FAR - 1), "UPDATE snoozes SET until_at = until_at - 1"),
    (lambda db: drains.open_on(db, [MACHINE]), "UPDATE drains SET ended_at = 1"),
    (lambda db: drains.end(db, "drain-next-door", FAR), "UPDATE drains SET ended_at = 1"),
    (hours_wishes.pending, "UPDATE hours_wishes SET state = 'expired'"),
    (parkings.open_ones, "UPDATE parkings SET settled_at = 1"),
    (lambda db: parkings.newest_by_hours(db, MACHINE), "UPDATE parkings SET action_id = ''"),
    (lambda db: parkings.newest_by_hours(db, MACHINE), "UPDATE parkings SET rule = 'idle'"),
    (lambda db: fleet.of_source(db, "ec2/next-door"), "UPDATE instances SET gone_at = 1"),
    (lambda db: fleet.pool(db, TEAM), "UPDATE instances SET gone_at = 1"),
    (lambda db: fleet.pool(db, TEAM), "UPDATE instances SET state = 'stopped'"),
    (lambda db: fleet.pool(db, TEAM), "UPDATE instances SET provider = 'owned'"),
    (fleet.running, "UPDATE instances SET gone_at = 1"),
    (fleet.running, "UPDATE instances SET state = 'stopped'"),
    (lambda db: outbox.due(db, FAR), "UPDATE outbox SET due_at = due_at + 1"),
    (lambda db: outbox.due(db, FAR), "UPDATE outbox SET state = 'dead', ref = ref || id"),
    (outbox.dead, "UPDATE outbox SET state = 'sent'"),
    (lambda db: outbox.dead_of(db, "dead-next-door"), "UPDATE outbox SET state = 'sent'"),
    (lambda db: outbox.drop(db, CHANNEL, "gone"), "UPDATE outbox SET state = 'sent'"),
    (lambda db: outbox.was_sent(db, "posted-next-door", 1), "UPDATE outbox SET tried_at = 2"),
    (outbox.next_due, "UPDATE outbox SET state = 'sent'"),
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
