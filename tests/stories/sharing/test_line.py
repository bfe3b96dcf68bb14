"""Who waits for what others have: a place, an offer in turn, and nobody jumps."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.errors import Refused
from bot.sandbox.slack.people import BOB, CY
from handlers.blocks.sharing.line import TAKE_OFFER_BUTTON
from handlers.topics import press
from store.sharing import line as stored_line


def test_who_can_have_it_now_is_told_to_claim_it_instead(office):
    assert office.types("ada", "/gpu wait train-7 for 2h") == (
        "*train-7* is unclaimed now, so there is nothing to wait for.\n[Claim train-7]"
    )
    office.reports("train-7", 0)
    assert "*train-7* is free now" in office.types("ada", "/gpu wait train-7 for 2h")

    assert office.presses("ada", "Claim train-7").startswith("*train-7* is @Ada's until Mon 11:00 UTC.")


def test_the_place_and_the_wait_are_said_and_asking_again_is_the_same_place(office):
    office.types("ada", "/gpu claim train-7 for 4h")

    assert office.types("cy", "/gpu wait train-7 for 2h") == (
        "You're first in line for *train-7*, for 2 h; expected around 13:00 UTC. "
        "I'll message you when it's your turn.\n[Show the line] [Leave the line]"
    )
    assert office.types("bob", "/gpu wait train-7 gpus:2 eval").startswith(
        "You're 2nd in line for 2 GPUs of *train-7*, for 8 h; expected around 15:00 UTC."
    )
    assert office.types("cy", "/gpu wait train-7").startswith("You're already first in line for *train-7*")
    assert office.types("ada", "/gpu line train-7") == (
        "2 people wait for *train-7*, first come, first served.\n"
        "1. @Cy: all of it for 2 h, since Mon 09:00 UTC\n"
        "2. @Bob: 2 GPUs for 8 h, since Mon 09:00 UTC (eval)"
    )


def test_leave_alone_shows_each_line_with_its_button(office):
    for name in ("train-7", "nb-2"):
        office.types("bob", f"/gpu claim {name} for 4h")
        office.types("ada", f"/gpu wait {name}")

    seen = office.types("ada", "/gpu leave")

    assert seen.startswith("You're in 2 lines.")
    assert seen.count("[Leave the line]") == 2


def test_one_person_in_two_places_is_one_person(office):
    for name in ("train-7", "train-9", "dgx-1"):
        office.types("bob", f"/gpu claim {name} for 4h")
    office.types("ada", "/gpu wait train-7")
    office.types("ada", "/gpu wait 8xA100")

    assert office.types("ada", "/gpu line train-7").startswith("1 person waits for *train-7*, in 2 places, first come")


def test_the_first_is_asked_and_takes_it_and_the_holder_was_told_once(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("cy", "/gpu wait train-7 for 2h ablation")
    assert office.sees("ada", "@ada") == (
        "@Cy waits for *train-7*, which is yours until Mon 13:00 UTC. Done early?\n[Release train-7]"
    )
    office.types("bob", "/gpu wait train-7")

    office.presses("ada", "Release train-7", "@ada")

    assert office.sees("cy", "@cy") == (
        "It's your turn: *train-7*, for 2 h. It's held for you until Mon 09:15 UTC. Your note: ablation.\n"
        "[Take it] [Pass]"
    )
    office.presses("cy", "Take it", "@cy")
    assert "@Cy to Mon 11:00 UTC: ablation  ·  1 waits in line" in office.types("ada", "/gpu status train-7")
    assert "Line: 1 person waits for it; `/gpu line train-7` shows who." in office.types("ada", "/gpu why train-7")
    assert sum("wait for" in each or "waits for" in each for each in office.slack.sees("ada", "@ada")) == 1


def test_an_offer_of_gpus_that_are_gone_is_withdrawn_and_the_place_is_kept(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("cy", "/gpu wait train-7 gpus:2 for 2h")
    office.presses("ada", "Release train-7", "@ada")
    before = stored_line.open_offers(office.valet.ctx.store.reading())
    office.fleet.change("train-7", gpu_count=max(before[0].gpus))

    office.passes(MINUTE_MS)

    offer = stored_line.offer_by_id(office.valet.ctx.store.reading(), before[0].id)
    assert offer is not None
    assert offer.state == "withdrawn"
    assert "@Cy: 2 GPUs for 2 h" in office.types("ada", "/gpu line train-7"), "she stands where she stood"


def test_nobody_claims_past_those_who_wait(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("cy", "/gpu wait train-7 for 2h")
    office.types("ada", "/gpu release train-7")

    assert office.types("bob", "/gpu claim train-7") == (
        "1 person waits for *train-7*. You'd be 2nd; expected around 11:00 UTC.\n"
        "It's held for @Cy until Mon 09:15 UTC.\n[Wait in line] [Show the line]"
    )
    assert office.presses("bob", "Wait in line").startswith("You're 2nd in line for *train-7*, for 8 h;")
    assert office.types("bob", "/gpu claim train-7") == (
        "It's not your turn yet. You're 2nd in line for *train-7*; expected around 11:00 UTC.\n"
        "[Show the line] [Leave the line]"
    )
    assert office.types("cy", "/gpu claim train-7 for 1h").startswith("*train-7* is @Cy's until Mon 10:00 UTC.")
    assert office.sees("cy", "@cy") == "It was your turn for *train-7*. You took *train-7*."


def test_who_does_not_answer_is_out_and_told_and_the_next_is_asked(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("cy", "/gpu wait train-7")
    office.types("bob", "/gpu wait train-7 gpus:2")
    office.types("ada", "/gpu release train-7")

    office.passes(16 * MINUTE_MS)

    assert office.sees("cy", "@cy") == (
        "It was your turn for *train-7*, but you didn't answer by Mon 09:15 UTC. "
        "It goes to the next, and you are out of the line.\n[Wait again]"
    )
    assert office.sees("bob", "@bob").startswith("It's your turn: GPUs 0-1 of *train-7*, for 8 h.")
    assert office.presses("cy", "Wait again", "@cy").startswith("You're 2nd in line for *train-7*, for 8 h;")


def test_where_nobody_is_next_nobody_is_named_as_next(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("cy", "/gpu wait train-7")
    office.types("ada", "/gpu release train-7")

    office.passes(16 * MINUTE_MS)

    assert office.slack.sees("cy", "@cy") == [
        "It was your turn for *train-7*. You didn't answer by Mon 09:15 UTC, so *train-7* is no longer held for you.",
        (
            "It was your turn for *train-7*, but you didn't answer by Mon 09:15 UTC. "
            "It is no longer held for you, and you are out of the line.\n[Wait again]"
        ),
    ]


@pytest.mark.parametrize(
    ("others", "said"), [((), "You let *train-7* go."), (("bob",), "You let *train-7* go to the next.")]
)
def test_whoever_passes_hears_whether_there_is_a_next(office, others, said):
    office.types("ada", "/gpu claim train-7 for 4h")
    for person in ("cy", *others):
        office.types(person, "/gpu wait train-7")
    office.types("ada", "/gpu release train-7")

    office.presses("cy", "Pass", "@cy")

    assert office.slack.sees("cy", "@cy")[0] == f"It was your turn for *train-7*. {said}"


def test_whoever_passes_leaves_and_a_late_press_is_told_so(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("cy", "/gpu wait train-7")
    office.types("ada", "/gpu release train-7")
    offer = office.slack.last("cy", "@cy").blocks[-1]["elements"][0]["value"]

    with pytest.raises(Refused, match="somebody else's"):
        press(office.valet.ctx, TAKE_OFFER_BUTTON, BOB, "", value=offer)
    assert office.presses("cy", "Pass", "@cy") == "You are out of the line for *train-7*."
    with pytest.raises(Refused, match="This offer is over"):
        press(office.valet.ctx, TAKE_OFFER_BUTTON, CY, "", value=offer)
    assert office.types("bob", "/gpu claim train-7").startswith("*train-7* is @Bob's")


def test_any_machine_of_a_kind_will_do(office):
    for name in ("train-7", "train-9"):
        office.types("ada", f"/gpu claim {name} for 4h")

    assert office.types("cy", "/gpu wait 2xA100 for 1h").startswith("You're first in line for *2x A100*, for 1 h;")
    assert "All lines: *2x A100*: 1 waits." in office.types("bob", "/gpu line")
    assert "@Cy waits for it." in office.types("ada", "/gpu extend train-9 1h")

    office.types("ada", "/gpu release train-9")
    assert office.sees("cy", "@cy").startswith("It's your turn: GPUs 0-1 of *train-9*, for 1 h.")
    assert office.types("bob", "/gpu claim train-9").startswith("1 person waits for *train-9*. You'd be 2nd")
    assert office.types("bob", "/gpu claim train-9 gpus:6").startswith("GPUs 2-7 of *train-9* are @Bob's")
    assert office.presses("cy", "Take it", "@cy").startswith("GPUs 0-1 of *train-9* are @Cy's until Mon 10:00 UTC.")


def test_what_one_waits_for_and_gets_elsewhere_ends_the_waiting(office):
    for name in ("train-7", "train-9"):
        office.types("ada", f"/gpu claim {name} for 4h")
    office.types("cy", "/gpu wait 8xA100")
    office.types("ada", "/gpu release train-9")

    office.types("cy", "/gpu claim train-9")

    assert office.types("cy", "/gpu line").startswith("You're not waiting for anything.")


def test_waiting_ends_after_two_days_and_that_is_said_once(office):
    office.types("ada", "/gpu claim train-7 for 4d")
    office.types("cy", "/gpu wait train-7")

    office.clock.forward(48 * HOUR_MS)
    office.tick()
    office.tick()

    assert office.sees("cy", "@cy") == (
        "You waited 2 d for *train-7*, so I took you out of the line. Do you still want it?\n[Wait again]"
    )
    assert office.types("ada", "/gpu line train-7") == "Nobody waits for *train-7*."


def test_a_machine_that_stops_is_no_offer_but_the_place_stays(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("cy", "/gpu wait train-7")
    office.types("ada", "/gpu release train-7")

    office.fleet.change("train-7", state="stopped")
    office.tick()
    assert office.sees("cy", "@cy").endswith(
        "*train-7* can't be had right now, so the offer is off. You keep your place."
    )
    office.fleet.restart("train-7")
    office.tick()

    assert office.sees("cy", "@cy").endswith("[Take it] [Pass]")


def test_an_offer_outlives_a_restart_and_is_made_once(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("cy", "/gpu wait train-7")
    office.types("ada", "/gpu release train-7")

    office.restart()
    office.tick()

    assert [each.partition(".")[0] for each in office.slack.sees("cy", "@cy")] == ["It's your turn: *train-7*, for 8 h"]
    assert office.presses("cy", "Take it", "@cy").startswith("*train-7* is @Cy's")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("wait trian-7", 'I don\'t know "trian-7". Did you mean train-7'),
        (
            "wait 2xB200",
            "No machine here has a GPU like B200, so there is nothing to wait for. You have A100,",
        ),
        ("wait 9xA100", "No machine has 9 A100 GPUs; the largest has 8. Try `wait 8xA100`."),
        ("wait train-7 gpus:9", "It has 8 GPUs, so say gpus:1 to gpus:8."),
        ("wait train-7 gpus:0,1", "In the line you wait for a number of GPUs, not for certain ones. Try gpus:2."),
        ("wait train-7 for 99d", "A claim lasts at most 14 days."),
        ("wait train-7 until 18:00", "Nobody knows when it is your turn, so say for how long you want it: for 8h."),
        ("wait eval-2", "eval-2 is stopped, so there is no line for it. `/gpu start eval-2` starts it."),
        ("leave", "You're in no line."),
        ("leave train-7", "You're in no line."),
        ("line", "You're not waiting for anything."),
        ("line train-7", "Nobody waits for *train-7*."),
        ("request train-7", "Nobody holds train-7, so there is nobody to ask. `/gpu claim train-7` takes it."),
    ],
)
def test_what_can_not_be_is_refused_with_what_can(office, typed, said):
    assert office.types("cy", f"/gpu {typed}").startswith(said)


def test_one_does_not_wait_for_what_one_has(office):
    office.types("ada", "/gpu claim train-7")

    assert office.types("ada", "/gpu wait train-7") == (
        "You hold train-7 already. `/gpu extend train-7` keeps it longer."
    )
    assert office.types("ada", "/gpu request train-7") == "train-7 is yours: `/gpu release train-7` gives it back."


def test_a_hostile_note_calls_nobody(office):
    office.types("ada", "/gpu claim train-7")
    office.types("cy", "/gpu wait train-7 <!channel> <@U0BOB0001> *x* `y`")

    seen = office.types("ada", "/gpu line train-7")

    assert "<!channel>" not in office.slack.last("ada", "#gpus").text
    assert "1. @Cy: all of it for 8 h" in seen


def test_who_is_next_is_said_on_release_and_the_home_tab_shows_ones_places(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("cy", "/gpu wait train-7 for 2h")

    office.slack.open_home("cy")
    office.settle()
    assert "You wait for\n*train-7*: first; expected around 13:00 UTC" in office.slack.sees_home("cy")
    assert office.types("ada", "/gpu release train-7") == (
        "@Ada released *train-7*, 4 h early. Thanks. That leaves $87.83 of GPU time to others. @Cy is next in line."
    )


def test_who_waits_already_is_not_told_to_wait(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("cy", "/gpu wait train-7")

    assert "Or wait:" in office.types("bob", "/gpu claim train-7 for 1h")
    assert "Or wait:" not in office.types("cy", "/gpu claim train-7 for 1h")


def test_nobody_is_named_as_next_whom_a_booking_keeps_from_it(office):
    office.types("ada", "/gpu claim train-7 for 2h")
    assert office.types("bob", "/gpu book train-7 today 12:00 for 4h").startswith("@Bob booked")
    assert office.types("cy", "/gpu wait train-7 for 8h").startswith("You're first in line")

    assert "next in line" not in office.types("ada", "/gpu release train-7")


def test_nobody_books_past_those_who_wait_however_often(office):
    office.types("ada", "/gpu claim train-7 for 1h")
    office.types("cy", "/gpu wait train-7 for 8h")

    refused = office.types("bob", "/gpu book train-7 today 10:02 for 1h")
    office.presses("ada", "Release train-7", "@ada")
    offered = [office.types("bob", f"/gpu book train-7 today {at} for 1h") for at in ("09:02", "10:02", "11:02")]
    behind = office.types("bob", "/gpu book train-7 today 17:00 for 1h")
    office.presses("cy", "Take it", "@cy")

    assert refused == (
        "*train-7* can't be booked from Mon 23 Nov 10:02 UTC to Mon 11:02 UTC:\n"
        "@Cy waits for it: expected from Mon 23 Nov 10:00 UTC to Mon 18:00 UTC.\n"
        "[Book from Mon 23 Nov 18:00, for 1 h] [Calendar of train-7]"
    )
    assert all("@Cy waits for it: expected from Mon 23 Nov 09:00 UTC" in each for each in offered)
    assert behind.startswith("@Bob booked *train-7* from Mon 23 Nov 17:00 UTC")
    assert "@Cy to Mon 17:00 UTC" in office.types("ada", "/gpu status train-7")


def test_whoever_is_first_in_line_may_book_and_others_book_the_gpus_nobody_waits_for(office):
    office.types("ada", "/gpu claim train-7 for 1h")
    office.types("cy", "/gpu wait train-7 gpus:2 for 8h")

    assert office.types("cy", "/gpu book train-7 today 10:02 for 1h").startswith("@Cy booked *train-7* from")
    office.presses("cy", "Cancel booking")
    beside = office.types("bob", "/gpu book train-7 gpus:6 today 10:02 for 1h")
    assert beside.startswith("@Bob booked GPUs 2-7 of *train-7* from Mon 23 Nov 10:02 UTC")
