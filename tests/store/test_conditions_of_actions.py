"""Each condition of the statements about actions counts: without any one of them, nothing is found or done."""

import pytest

from bot.domain.acting.actions import BY_RULE
from bot.domain.clock import HOUR_MS
from store.acting import actions, makings
from store.acting import approvals as stored_approvals
from store.acting import dormant as stored_dormant
from store.acting import hours as stored_hours
from tests.neighbours import CLAIM, FAR, MACHINE, NEAR, NIA, OLA, PAT, STOP, TEAM
from tests.store.conditions import (
    CLONE,
    GONE,
    LAUNCH,
    MADE,
    RESIZE,
    STANDS,
    START,
    Condition,
    asked,
    be,
    hold,
    of_kind,
    written,
)

ACROSS = "i-across"
LAPSED = f"UPDATE actions SET expires_at = {NEAR}"
EXPIRED = "UPDATE actions SET state = 'expired'"
TRIED = "UPDATE actions SET tries = tries + 1"
BY_A_RULE = "UPDATE actions SET facts = json_set(facts, '$.rule', 'idle')"
PRICED = "UPDATE actions SET facts = json_set(facts, '$.rate_micros', 5)"
PARKED = "UPDATE actions SET facts = json_set(facts, '$.parked_at', 5)"


def seen(db):
    """The action as somebody reads it who acts later."""
    return actions.by_id(db, STOP)


