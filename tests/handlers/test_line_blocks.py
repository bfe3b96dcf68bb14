"""Whatever names and notes hold, messages of the line and requests are fit to send, and say what is meant."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.clock import HOUR, MINUTE
from bot.domain.models import Kind, kind
from bot.domain.sharing.line import Turn, Waiter
from bot.domain.sharing.offers import Offer
from bot.domain.sharing.requests import Request
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import line, requests
from tests.examples import examples
from tests.handlers import pieces
from tests.handlers.pieces import NOW, TEXTS, objections

INSTANCE = "i-0123456789abcdef0"
PERSON = "U0123456789AB"


def waiter(note: str = "", *, of_kind: str = "", **fields) -> Waiter:
    wanted = kind(of_kind) if of_kind else Kind()
    made = Waiter(7, PERSON, "" if of_kind else INSTANCE, wanted, 2 if of_kind else None, 8 * HOUR, note, NOW - HOUR)
    return replace(made, **fields)


def offer(state: str = "open") -> Offer:
    ended = None if state == "open" else NOW
    return Offer("f" * 32, 7, PERSON, INSTANCE, tuple(range(8)), 8 * HOUR, NOW, NOW + HOUR, state, ended)  # type: ignore[arg-type]


def request(text: str, answer: str = "") -> Request:
    return Request("r" * 32, "c" * 32, PERSON, text, NOW, answer, NOW if answer else None)  # type: ignore[arg-type]


def every_reply(text: str, name: str) -> list[Reply]:
    one, held, some = pieces.listing(name), pieces.claim(text), waiter(text)
    turn = Turn(some, INSTANCE, (0,), NOW + 3 * HOUR)
    crowd = replace(pieces.listing(name, claimed=True), offers=(offer(),), waiting=12_345)
    return [
        *(
            line.place(who, name, 3, turn, offer=None, is_new=True, now=NOW)
            for who in (some, waiter(of_kind="a100-80"))
        ),
        line.place(some, name, 12_345, None, offer=offer(), is_new=False, now=NOW),
        line.others_first(some, crowd, 12_345, turn, NOW),
        line.not_yet(some, name, 12_345, turn, NOW),
        line.not_yet(some, name, 1, None, NOW),
        *(line.free_now(one, count, 8 * HOUR) for count in (1, 2, 8)),
        *(
            line.offered(offer(state), some, name, one, has_next=more)
            for state in ("open", "taken", "passed", "lapsed", "withdrawn")
            for more in (True, False)
        ),
        line.offered(offer(), some, name, None),
        *(line.ended(replace(some, end_reason=why), name, offer("lapsed")) for why in ("lapsed", "stale", "gone")),
        line.left(some, name),
        line.waited_for(held, name, [f"U{number:09}" for number in range(30)]),
        line.line(crowd, [(some, offer()), *[(some, None)] * 400], PERSON, NOW),
        line.line(one, [], PERSON, NOW),
        line.places([(some, name, "1st.")] * 400, [(some, name, 3)] * 400),
        line.places([], []),
        *(
            requests.question(request(text, said), held, name, one)
            for said in ("", "released", "extended", "kept", "ended")
        ),
        *(requests.asked(request(text), held, name, is_new=new) for new in (True, False)),
        *(requests.answer(request(text, "released"), held, name, ahead) for ahead in (None, 0, 1, 12_345)),
        *(requests.answer(request(text, said), held, name, None) for said in ("extended", "kept", "ended")),
        requests.whom(
            replace(one, claims=tuple(replace(held, id=str(n), holder=f"U{n:09}") for n in range(40))), PERSON
        ),
    ]


@pytest.mark.parametrize("text", TEXTS)
def test_every_message_is_fit_to_send(text):
    name = pieces.instance(text).name

    assert [found for reply in every_reply(text, name) for found in objections(reply)] == []


@settings(max_examples=examples(60), deadline=None)
@given(pieces.texts)
def test_any_text_is_fit_to_send(text):
    name = pieces.instance(text).name

    assert [found for reply in every_reply(text, name) for found in objections(reply)] == []


@settings(max_examples=examples(100))
@given(st.integers(1, 10**6))
def test_places_are_counted_as_people_count(number):
    said = line.ordinal(number)

    teen = number % 100 in {11, 12, 13}
    assert said.endswith("th" if teen or number % 10 not in {1, 2, 3} else ("st", "nd", "rd")[number % 10 - 1])


def test_singular_and_plural_are_told_apart():
    assert line.someone(["U0A"]) == "<@U0A> waits"
    assert line.someone(["U0A", "U0B", "U0A"]) == "<@U0A> and <@U0B> wait"
    assert line.someone(["U0A", "U0B", "U0C", "U0D"]) == "<@U0A>, <@U0B>, <@U0C> and 1 other wait"
    assert line.what(waiter(count=1), "a") == "1 GPU of *a*"
    assert line.what(waiter(of_kind="any", count=1), "") == "*any GPU*"


def test_estimates_are_round():
    spans = (0, 30_000, 7 * MINUTE, HOUR - 1, HOUR, 4 * HOUR + 59 * MINUTE + 1, 50 * HOUR)
    said = ("5 m", "5 m", "10 m", "1 h", "1 h", "5 h", "2 d 2 h")

    assert [line.about(span) for span in spans] == [f"about {each}" for each in said]
