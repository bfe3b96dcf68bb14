"""Each condition of the statements about sharing counts: without any one of them, nothing is found or done."""

import pytest

from bot.domain.sharing.runs import RunLook
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
from tests.neighbours import CLAIM, FAR, MACHINE, NEAR, NIA, OLA, PAT, WAITER
from tests.store.conditions import Condition, asked, hold, written

ACROSS = "i-across"
ENDED = "UPDATE claims SET ended_at = 1, end_reason = 'released'"
LEFT = "UPDATE waiters SET ended_at = 1, end_reason = 'left'"
UNOFFERED = "UPDATE offers SET state = 'lapsed', ended_at = 1"
GONE = f"UPDATE instances SET gone_at = {NEAR}"
THERE = ("UPDATE instances SET gone_at = NULL", f"UPDATE instances SET gone_at = {NEAR + 1}")
NEVER_OFFERED = ("DELETE FROM offered_gpus", "DELETE FROM offers")
SECOND = (
    "INSERT INTO waiters (id, person, instance_id, kind, count, length, note, since) "
    f"SELECT id + 1, '{PAT}', instance_id, kind, count, length, note, since FROM waiters"
)

CLAIMING = [
    Condition(asked(stored_claims.orphaned_claims, NEAR), (*THERE, ENDED), (GONE,)),
    Condition(asked(stored_claims.end, CLAIM, FAR, "released"), (ENDED,)),
    Condition(
        asked(stored_checkins.settle_checkin, "question-next-door", "ended", FAR),
        ("UPDATE questions SET state = 'kept', settled_at = 1",),
    ),
    Condition(
        asked(stored_checkins.set_checkin_deadline, "question-next-door", FAR + 1),
        (f"UPDATE questions SET deadline_at = {FAR + 1}", "UPDATE questions SET state = 'kept', settled_at = 1"),
    ),
    Condition(
        asked(stored_checkins.set_checkin_deadline, "question-next-door", None),
        ("UPDATE questions SET deadline_at = NULL",),
    ),
    Condition(
        asked(stored_checkins.asked_about_claim, CLAIM, NEAR),
        (f"UPDATE questions SET settled_at = {NEAR}", "UPDATE questions SET state = 'ended'"),
        (f"UPDATE questions SET asked_at = {NEAR}, state = 'kept', settled_at = {FAR}",),
    ),
    *(
        Condition(
            asked(stored_checkins.idle_claims, NEAR),
            ("UPDATE verdicts SET state = 'unknown'", ENDED),
            (f"UPDATE verdicts SET state = '{idle}'",),
        )
        for idle in ("free", "held", "partial")
    ),
    Condition(
        asked(stored_requests.note_answer, "request-next-door", FAR, "kept"),
        ("UPDATE requests SET answer = 'ended', answered_at = 1",),
    ),
    Condition(
        asked(stored_reminders.note_reminder_mark, CLAIM, 5),
        ("UPDATE reminders SET said = 5", "UPDATE reminders SET said = 4"),
        ("UPDATE reminders SET said = 6",),
    ),
    Condition(
        asked(stored_reminders.close_reminder, CLAIM),
        ("UPDATE reminders SET closed = 1", "UPDATE reminders SET posted = 0"),
        ("UPDATE reminders SET posted = 1",),
    ),
    Condition(
        asked(stored_reminders.claims_unclosed),
        ("UPDATE reminders SET closed = 1", "UPDATE claims SET ended_at = NULL, end_reason = NULL"),
        (ENDED,),
    ),
    Condition(asked(stored_reminders.claims_unnoted), (f"UPDATE reminders SET until_at = {FAR}", ENDED)),
    Condition(
        lambda db, claim: stored_reminders.note_end(db, claim, NEAR),
        (f"UPDATE reminders SET until_at = {FAR}",),
        look=lambda db: stored_claims.by_id(db, CLAIM),
    ),
    Condition(
        asked(stored_handovers.settle_handover, "handover-next-door", "lapsed", FAR),
        ("UPDATE handovers SET state = 'lapsed', settled_at = 1",),
    ),
    Condition(
        asked(stored_handovers.overdue_handovers, NEAR),
        (
            "UPDATE claims SET ended_at = NULL, end_reason = NULL",
            "UPDATE handovers SET state = 'lapsed', settled_at = 1",
        ),
        (ENDED,),
    ),
    *(
        Condition(
            stored_grants.live_grant,
            (
                "UPDATE grants SET state = 'expired'",
                f"UPDATE grants SET person = '{OLA}', decider = ''",
                f"UPDATE grants SET instance_id = '{ACROSS}'",
                "UPDATE grants SET from_at = 5",
                "UPDATE grants SET handover_id = 'handover-next-door'",
            ),
            (f"UPDATE grants SET state = '{state}'",),
            lambda db: stored_grants.by_id(db, "grant-next-door"),
        )
        for state in ("drafted", "pending", "approved")
    ),
    Condition(
        asked(stored_grants.approved_grants),
        ("UPDATE grants SET state = 'claimed'",),
        ("UPDATE grants SET state = 'approved'",),
    ),
    Condition(
        asked(stored_grants.overdue_grants, FAR),
        ("UPDATE grants SET state = 'approved'",),
        ("UPDATE grants SET state = 'drafted'",),
    ),
    Condition(
        asked(stored_grants.move_grant, "grant-next-door", "pending", "expired"),
        ("UPDATE grants SET state = 'approved'",),
    ),
]
WAITING = [
    Condition(asked(stored_line.end, WAITER, FAR, "left"), (LEFT,)),
    Condition(
        asked(stored_line.waiters_unoffered),
        (LEFT, "UPDATE offers SET state = 'open', ended_at = NULL"),
        (UNOFFERED,),
    ),
    Condition(
        lambda db, _: WAITER in {waiter.id for waiter in stored_line.waiters_unoffered(db)},
        (f"UPDATE offers SET waiter_id = {WAITER}",),
        (SECOND, "UPDATE offers SET waiter_id = waiter_id + 1"),
    ),
    Condition(
        asked(stored_line.waiters_unoffered, before=WAITER + 1), ("UPDATE waiters SET id = id + 1",), NEVER_OFFERED
    ),
    Condition(
        asked(stored_line.waiters_unoffered, instance_id=MACHINE),
        (f"UPDATE waiters SET instance_id = '{ACROSS}'",),
        (UNOFFERED,),
    ),
    Condition(asked(stored_line.orphaned_waiters, NEAR), (*THERE, LEFT), (GONE,)),
    Condition(
        asked(stored_line.offers_for_runs),
        (UNOFFERED, "UPDATE waiters SET run = ''"),
        ("UPDATE waiters SET run = 'train'",),
    ),
    Condition(written(stored_line.prolong_offer, "offer-next-door", FAR + 1), (UNOFFERED,)),
    Condition(
        lambda db, first: stored_line.count_before(db, first, WAITER + 1),
        (
            LEFT,
            "UPDATE waiters SET id = id + 1",
            "UPDATE waiters SET count = 3",
            "UPDATE waiters SET kind = 'A100', instance_id = NULL",
            f"UPDATE waiters SET instance_id = '{ACROSS}'",
        ),
        before=NEVER_OFFERED,
        look=lambda db: stored_line.by_id(db, WAITER),
    ),
    Condition(
        lambda db, first: stored_line.waiters_in_lines(db, [first]),
        (LEFT, "UPDATE waiters SET count = 3", f"UPDATE waiters SET instance_id = '{ACROSS}'"),
        look=lambda db: stored_line.by_id(db, WAITER),
    ),
]
BOOKING = [
    Condition(
        lambda db, slot: stored_bookings.move_slot(db, slot, "off"),
        ("UPDATE slots SET state = 'missed'",),
        look=lambda db: stored_bookings.slot_by_id(db, "slot-next-door"),
    ),
    Condition(asked(stored_bookings.end, "booking-next-door", FAR, who=PAT), ("UPDATE bookings SET ended_at = 1",)),
    Condition(
        asked(stored_bookings.slots_watched),
        ("UPDATE slots SET state = 'used'",),
        (f"UPDATE slots SET state = 'claimed', claim_id = '{CLAIM}'",),
    ),
    Condition(asked(stored_bookings.orphaned_slots, NEAR), (*THERE, "UPDATE slots SET state = 'missed'"), (GONE,)),
    *(
        Condition(
            asked(stored_bookings.slots_since, FAR - 1),
            ("UPDATE slots SET state = 'off', claim_id = ''", f"UPDATE slots SET until_at = {FAR - 1}"),
            (f"UPDATE slots SET state = '{state}', claim_id = '{CLAIM}'",),
        )
        for state in ("claimed", "used", "unused")
    ),
]
RUNNING = [
    Condition(
        asked(stored_runs.note_call, "run-next-door", FAR),
        ("UPDATE runs SET state = 'starting'",),
        ("UPDATE runs SET state = 'queued'",),
    ),
    *(
        Condition(
            asked(stored_runs.note_start, "run-next-door", "handle", FAR),
            ("UPDATE runs SET state = 'running'", "UPDATE runs SET state = 'lost', finished_at = 1"),
            (f"UPDATE runs SET state = '{state}'",),
        )
        for state in ("queued", "starting")
    ),
    *(
        Condition(act, ("UPDATE runs SET state = 'lost', finished_at = 1",), (f"UPDATE runs SET state = '{state}'",))
        for state in ("queued", "starting", "running")
        for act in (
            asked(stored_runs.note_cancelled, "run-next-door", PAT),
            asked(stored_runs.end_run, "run-next-door", "done", RunLook("done", 0), FAR),
            asked(stored_runs.live_runs, MACHINE),
        )
    ),
    Condition(written(stored_runs.note_heard, "run-next-door", FAR), ("UPDATE runs SET state = 'starting'",)),
    Condition(
        asked(stored_runs.note_run_found, "run-next-door", RunLook("done", 0), FAR),
        ("UPDATE runs SET state = 'cancelled'",),
        ("UPDATE runs SET state = 'lost', finished_at = 1",),
    ),
    Condition(
        asked(stored_runs.lost_runs_on, MACHINE, NEAR),
        (
            "UPDATE runs SET state = 'done'",
            f"UPDATE runs SET finished_at = {NEAR - 1}",
            f"UPDATE runs SET instance_id = '{ACROSS}'",
        ),
        (f"UPDATE runs SET state = 'lost', finished_at = {NEAR}",),
    ),
    Condition(
        asked(stored_unclaimed.note_asked, "squat-next-door", NIA, FAR),
        (f"UPDATE squats SET state = 'asked', person = '{OLA}', asked_at = 1",),
        ("UPDATE squats SET state = 'seen', person = '', asked_at = NULL",),
    ),
    Condition(
        lambda db, squat: stored_unclaimed.end(db, squat, "over"),
        ("UPDATE squats SET state = 'claimed'",),
        look=lambda db: stored_unclaimed.by_id(db, "squat-next-door"),
    ),
    Condition(
        lambda db, squat: stored_unclaimed.end(db, squat, "over"),
        (f"UPDATE squats SET state = 'asked', person = '{OLA}', asked_at = 1",),
        ("UPDATE squats SET state = 'seen', person = '', asked_at = NULL",),
        lambda db: stored_unclaimed.by_id(db, "squat-next-door"),
    ),
    Condition(
        asked(stored_unclaimed.asked_person, NIA, MACHINE, FAR - 1), (f"UPDATE squats SET asked_at = {FAR - 1}",)
    ),
    Condition(
        asked(stored_unclaimed.denied_by, NIA, MACHINE, FAR - 1),
        (
            f"UPDATE squats SET asked_at = {FAR - 1}",
            "UPDATE squats SET state = 'over'",
            f"UPDATE squats SET person = '{OLA}'",
            f"UPDATE squats SET instance_id = '{ACROSS}'",
        ),
        ("UPDATE squats SET state = 'not mine'",),
    ),
]


@pytest.mark.parametrize("condition", [*CLAIMING, *WAITING, *BOOKING, *RUNNING])
def test_without_any_one_of_its_conditions_nobody_shares(awake, condition):
    hold(awake, condition)
