"""Answers to what nobody asked, what was asked of somebody else, and what is settled are refused; nothing changes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from bot.domain.clock import HOUR_MS
from bot.errors import Refused
from bot.services.acting import approvals, consents, drain, hours, snooze
from bot.services.context import Context
from bot.services.machines import owned
from bot.services.sharing import (
    booking_slots,
    bookings,
    checkins,
    claims,
    grants,
    handovers,
    hints,
    line,
    requests,
    runs,
    unclaimed,
)
from store.sql import rows
from tests.neighbours import CLAIM, MACHINE, NEAR, NIA, OLA, PAT, STOP, WAITER
from tests.store.conditions import put, row_in

STRANGER = "U0ELSE"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is called with the id of a question and who answers it; `settled` is what else may have become of it."""

    call: Callable[[Context, Any, str], object]
    question: Any
    person: str
    settled: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    redrawn: frozenset[str] = frozenset()
    """Tables that may change all the same: a card is shown as it is by then."""


def yes(decide: Callable[..., object], agrees: str = "yes") -> Callable[[Context, Any, str], object]:
    return lambda ctx, question, person: decide(ctx, question, person, **{agrees: True})


OVER = put("claims", ended_at=1, end_reason="released")
NOT_OPEN = put("offers", state="lapsed", ended_at=1)
ENDED_RUN = put("runs", state="done", finished_at=1)
KEPT = put("questions", state="kept", settled_at=1)
DRAFTED = put("grants", state="drafted")
RETIRED = row_in(
    "retirements",
    id="end",
    instance_id=MACHINE,
    name="next-door",
    who=PAT,
    reason="",
    state="announced",
    at=NEAR,
    changed_by="",
)
HINTED = row_in(
    "hints",
    id="hint",
    at=NEAR,
    person=NIA,
    avoided="claim",
    subject=MACHINE,
    better_id=MACHINE,
    count=1,
    choice="null",
    note="",
)
ANSWERS = {
    "keep it": Answer(checkins.keep_claim, "batch-next-door", NIA, (KEPT,)),
    "the claim asked about": Answer(checkins.claim_of_checkin, "question-next-door", NIA, (OVER,)),
    "release it": Answer(claims.release_claim, CLAIM, NIA, (OVER,)),
    "withdraw the offer": Answer(
        handovers.withdraw_handover, "handover-next-door", NIA, (put("handovers", state="lapsed", settled_at=1),)
    ),
    "decline the offer": Answer(
        handovers.decline_handover, "handover-next-door", OLA, (put("handovers", state="lapsed", settled_at=1),)
    ),
    "take it over": Answer(
        handovers.accept_handover,
        "handover-next-door",
        OLA,
        (put("handovers", state="lapsed", settled_at=1),),
    ),
    "decline the request": Answer(
        requests.decline_request, "request-next-door", NIA, (put("requests", answer="kept", answered_at=1), OVER)
    ),
    "the claim requested": Answer(
        requests.claim_of_request, "request-next-door", NIA, (put("requests", answer="kept", answered_at=1), OVER)
    ),
    "hand it over": Answer(
        handovers.hand_over_part, "request-next-door", NIA, (put("requests", answer="kept", answered_at=1), OVER)
    ),
    "ask for more": Answer(
        grants.ask_grant,
        "grant-next-door",
        NIA,
        (put("grants", state="pending"), put("grants", expires_at=NEAR)),
        (DRAFTED,),
    ),
    "let it pass": Answer(
        yes(grants.decide_grant),
        "grant-next-door",
        PAT,
        (put("grants", state="expired"), put("grants", expires_at=NEAR)),
    ),
    "leave the line": Answer(line.leave_line, WAITER, OLA, (put("waiters", ended_at=1, end_reason="left"),)),
    "take the offer": Answer(line.take_offer, "offer-next-door", OLA, (NOT_OPEN,)),
    "pass the offer on": Answer(line.pass_offer_on, "offer-next-door", OLA, (NOT_OPEN,)),
    "cancel the booking": Answer(
        bookings.cancel_booking, "slot-next-door", NIA, (put("slots", state="off"), put("slots", state="missed"))
    ),
    "be there": Answer(
        booking_slots.confirm_booking,
        "slot-next-door",
        NIA,
        (put("slots", state="unused"),),
        (put("slots", state="claimed", claim_id=CLAIM),),
    ),
    "cancel the run": Answer(runs.cancel_run, "run-next-door", NIA, (ENDED_RUN, put("runs", cancelled_by=PAT))),
    "deny the use": Answer(unclaimed.deny_use, "squat-next-door", NIA, (put("squats", state="over"),)),
    "the use asked about": Answer(unclaimed.asked_use, "squat-next-door", NIA, (put("squats", state="claimed"),)),
    "consent to the stop": Answer(
        yes(consents.answer_consent, "agrees"),
        "consent-next-door",
        NIA,
        (put("consents", answer="agreed", answered_at=1), put("consents", answer="ended", answered_at=1)),
    ),
    "approve the stop": Answer(
        yes(approvals.decide),
        STOP,
        PAT,
        (put("actions", state="expired", finished_at=1), put("actions", created_at=1, expires_at=NEAR)),
        (put("consents", answer="agreed", answered_at=1),),
        redrawn=frozenset({"outbox", "actions"}),
    ),
    "call the stop off": Answer(approvals.call_off, STOP, NIA, (put("actions", state="expired", finished_at=1),)),
    "say why": Answer(
        lambda ctx, question, person: approvals.say_why(ctx, question, person, "it works"),
        STOP,
        PAT,
        (put("actions", outcome="said"), put("actions", state="expired")),
        (put("actions", state="denied", decider=PAT, decided_at=1, finished_at=1),),
    ),
    "set the hours": Answer(
        yes(hours.decide_request),
        "wish-next-door",
        PAT,
        (put("hours_wishes", state="expired"), put("hours_wishes", expires_at=NEAR)),
    ),
    "bring it back": Answer(
        owned.undo_retirement,
        "end",
        PAT,
        (put("retirements", state="kept"), put("retirements", state="undone")),
        (RETIRED,),
    ),
    "take what was hinted": Answer(hints.given_hint, "hint", NIA, (), (HINTED,)),
}


