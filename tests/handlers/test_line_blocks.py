"""Whatever names and notes hold, messages of the line and requests are fit to send, and say what is meant."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.models import GpuKind, gpu_kind
from bot.domain.sharing.find import SparePart
from bot.domain.sharing.line import Turn, Waiter
from bot.domain.sharing.offers import LineOffer
from bot.domain.sharing.requests import ReleaseRequest
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import line as line_blocks
from handlers.blocks.sharing import requests as requests_blocks
from tests.examples import examples
from tests.handlers import pieces
from tests.handlers.pieces import NOW, TEXTS, objections

INSTANCE = "i-0123456789abcdef0"
PERSON = "U0123456789AB"


def waiter(note: str = "", *, of_kind: str = "", **fields) -> Waiter:
    wanted = gpu_kind(of_kind) if of_kind else GpuKind()
    made = Waiter(
        7, PERSON, "" if of_kind else INSTANCE, wanted, 2 if of_kind else None, 8 * HOUR_MS, note, NOW - HOUR_MS
    )
    return replace(made, **fields)


def offer(state: str = "open") -> LineOffer:
    ended = None if state == "open" else NOW
    return LineOffer("f" * 32, 7, PERSON, INSTANCE, tuple(range(8)), 8 * HOUR_MS, NOW, NOW + HOUR_MS, state, ended)  # type: ignore[arg-type]


def request(text: str, answer: str = "") -> ReleaseRequest:
    return ReleaseRequest("r" * 32, "c" * 32, PERSON, text, NOW, answer, NOW if answer else None)  # type: ignore[arg-type]


def every_reply(text: str, name: str) -> list[Reply]:
    one, held, some = pieces.listing(name), pieces.claim(text), waiter(text)
    turn = Turn(some, INSTANCE, (0,), NOW + 3 * HOUR_MS)
    crowd = replace(pieces.listing(name, claimed=True), offers=(offer(),), waiting=12_345)
    return [
        *(
            line_blocks.place_reply(who, name, 3, turn, offer=None, is_new=True, now=NOW)
            for who in (some, waiter(of_kind="a100-80"))
        ),
        line_blocks.place_reply(some, name, 12_345, None, offer=offer(), is_new=False, now=NOW),
        line_blocks.others_wait(some, crowd, 12_345, turn, NOW),
        line_blocks.turn_not_yet(some, name, 12_345, turn, NOW),
        line_blocks.turn_not_yet(some, name, 1, None, NOW),
        *(line_blocks.nothing_to_wait_for(one, count, 8 * HOUR_MS) for count in (1, 2, 8)),
        *(
            line_blocks.turn_offer(offer(state), some, name, one, has_next=more)
            for state in ("open", "taken", "passed", "lapsed", "withdrawn")
            for more in (True, False)
        ),
        line_blocks.turn_offer(offer(), some, name, None),
        *(
            line_blocks.line_ended(replace(some, end_reason=why), name, offer("lapsed"))
            for why in ("lapsed", "stale", "gone")
        ),
        line_blocks.line_left(some, name),
        line_blocks.holder_waited_for(held, name, [f"U{number:09}" for number in range(30)]),
        line_blocks.waiting_list(crowd, [(some, offer()), *[(some, None)] * 400], PERSON, NOW),
        line_blocks.waiting_list(one, [], PERSON, NOW),
        line_blocks.places_and_lines([(some, name, "1st.")] * 400, [(some, name, 3)] * 400),
        line_blocks.places_and_lines([], []),
        *requests_as_shown(text, name),
    ]


def requests_as_shown(text: str, name: str) -> list[Reply]:
    one, held = pieces.listing(name), pieces.claim(text)
    asked = [request(text), replace(request(text), gpus=(0, 1), length=HOUR_MS, idle_since=NOW - HOUR_MS)]
    answered = [replace(each, answer=said) for each in asked for said in ("", "released", "extended", "kept", "ended")]
    holders = [
        (replace(held, id=str(n), holder=f"U{n:09}"), SparePart((n,), NOW - HOUR_MS if n % 2 else None))
        for n in range(40)
    ]
    return [
        *(requests_blocks.request_question(each, held, name, listing) for each in answered for listing in (one, None)),
        *(
            requests_blocks.request_sent(each, held, name, one, is_new=new, now=NOW)
            for each in answered
            for new in (True, False)
        ),
        *(
            requests_blocks.request_answer(each, held, name, one, ahead)
            for each in answered
            for ahead in (None, 0, 1, 12_345)
        ),
        requests_blocks.which_holder(one, holders, NOW, HOUR_MS),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("text", TEXTS)
def test_every_message_is_fit_to_send(text):
    name = pieces.instance(text).name

    assert [found for reply in every_reply(text, name) for found in objections(reply)] == []


@pytest.mark.slow
@settings(max_examples=examples(60), deadline=None)
@given(pieces.texts)
def test_any_text_is_fit_to_send(text):
    name = pieces.instance(text).name

    assert [found for reply in every_reply(text, name) for found in objections(reply)] == []


@settings(max_examples=examples(100))
@given(st.integers(1, 10**6))
def test_places_are_counted_as_people_count(number):
    said = line_blocks.ordinal(number)

    teen = number % 100 in {11, 12, 13}
    assert said == "first" or said.endswith(
        "th" if teen or number % 10 not in {1, 2, 3} else ("st", "nd", "rd")[number % 10 - 1]
    )


def test_singular_and_plural_are_told_apart():
    assert line_blocks.people_wait(["U0A"]) == "<@U0A> waits"
    assert line_blocks.people_wait(["U0A", "U0B", "U0A"]) == "<@U0A> and <@U0B> wait"
    assert line_blocks.people_wait(["U0A", "U0B", "U0C", "U0D"]) == "<@U0A>, <@U0B>, <@U0C> and 1 other wait"
    assert line_blocks.waited_for_in_words(waiter(count=1), "a") == "1 GPU of *a*"
    assert line_blocks.waited_for_in_words(waiter(of_kind="any", count=1), "") == "*any GPU*"


def test_estimates_are_round():
    spans = (30_000, 7 * MINUTE_MS, HOUR_MS - 1, HOUR_MS, 4 * HOUR_MS + 59 * MINUTE_MS + 1, 50 * HOUR_MS)
    begin = datetime(2026, 11, 30, 9, tzinfo=UTC)
    now = int(begin.timestamp()) * 1000
    said = (
        "any minute",
        "around 09:10 UTC",
        "around 10:00 UTC",
        "around 10:00 UTC",
        "around 14:00 UTC",
        "around Wed 11:00 UTC",
    )

    turns = [Turn(waiter(), INSTANCE, (0,), now + span) for span in spans]
    told = [line_blocks.place_in_words(0, turn, None, now) for turn in turns]
    assert [re.sub(r"<!date[^|]*\|([^>]*)>", r"\1", each) for each in told] == [
        f"first; expected {each}" for each in said
    ]
    assert line_blocks.place_in_words(1, None, None, now) == "2nd; nobody can say when"