DECIDING = [
    Condition(
        asked(stored_approvals.say_yes, STOP, OLA, NEAR),
        (
            EXPIRED,
            LAPSED,
            f"UPDATE actions SET requester = '{OLA}'",
            f"INSERT INTO yeses (action_id, person, at) VALUES ('{STOP}', '{OLA}', 1)",
        ),
    ),
    Condition(
        asked(stored_approvals.break_glass, STOP, NIA, "why", NEAR),
        (EXPIRED, LAPSED, f"UPDATE actions SET requester = '{OLA}'"),
    ),
    Condition(
        asked(stored_approvals.decide_action, STOP, PAT, "approved", NEAR),
        (EXPIRED, LAPSED, f"UPDATE actions SET requester = '{PAT}'"),
    ),
    Condition(written(stored_approvals.set_deadline, STOP, FAR), (be("approved"),)),
    Condition(lambda db, action: written(actions.set_facts, action)(db, None), (be("approved"),), look=seen),
    *(
        Condition(
            asked(stored_approvals.needed_since, CLAIM, NEAR),
            ("UPDATE consents SET answer = 'agreed'", f"UPDATE consents SET answered_at = {NEAR}"),
            before=(f"UPDATE consents SET answer = '{said}', answered_at = {FAR}",),
        )
        for said in ("needed", "late")
    ),
    Condition(
        asked(stored_hours.end_request, "wish-next-door", "denied", FAR), ("UPDATE hours_wishes SET state = 'expired'",)
    ),
]
LOOKING = [
    *(
        Condition(
            asked(actions.stopped_by_us, MACHINE, NEAR),
            (
                f"UPDATE actions SET called_at = {NEAR - 1}",
                be("failed"),
                be("executing", kind="'start'", length=HOUR_MS),
            ),
            before=(kind, be(state, called_at=NEAR, calls=1)),
        )
        for kind, state in ((of_kind("stop"), "executing"), (of_kind("stop"), "done"), (RESIZE, "unknown"))
    ),
    *(
        Condition(
            asked(actions.newest_that_changed, MACHINE),
            (be("failed"), be("pending"), be("approved", kind="'clone'", length=HOUR_MS)),
            before=(of_kind(kind), be(state)),
        )
        for kind, state in (("stop", "approved"), ("start", "executing"), ("start", "done"), ("resize", "executing"))
    ),
    Condition(asked(actions.newest_that_changed, MACHINE), (START,), before=(of_kind("stop"), be("unknown"))),
    Condition(
        asked(actions.maker, MACHINE),
        (be("failed"), f"UPDATE actions SET made_id = '{ACROSS}'"),
        before=(LAUNCH, MADE, be("done")),
    ),
    Condition(
        asked(actions.starts_by_rule, MACHINE, 5),
        (
            of_kind("stop"),
            "UPDATE actions SET facts = json_set(facts, '$.parked_at', 6)",
            f"UPDATE actions SET instance_id = '{ACROSS}'",
        ),
        before=(START, PARKED),
    ),
    Condition(
        lambda db, _: MACHINE in actions.bound_ids(db), (be("done"), be("pending"), CLONE), before=(be("approved"),)
    ),
    Condition(
        lambda db, _: MACHINE in actions.bound_ids(db),
        (be("unknown"), f"UPDATE actions SET arrived_at = {NEAR}"),
        before=(of_kind("resize", instance_id=f"'{ACROSS}'"), MADE, be("executing")),
    ),
    Condition(
        asked(actions.live_on, MACHINE),
        (be("unknown"), f"UPDATE actions SET arrived_at = {NEAR}", f"UPDATE actions SET made_id = '{ACROSS}'"),
        before=(of_kind("resize", instance_id=f"'{ACROSS}'"), MADE, be("executing")),
    ),
    *(
        Condition(
            asked(actions.live_stops, TEAM, FAR),
            (BY_A_RULE, be("pending"), be("done"), START, "UPDATE actions SET team = 'across'"),
            before=(of_kind(kind), be(state)),
        )
        for kind, state in (("stop", "approved"), ("stop", "executing"))
    ),
    Condition(asked(actions.live_stops, TEAM, FAR - 1), (BY_A_RULE, CLONE), before=(RESIZE,)),
    Condition(
        asked(actions.rule_micros, TEAM, "another"),
        (be("approved"), be("failed", decider=f"'{BY_RULE}'"), "UPDATE actions SET team = 'across'"),
        before=(START, PRICED, be("executing", decider=f"'{BY_RULE}'")),
    ),
    Condition(
        asked(actions.rule_micros, TEAM, "another"),
        (be("done"), be("failed", decider=f"'{BY_RULE}'"), "UPDATE actions SET team = 'across'", GONE, STANDS),
        before=(LAUNCH, MADE, PRICED, be("done", decider=f"'{BY_RULE}'")),
    ),
    Condition(
        asked(actions.rule_micros, TEAM, "another"),
        (be("done"), be("unknown", decider=f"'{BY_RULE}'"), GONE, STANDS),
        before=(START, PRICED, be("done", decider=f"'{BY_RULE}'")),
    ),
    Condition(
        asked(actions.rule_micros, TEAM, "another"),
        (f"UPDATE actions SET id = 'another' WHERE id = '{STOP}'",),
        before=("DELETE FROM yeses", "DELETE FROM consents", START, PRICED, be("approved", decider=f"'{BY_RULE}'")),
    ),
    Condition(asked(actions.approved_since), (be("executing"),), before=(be("approved"),)),
    Condition(asked(actions.under_way, "approved"), (be("executing"),), before=(be("approved"),)),
    *(
        Condition(
            asked(actions.is_waited_for, MACHINE),
            ("UPDATE actions SET state = 'pending'", be("done"), f"UPDATE actions SET instance_id = '{ACROSS}'"),
            before=(be(state),),
        )
        for state in ("approved", "executing")
    ),
    Condition(
        asked(stored_dormant.held_on),
        (
            f"UPDATE instances SET state = 'running' WHERE id = '{MACHINE}'",
            GONE,
            be("failed"),
            START,
            f"UPDATE instances SET provider = 'owned' WHERE id = '{MACHINE}'",
            "UPDATE actions SET launched_at = 7",
            f"UPDATE actions SET instance_id = '{ACROSS}'",
        ),
        before=(
            STANDS,
            "UPDATE actions SET facts = json_set(facts, '$.paid_anyway', 'cr-1')",
            be("done", launched_at=NEAR),
        ),
    ),
]
STEPS = [
    Condition(asked(actions.move, STOP, "pending", "cancelled"), (EXPIRED,)),
    Condition(
        asked(actions.say_waiting, STOP, "it waits"),
        (be("executing"), "UPDATE actions SET outcome = 'it waits'"),
        before=(be("approved"),),
    ),
    Condition(
        asked(actions.mark_called, STOP, NEAR, calls=0),
        (be("unknown"), "UPDATE actions SET calls = 1"),
        before=(be("executing"),),
    ),
    Condition(
        lambda db, action: actions.mark_short(db, action, retry_at=FAR, launched_at=None, outcome=""),
        (be("unknown"), "UPDATE actions SET calls = 1", TRIED, f"UPDATE actions SET retry_at = {FAR}"),
        before=(START, be("executing")),
        look=seen,
    ),
    *(
        Condition(actions.cancel_uncalled, (be("executing"), be("done")), (state,), seen)
        for state in ("UPDATE actions SET state = 'pending'", be("approved"), be("executing", retry_at=FAR))
    ),
    Condition(
        lambda db, action: makings.note_made(db, action, ACROSS),
        (be("unknown"), MADE, TRIED),
        (LAUNCH, be("executing")),
        seen,
    ),
    Condition(
        lambda db, action: makings.note_image(db, action, "ami-1"),
        (be("unknown"), "UPDATE actions SET image_id = 'ami-2'"),
        (CLONE, be("executing")),
        seen,
    ),
    Condition(
        lambda db, action: makings.begin_order(db, action, FAR),
        (be("unknown"), f"UPDATE actions SET ordered_at = {NEAR}"),
        (of_kind("clone", image_id="'ami-1'"), be("executing")),
        seen,
    ),
    Condition(
        lambda db, action: makings.note_found(db, action, ACROSS, ""),
        (be("failed"), MADE),
        (LAUNCH, be("unknown")),
        seen,
    ),
    Condition(
        lambda db, action: makings.note_arrived(db, action, FAR, ""),
        (be("unknown"), f"UPDATE actions SET arrived_at = {NEAR}"),
        (RESIZE, MADE, be("executing")),
        seen,
    ),
]


@pytest.mark.parametrize("condition", [*DECIDING, *LOOKING, *STEPS])
def test_without_any_one_of_its_conditions_nothing_is_found_or_done(awake, condition):
    hold(awake, condition)
