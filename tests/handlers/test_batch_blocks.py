"""Cards of several stops and of holders' questions are fit to send, whatever the records hold."""

from dataclasses import replace

import pytest

from bot.domain.acting.approvals import Consent, ConsentAnswer
from bot.domain.acting.batches import BIGGEST_BATCH, Batch, BatchDraft, BatchResult, LeftOut
from bot.domain.clock import HOUR_MS
from handlers.blocks.acting import approvals as approvals_blocks
from handlers.blocks.acting import batches as batches_blocks
from handlers.blocks.acting import consents as consents_blocks
from tests.handlers import pieces
from tests.handlers.pieces import NOW, TEXTS, objections
from tests.handlers.test_blocks import APPROVERS, STATES


def stops(text, state):
    one = pieces.action(text, state=state)
    facts = replace(one.facts, programs=(text,) * 30, approvals=2)
    return [replace(one, id=f"{number:032d}", batch="b" * 32, facts=facts) for number in range(BIGGEST_BATCH)]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("state", STATES)
def test_the_largest_card_of_several_stops_is_fit_to_send(text, state):
    batch = Batch("b" * 32, text, "U0ADA0001", text, NOW)

    assert objections(batches_blocks.card_of_batch(batch, stops(text, state), APPROVERS)) == []
    assert objections(batches_blocks.ended_batch(batch, stops(text, state))) == []


@pytest.mark.parametrize("text", TEXTS)
def test_what_whoever_asked_is_told_is_fit_to_send(text):
    left = tuple(LeftOut(text, f"train-7 is <@U0CY00001>'s, and {number}") for number in range(40))
    draft = BatchDraft("d" * 32, "U0ADA0001", text, ("i-1", "i-2"), NOW)
    asked = [BatchResult(f"{number}{text}", draft=draft, wanted=99, room=2, left=left) for number in range(30)]
    made = [BatchResult(text, tuple(stops(text, "pending")))]

    assert objections(batches_blocks.batch_asked([*asked, *made], {text: "C0GPUS001"})) == []


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("answer", ConsentAnswer.__args__)
@pytest.mark.parametrize("state", STATES)
def test_a_holders_question_is_fit_to_send(text, answer, state):
    action = pieces.action(text, state=state)
    asked = Consent("c" * 32, "a" * 32, "k" * 32, "U0CY00001", NOW + HOUR_MS, NOW, NOW + HOUR_MS, answer)

    assert objections(consents_blocks.consent_question(asked, action)) == []
    assert objections(approvals_blocks.card(action, APPROVERS, [asked] * 16)) == []
    assert (
        objections(approvals_blocks.action_asked(action, "C0GPUS001", action.requester, again=True, first=[asked] * 16))
        == []
    )
