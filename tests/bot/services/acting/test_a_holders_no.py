"""A holder's no counts until the call that stops the machine, and not after it."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.errors import Refused
from bot.sandbox.machines import SandboxFleet
from bot.services.acting import approvals, consents, executor
from bot.services.sharing import claims
from tests.bot.services.room import BOB, CY, Room


@pytest.fixture
def approved(tmp_path, clock):
    """Cy agreed, and Bob has approved the stop; nothing has been called yet."""
    room = Room(tmp_path / "room.db", clock, fleet=SandboxFleet(clock))
    room.sweep()
    room.reports("train-7", 0.0)
    claims.claim_gpus(room.ctx, room.machine("train-7").id, CY, length=8 * HOUR_MS)
    action = room.asks("train-7")
    room.answers(action)
    yield room, room.approves(action)
    room.close()


def says_no(room, action):
    asked = consents.consents_of(room.ctx, action.id)[0]
    consents.answer_consent(room.ctx, asked.id, CY, agrees=False)


def test_it_calls_off_what_was_approved_and_nothing_is_called(approved):
    room, action = approved

    says_no(room, action)
    executor.carry_out(room.ctx)

    assert room.action(action).state == "cancelled"
    assert room.action(action).outcome == f"<person {CY}> holds it and still needs it."
    assert room.fleet.stops == []


def test_an_extension_calls_off_what_was_approved_too(approved):
    room, action = approved

    claims.extend_claim(room.ctx, room.machine("train-7").id, CY, by=HOUR_MS)
    executor.carry_out(room.ctx)

    assert room.action(action).state == "cancelled"
    assert room.fleet.stops == []


def test_said_twice_it_counts_once_and_a_yes_takes_nothing_back(approved):
    room, action = approved
    says_no(room, action)

    with pytest.raises(Refused, match="over already"):
        says_no(room, action)
    with pytest.raises(Refused, match="over already"):
        room.answers(action)
    with pytest.raises(Refused, match="Already cancelled"):
        approvals.decide(room.ctx, action.id, BOB, yes=True)


def test_while_it_is_being_stopped_it_is_too_late_and_says_so(approved):
    room, action = approved
    executor.carry_out(room.ctx)

    with pytest.raises(Refused, match="over already"):
        says_no(room, action)

    assert len(room.fleet.stops) == 1


def test_who_has_just_said_so_late_is_not_asked_again(approved):
    room, action = approved
    says_no(room, action)
    room.clock.forward(MINUTE_MS)

    with pytest.raises(Refused, match="still needs train-7"):
        room.asks("train-7")
