"""Whatever names and notes hold, reminders and questions about claims are fit to send."""

from dataclasses import replace

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.sharing.checkins import Checkin
from bot.domain.sharing.reminders import Reminder
from bot.domain.sharing.unclaimed import UnclaimedUse
from handlers.blocks.machines import fleet as fleet_blocks
from handlers.blocks.sharing import checkins as checkins_blocks
from handlers.blocks.sharing import claims as claims_blocks
from handlers.blocks.sharing import reminders as reminders_blocks
from handlers.blocks.sharing import unclaimed as unclaimed_blocks
from handlers.blocks.sharing.checkins import CheckedClaim
from tests.handlers.pieces import NOW, TEXTS, claim, listing, objections

STATES = ("open", "kept", "released", "worked", "unused", "ended")
PEOPLE = [f"U012345678{number}" for number in range(5)]


def held(text: str, kind: str, state: str, *, number: int = 0, deadline: int | None = NOW + HOUR_MS) -> CheckedClaim:
    settled = None if state == "open" else NOW
    asked = Checkin(
        id=f"q{number}",
        batch="b" * 32,
        claim_id="c" * 32,
        person=PEOPLE[0],
        kind=kind,
        day="2026-11-23",
        until_at=NOW + DAY_MS,
        idle_since=NOW - 2 * HOUR_MS,
        asked_at=NOW,
        deadline_at=deadline,
        state=state,
        settled_at=settled,
    )
    return CheckedClaim(asked, claim(text, gpus=(0, 1)), text, listing(text, claimed=True), PEOPLE)


@pytest.mark.parametrize("text", TEXTS)
def test_reminders_are_fit_to_send(text):
    told = [Reminder("c" * 32, NOW, NOW - DAY_MS, said, posted=True) for said in (None, 30, 5, 0)]
    mine = [claim(text), claim(text, until_at=NOW - MINUTE_MS), claim(text, gpus=(3,))]
    for reason in ("released", "expired", "gone", "handed", "unused"):
        mine.append(replace(mine[0], ended_at=NOW, end_reason=reason, ended_by=mine[0].holder))

    replies = [
        reminders_blocks.claim_reminder(
            each, one, text, listing(text), NOW, ended=reminders_blocks.claim_ended(one, text, listing(text))
        )
        for each in told
        for one in mine
    ]

    assert [found for reply in replies for found in objections(reply)] == []


@pytest.mark.parametrize("text", TEXTS)
def test_questions_are_fit_to_send_however_many_there_are(text):
    replies = [
        checkins_blocks.checkin_question([held(text, kind, state, deadline=deadline)], NOW)
        for kind in ("idle", "morning")
        for state in STATES
        for deadline in (None, NOW + HOUR_MS)
    ]
    replies.append(
        checkins_blocks.checkin_question([held(text, "morning", "open", number=number) for number in range(60)], NOW)
    )
    replies += [checkins_blocks.checkin_waited_for(held(text, "idle", state)) for state in STATES]

    assert [found for reply in replies for found in objections(reply)] == []


@pytest.mark.parametrize("text", TEXTS)
def test_who_works_there_is_named_without_harm(text):
    squats = [
        UnclaimedUse("s", "i", text, gpus, NOW - HOUR_MS, NOW, "U0ADA", NOW) for gpus in ((0,), (0, 1), tuple(range(8)))
    ]
    states = ("asked", "claimed", "not mine", "over")
    replies = [
        unclaimed_blocks.unclaimed_question(replace(each, state=state), text, whole=len(each.gpus) == 8)  # type: ignore[arg-type]
        for each in squats
        for state in states
    ]
    seen = replace(
        listing(text, claimed=True),
        unclaimed_users=tuple((text + str(n), "U0BOB0001" if n % 2 else "", (n,)) for n in range(8)),
    )
    replies.append(fleet_blocks.one_machine(seen, NOW))
    used = unclaimed_blocks.other_users_in_words(
        [(text, "", (0,)), (text, "U0CYC0001", (1, 2)), (text, "", (3,)), (text, "", (4,))]
    )
    replies.append(claims_blocks.claim_made(seen, seen.claims[0].holder, used=used))

    assert [found for reply in replies for found in objections(reply)] == []
