"""Ada asks Bob to release train-7: once, politely, and with an answer."""

import pytest

from bot.errors import Refused
from bot.sandbox.slack.people import ADA, BOB
from handlers.blocks.sharing.line import EXTEND_ANYWAY_BUTTON, GRANT_REQUEST_BUTTON, KEEP_CLAIM_BUTTON
from handlers.topics import press


def asks(office, reason: str = "deadline tonight") -> None:
    office.types("bob", "/gpu claim train-7 for 4h")
    office.types("ada", f"/gpu request train-7 {reason}")


def test_the_holder_is_asked_once_with_the_reason(office):
    office.types("bob", "/gpu claim train-7 for 4h")

    assert office.types("ada", "/gpu request train-7 deadline tonight") == (
        "I asked @Bob to release *train-7*; you hear from me when they answer. It is theirs until Mon 13:00 UTC.\n"
        "[Wait in line]"
    )
    assert office.sees("bob", "@bob") == (
        "@Ada asks whether you could release *train-7*. They say: deadline tonight\n"
        "Your claim lasts until Mon 13:00 UTC; nothing happens unless you say so.\n"
        "[Release it] [Extend by 1 h] [Keep it]"
    )
    assert office.types("ada", "/gpu request train-7 hurry").startswith(
        "You asked @Bob for *train-7* at Mon 09:00 UTC; once is enough. They have not answered yet."
    )
    assert len(office.slack.sees("bob", "@bob")) == 1


def test_released_it_is_offered_to_the_asker_where_nobody_waited_before(office):
    asks(office)

    assert office.presses("bob", "Release it", "@bob").startswith("@Bob released *train-7*, 4 h early. Thanks.")

    said = office.slack.sees("ada", "@ada")
    assert said[0] == "@Bob released *train-7*. Nobody waited before you, so you are asked first whether you want it."
    assert said[1].startswith("It is your turn: *train-7*, for 8 h.")
    assert office.presses("ada", "Take it", "@ada").startswith("*train-7* is @Ada's")


def test_those_who_waited_before_the_asker_are_asked_first(office):
    office.types("bob", "/gpu claim train-7 for 4h")
    office.types("cy", "/gpu wait train-7")
    office.types("ada", "/gpu request train-7")

    office.presses("bob", "Release it", "@bob")

    assert office.sees("ada", "@ada") == (
        "@Bob released *train-7*. 1 person waited before you, so they are asked first; you are 2nd in the line."
    )
    assert office.sees("cy", "@cy").startswith("It is your turn: *train-7*")


def test_kept_or_extended_the_asker_is_told_and_can_wait(office):
    asks(office)

    office.presses("bob", "Keep it", "@bob")
    assert office.sees("bob", "@bob").endswith("You keep it. They know.")
    assert office.sees("ada", "@ada") == "@Bob keeps *train-7* until Mon 13:00 UTC.\n[Wait in line]"

    office.types("cy", "/gpu request train-7")
    office.presses("bob", "Extend by 1 h", "@bob")
    assert office.sees("cy", "@cy") == (
        "@Bob still needs *train-7* and extended it, until Mon 14:00 UTC.\n[Wait in line]"
    )
    assert office.presses("cy", "Wait in line", "@cy").startswith("You are 1st in line for *train-7*")


def test_an_ordinary_release_answers_too(office):
    asks(office)

    office.types("bob", "/gpu release train-7")

    assert office.slack.sees("ada", "@ada")[0].startswith("@Bob released *train-7*. Nobody waited before you")
    assert "You released it. They know." in office.slack.sees("bob", "@bob")[0]


def test_of_several_holders_one_is_chosen(office):
    office.types("bob", "/gpu claim train-7 gpus:2")
    office.types("cy", "/gpu claim train-7 gpus:4")

    seen = office.types("ada", "/gpu request train-7")

    assert seen.startswith("Several people hold *train-7*. Whom shall I ask?\n")
    assert "[Ask the holder of GPUs 0-1]" in seen
    assert office.presses("ada", "Ask the holder of GPUs 0-1").startswith("I asked @Bob to release *train-7*;")


def test_only_the_holder_answers_and_only_once(office):
    asks(office)
    request = office.slack.last("bob", "@bob").blocks[-1]["elements"][0]["value"]

    for answer in (GRANT_REQUEST_BUTTON, EXTEND_ANYWAY_BUTTON, KEEP_CLAIM_BUTTON):
        with pytest.raises(Refused, match="Only the holder can answer this"):
            press(office.valet.ctx, answer, ADA, "", value=request)
    office.presses("bob", "Keep it", "@bob")
    for answer in (GRANT_REQUEST_BUTTON, EXTEND_ANYWAY_BUTTON, KEEP_CLAIM_BUTTON):
        with pytest.raises(Refused, match="has been answered already"):
            press(office.valet.ctx, answer, BOB, "", value=request)