def everything(ctx: Context) -> dict[str, list[dict[str, Any]]]:
    """All rows but the audit, which keeps what was refused."""
    db = ctx.store.reading()
    tables = rows(db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    return {each["name"]: rows(db, f"SELECT * FROM {each['name']}") for each in tables if each["name"] != "audit"}


def refused(ctx: Context, answer: Answer, question: Any, person: str, *more: str) -> str:
    """What is said instead; nothing may change."""
    with ctx.store.writing() as db:
        for sql in (*answer.before, *more):
            assert db.execute(sql).rowcount != 0, sql
    before = everything(ctx)
    with pytest.raises(Refused) as told:
        answer.call(ctx, question, person)
    after = everything(ctx)
    assert {name for name in before if before[name] != after[name]} <= answer.redrawn
    return told.value.sentence


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_to_what_nobody_asked_is_refused(desk, name):
    answer = ANSWERS[name]
    other = answer.question + 1_000 if isinstance(answer.question, int) else "another"

    assert refused(desk, answer, other, answer.person).endswith((".", "?"))


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_of_somebody_else_is_refused(desk, name):
    answer = ANSWERS[name]

    assert refused(desk, answer, answer.question, STRANGER).endswith((".", "?"))


@pytest.mark.parametrize(("name", "settled"), [(name, sql) for name, each in ANSWERS.items() for sql in each.settled])
def test_an_answer_to_what_is_settled_is_refused(desk, name, settled):
    answer = ANSWERS[name]

    assert refused(desk, answer, answer.question, answer.person, settled).endswith((".", "?"))


VERBS: dict[str, Callable[[Context, str], object]] = {
    "claim": lambda ctx, machine: claims.claim_gpus(ctx, machine, NIA, length=HOUR_MS),
    "wait": lambda ctx, machine: line.join_line(ctx, NIA, instance_id=machine, length=HOUR_MS),
    "offer": lambda ctx, machine: handovers.offer_handover(ctx, machine, NIA, OLA),
    "stop": lambda ctx, machine: approvals.ask_to_stop(ctx, machine, NIA),
    "start": lambda ctx, machine: approvals.ask_to_start(ctx, machine, NIA, length=HOUR_MS, note=""),
    "clone": lambda ctx, machine: approvals.ask_to_clone(ctx, machine, NIA, length=HOUR_MS, note="", reboot=False),
    "resize": lambda ctx, machine: approvals.ask_to_resize(ctx, machine, NIA, "p5.48xlarge", length=HOUR_MS, reason=""),
    "run": lambda ctx, machine: runs.begin_run(ctx, NIA, "train", machine),
    "snooze": lambda ctx, machine: snooze.snooze_by_button(ctx, machine, NIA),
    "drain": lambda ctx, machine: drain.drain(ctx, machine, PAT),
    "drain off": lambda ctx, machine: drain.end(ctx, machine, PAT),
    "count": lambda ctx, machine: owned.confirm_gpus(ctx, machine, PAT, 8),
    "rename": lambda ctx, machine: owned.rename_owned(ctx, machine, PAT, "other"),
    "retire": lambda ctx, machine: owned.retire(ctx, machine, PAT),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("machine", ["i-none", MACHINE])
def test_nothing_is_done_to_a_machine_that_is_gone(desk, verb, machine):
    with desk.store.writing() as db:
        db.execute("UPDATE instances SET gone_at = 1")
    before = everything(desk)

    with pytest.raises(Refused) as told:
        VERBS[verb](desk, machine)

    assert told.value.sentence.endswith((".", "?"))
    assert everything(desk) == before
