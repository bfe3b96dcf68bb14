"""Ada asks Bob to release train-7, or some GPUs of it: once, politely, and with an answer."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.errors import Refused
from bot.sandbox.slack.people import ADA, BOB
from bot.services import people
from handlers.blocks.sharing.requests import (
    EXTEND_ANYWAY_BUTTON,
    GRANT_PART_BUTTON,
    GRANT_REQUEST_BUTTON,
    KEEP_CLAIM_BUTTON,
)
from handlers.topics import press
from store.sql import rows


def asks(office, reason: str = "deadline tonight") -> None:
    office.types("bob", "/gpu claim train-7 for 4h")
    office.types("ada", f"/gpu request train-7 {reason}")


def test_the_holder_is_asked_once_with_the_reason(office):
    office.types("bob", "/gpu claim train-7 for 4h")

    assert office.types("ada", "/gpu request train-7 deadline tonight") == (
        "I asked @Bob to release *train-7*. I'll tell you what they say. Their claim lasts until Mon 13:00 UTC.\n"
        "[Wait in line]"
    )
    assert office.sees("bob", "@bob") == (
        "@Ada asks whether you could release *train-7*. They say: deadline tonight\n"
        "Your claim lasts until Mon 13:00 UTC. Nothing happens unless you say so.\n"
        "[Release it] [Extend by 1 h] [Keep it]"
    )
    assert office.types("ada", "/gpu request train-7 hurry").startswith(
        "You asked @Bob for *train-7* already, Mon 09:00 UTC. They have not answered yet."
    )
    assert len(office.slack.sees("bob", "@bob")) == 1


def test_released_it_is_offered_to_the_asker_where_nobody_waited_before(office):
    asks(office)

    assert office.presses("bob", "Release it", "@bob").startswith("@Bob released *train-7*, 4 h early. Thanks.")

    said = office.slack.sees("ada", "@ada")
    assert said[0] == "@Bob released *train-7*. Nobody waited before you, so you are asked first whether you want it."
    assert said[1].startswith("It's your turn: *train-7*, for 8 h.")
    assert office.presses("ada", "Take it", "@ada").startswith("*train-7* is @Ada's")


def test_those_who_waited_before_the_asker_are_asked_first(office):
    office.types("bob", "/gpu claim train-7 for 4h")
    office.types("cy", "/gpu wait train-7")
    office.types("ada", "/gpu request train-7")

    office.presses("bob", "Release it", "@bob")

    assert office.sees("ada", "@ada") == (
        "@Bob released *train-7*. 1 person waited before you, so they are asked first. You are 2nd in line."
    )
    assert office.sees("cy", "@cy").startswith("It's your turn: *train-7*")


def test_kept_or_extended_the_asker_is_told_and_can_wait(office):
    asks(office)

    office.presses("bob", "Keep it", "@bob")
    assert office.sees("bob", "@bob").endswith("You keep it. They know.")
    assert office.sees("ada", "@ada") == "@Bob keeps *train-7* until Mon 13:00 UTC.\n[Wait in line]"

    office.types("cy", "/gpu request train-7")
    office.presses("bob", "Extend by 1 h", "@bob")
    assert office.sees("cy", "@cy") == (
        "@Bob still needs *train-7*: the claim now lasts until Mon 14:00 UTC.\n[Wait in line]"
    )
    assert office.presses("cy", "Wait in line", "@cy").startswith("You're first in line for *train-7*")


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
    assert "[Ask for GPUs 0-1]" in seen
    assert office.presses("ada", "Ask for GPUs 0-1").startswith("I asked @Bob to release GPUs 0-1 of *train-7*.")


def test_only_the_holder_answers_and_only_once(office):
    asks(office)
    request = office.slack.last("bob", "@bob").blocks[-1]["elements"][0]["value"]

    for answer in (GRANT_REQUEST_BUTTON, GRANT_PART_BUTTON, EXTEND_ANYWAY_BUTTON, KEEP_CLAIM_BUTTON):
        with pytest.raises(Refused, match="Only the holder can answer this"):
            press(office.valet.ctx, answer, ADA, "", value=request)
    office.presses("bob", "Keep it", "@bob")
    for answer in (GRANT_REQUEST_BUTTON, GRANT_PART_BUTTON, EXTEND_ANYWAY_BUTTON, KEEP_CLAIM_BUTTON):
        with pytest.raises(Refused, match="has been answered already"):
            press(office.valet.ctx, answer, BOB, "", value=request)


def shares(office, *idle: int, held: str = "") -> None:
    """Ada holds dgx-1, and these of its GPUs have stood idle for hours."""
    office.reports("dgx-1", [0.0 if gpu in idle else 90.0 for gpu in range(8)], minutes=292)
    office.types("ada", f"/gpu claim dgx-1 {held} for 8h fine-tune")


def holding(office, who: str) -> str:
    return office.types(who, "/gpu status mine")


def test_idle_gpus_of_a_claim_are_offered_by_find_and_asked_for(office):
    shares(office, 6, 7)

    seen = office.types("bob", "/gpu find 2xa100-80 for 6h")

    assert "GPUs 6-7 of *dgx-1*, idle for 4 h 52 m, @Ada holds them\n" in seen
    assert office.presses("bob", "Ask for these 2") == (
        "I asked @Ada for GPUs 6-7 of *dgx-1*, idle for 4 h 52 m. I'll tell you what they say. "
        "Their claim lasts until Mon 17:00 UTC.\n[Wait in line]"
    )
    assert office.sees("ada", "@ada") == (
        "@Bob asks you for GPUs 6-7 of *dgx-1* for 6 h. They have been idle since Mon 04:08 UTC.\n"
        "You would keep GPUs 0-5 until Mon 17:00 UTC. Nothing happens unless you say so.\n"
        "[Hand over GPUs 6-7] [Keep them]"
    )


def test_the_button_names_the_holder_where_the_name_is_known(office):
    shares(office, 6, 7)
    people.learn(office.valet.ctx, lambda person: people.Called({ADA: "Ada"}.get(person, "")))

    assert "[Ask Ada for these 2]" in office.types("bob", "/gpu find 2xa100-80 for 6h")
    seen = office.types("bob", "/gpu claim dgx-1 gpus:2 for 6h")
    assert "GPUs 6-7 of *dgx-1*, idle for 4 h 52 m, @Ada holds them." in seen
    assert "[Ask Ada for these 2]" in seen


def test_the_holders_yes_hands_over_exactly_these(office):
    shares(office, 6, 7)
    office.types("bob", "/gpu request dgx-1 gpus:2 for 6h eval run")

    office.presses("ada", "Hand over GPUs 6-7", "@ada")

    assert office.sees("ada", "@ada").endswith("They say: eval run\nYou handed them over. They know.")
    assert office.sees("bob", "@bob") == (
        "@Ada handed you GPUs 6-7 of *dgx-1*. They are yours until Mon 15:00 UTC.\n[Release dgx-1]"
    )
    assert "@Ada has GPUs 0-5" in holding(office, "ada") or "GPUs 0-5" in holding(office, "ada")
    assert "GPUs 6-7" in holding(office, "bob")
    assert {"asked the holder for some GPUs", "handed over some GPUs", "claimed"} <= {
        row["did"] for row in rows(office.valet.ctx.store.reading(), "SELECT did FROM audit")
    }


def test_gpus_at_work_again_are_handed_over_only_by_another_yes(office):
    shares(office, 6, 7)
    office.types("bob", "/gpu request dgx-1 gpus:2")
    office.clock.forward(2 * MINUTE_MS)
    office.reports("dgx-1", [90.0] * 7 + [0.0], minutes=2)

    said = office.presses("ada", "Hand over GPUs 6-7", "@ada")

    assert said.startswith("GPU 6 of dgx-1 is in use again, so nothing was handed over.")
    assert "asks you for GPUs 6-7 of *dgx-1*. GPU 6 is in use.\n" in office.slack.sees("ada", "@ada")[0]
    assert "dgx-1" not in holding(office, "bob")
    office.presses("ada", "Hand over GPUs 6-7", "@ada")
    assert "GPUs 6-7" in holding(office, "bob")


def test_gpus_that_nobody_hears_of_any_more_are_not_taken_for_idle(office):
    shares(office, 6, 7)
    office.types("bob", "/gpu request dgx-1 gpus:2")
    office.clock.forward(30 * MINUTE_MS)

    office.presses("ada", "Hand over GPUs 6-7", "@ada")

    assert "dgx-1" not in holding(office, "bob")


def test_a_claim_that_has_ended_or_shrunk_leaves_nothing_to_hand_over(office):
    shares(office, 6, 7)
    office.types("bob", "/gpu request dgx-1 gpus:2 for 2h")
    request = office.slack.last("ada", "@ada").blocks[-1]["elements"][0]["value"]

    office.types("ada", "/gpu claim dgx-1 gpus:0-5")

    assert office.slack.sees("bob", "@bob")[0].startswith("@Ada released GPUs 6-7 of *dgx-1*. Nobody waited before you")
    with pytest.raises(Refused, match="has been answered already"):
        press(office.valet.ctx, GRANT_PART_BUTTON, ADA, "", value=request)
    office.types("cy", "/gpu request dgx-1 gpu:0")
    request = office.slack.last("ada", "@ada").blocks[-1]["elements"][0]["value"]
    office.passes(9 * HOUR_MS, step=HOUR_MS)
    with pytest.raises(Refused, match="Your claim has ended"):
        press(office.valet.ctx, GRANT_PART_BUTTON, ADA, "", value=request)


def test_those_who_waited_first_get_the_gpus_that_are_handed_over(office):
    shares(office, 6, 7)
    office.types("cy", "/gpu wait dgx-1 gpus:2")
    office.types("bob", "/gpu request dgx-1 gpus:2")

    office.presses("ada", "Hand over GPUs 6-7", "@ada")

    assert office.sees("cy", "@cy").startswith("It's your turn: GPUs 6-7 of *dgx-1*")
    assert office.sees("bob", "@bob") == (
        "@Ada released GPUs 6-7 of *dgx-1*. 1 person waited before you, so they are asked first. You are 2nd in line."
    )


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("gpus:9", "It has 8 GPUs, so say gpus:1 to gpus:8."),
        ("gpu:6", "I asked @Ada for GPU 6 of *dgx-1*, idle for 4 h 52 m."),
        ("deadline tonight gpus:6-7", "I asked @Ada for GPUs 6-7 of *dgx-1*, idle for 4 h 52 m."),
        ("gpus:3", "I asked @Ada for GPUs 5-7 of *dgx-1*."),
        ("gpus:8", "I asked @Ada to release *dgx-1*."),
        ("for 2h", "I asked @Ada to release *dgx-1*."),
    ],
)
def test_some_gpus_are_asked_for_by_number_or_by_name(office, typed, said):
    shares(office, 6, 7)

    assert office.types("bob", f"/gpu request dgx-1 {typed}").startswith(said)


def test_of_several_holders_those_who_have_idle_gpus_are_asked(office):
    office.reports("dgx-1", [90.0] * 6 + [0.0] * 2, minutes=292)
    office.types("ada", "/gpu claim dgx-1 gpus:4-7 for 8h")
    office.types("cy", "/gpu claim dgx-1 gpus:0-3 for 8h")

    assert office.types("bob", "/gpu request dgx-1 gpus:2").startswith("I asked @Ada for GPUs 6-7 of *dgx-1*")


def test_gpus_that_nobody_holds_are_claimed_rather_than_asked_for(office):
    shares(office, 6, 7, held="gpus:0-3")

    assert office.types("bob", "/gpu request dgx-1 gpus:2") == (
        "So many GPUs of dgx-1 are nobody's. `/gpu claim dgx-1 gpus:2` takes them."
    )
    assert office.types("bob", "/gpu request dgx-1 gpu:7").startswith("Nobody holds those GPUs of dgx-1")
