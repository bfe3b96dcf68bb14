"""Ada holds train-7, and nobody works on it."""

from typing import Any

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from handlers.topics import press

STEP = 4


def lives(office, length, **utils: float | list[float]) -> None:
    """Time passes, and the agents of these machines report all the while; in many hours no minute counts."""
    step = MINUTE_MS if length < 2 * HOUR_MS else STEP * MINUTE_MS
    for _ in range(length // (STEP * MINUTE_MS)):
        office.passes(STEP * MINUTE_MS, step=step)
        for name, util in utils.items():
            office.reports(name.replace("_", "-"), util, minutes=STEP)


def told(office, who: str = "ada") -> list[Any]:
    return office.slack.sees(who, f"@{who}")


@pytest.fixture
def idle(office):
    """Ada has claimed train-7 for ten hours, and two hours later she is asked."""
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu claim train-7 for 10h sweep")
    lives(office, 2 * HOUR_MS + 4 * MINUTE_MS, train_7=0.0)
    return office


@pytest.mark.slow
def test_whoever_holds_what_nobody_uses_is_asked_once(idle):
    (asked,) = told(idle)
    assert asked == (
        "*train-7* is yours until Mon 19:00 UTC, but nobody has worked there for 2 h. Do you still need it?\n"
        "Nobody waits for it, so nothing happens if you don't answer.\n[Keep it] [Release train-7]"
    )

    lives(idle, 3 * HOUR_MS, train_7=0.0)

    assert len(told(idle)) == 1
    assert "@Ada" in idle.types("bob", "/gpu status train-7"), "without waiters, silence takes nothing"


@pytest.mark.slow
def test_keep_settles_it_for_a_day(idle):
    idle.presses("ada", "Keep it", "@ada")

    assert told(idle)[0].endswith("nobody has worked there for 2 h.\nYou keep it.")
    lives(idle, 3 * HOUR_MS, train_7=0.0)
    assert len(told(idle)) == 1
    assert "[Keep it]" not in told(idle)[0]


@pytest.mark.slow
def test_release_gives_it_back_at_one_press(idle):
    idle.presses("ada", "Release train-7", "@ada")

    assert told(idle)[0].endswith("You released it. Thanks.")
    assert idle.types("bob", "/gpu claim train-7").startswith("*train-7* is @Bob's")


@pytest.mark.slow
def test_with_somebody_in_the_line_an_hour_of_silence_gives_it_to_them(idle):
    idle.types("cy", "/gpu wait train-7")
    idle.passes(MINUTE_MS)

    question = next(each for each in told(idle) if "Do you still need it" in each)
    assert "@Cy waits for it: without an answer by Mon 12:05 UTC it goes to them" in question
    assert any(each.startswith("@Cy waits for *train-7* now. If you still need it, press") for each in told(idle))
    lives(idle, 64 * MINUTE_MS, train_7=0.0)

    assert any("You didn't answer, so it was given up Mon 12:0" in each for each in told(idle))
    assert any(each.startswith("Your claim on *train-7* was given up: nobody worked there") for each in told(idle))
    assert "your turn" in told(idle, "cy")[-1]


@pytest.mark.slow
def test_a_request_counts_as_waiting_and_keep_answers_both(idle):
    idle.types("cy", "/gpu request train-7")
    idle.passes(MINUTE_MS)
    assert any("@Cy waits for it: without an answer by" in each for each in told(idle))

    idle.presses("ada", "Keep it", "@ada")
    lives(idle, 2 * HOUR_MS, train_7=0.0)

    assert "@Ada's" in idle.types("bob", "/gpu claim train-7")


@pytest.mark.slow
def test_work_settles_the_question_and_nothing_is_taken(idle):
    idle.types("cy", "/gpu wait train-7")
    idle.passes(MINUTE_MS)

    lives(idle, 90 * MINUTE_MS, train_7=80.0)

    assert any(each.endswith("It is in use, so it stays yours.") for each in told(idle))
    assert "@Ada's" in idle.types("bob", "/gpu claim train-7")


@pytest.mark.slow
def test_a_silent_agent_is_not_idleness_and_nothing_is_taken(idle):
    idle.types("cy", "/gpu wait train-7")

    idle.passes(3 * HOUR_MS)

    assert "@Ada's" in idle.types("bob", "/gpu claim train-7")


@pytest.mark.slow
def test_when_those_who_waited_leave_silence_takes_nothing_again(idle):
    idle.types("cy", "/gpu wait train-7")
    idle.passes(MINUTE_MS)
    idle.types("cy", "/gpu leave train-7")
    lives(idle, 2 * HOUR_MS, train_7=0.0)

    assert any("Nobody waits for it" in each for each in told(idle))
    assert "@Ada's" in idle.types("bob", "/gpu claim train-7")


@pytest.mark.slow
def test_one_working_gpu_of_a_claim_speaks_for_all_of_it(office):
    office.reports("train-7", [0.0] * 7 + [90.0])
    office.types("ada", "/gpu claim train-7 gpus:6-7 for 10h")
    office.types("cy", "/gpu claim train-7 gpus:0-1 for 10h")

    lives(office, 2 * HOUR_MS + 4 * MINUTE_MS, train_7=[0.0] * 7 + [90.0])

    assert told(office) == []
    assert told(office, "cy")[0].startswith(
        "GPUs 0-1 of *train-7* are yours until Mon 19:00 UTC, but nobody has worked there for 2 h. "
        "Do you still need them?"
    )


@pytest.mark.slow
def test_only_the_holder_answers(idle):
    asked = idle.slack.last("ada", "@ada")
    keep = next(e for block in asked.blocks for e in block.get("elements", []) if e["action_id"] == "keep_held")

    for who in ("U0CYC0001", "U0BOB0001"):
        with pytest.raises(Exception, match="Only the holder can answer this"):
            press(idle.valet.ctx, "keep_held", who, "D", value=keep["value"])
    with pytest.raises(Exception, match="Only the holder can answer this"):
        press(idle.valet.ctx, "release_asked", "U0CYC0001", "D", value=keep["value"])


@pytest.mark.slow
def test_restarts_and_a_clock_that_jumps_ask_nothing_twice(idle):
    for jump in (0, 5, -30, 70):
        idle.clock.forward(jump * MINUTE_MS)
        idle.restart()
        idle.reports("train-7", 0.0)
        idle.tick()

    assert len(told(idle)) == 1


@pytest.mark.slow
def test_after_a_day_it_is_asked_again(office):
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu claim train-7 for 23h59m")
    lives(office, 2 * HOUR_MS + 4 * MINUTE_MS, train_7=0.0)
    office.types("ada", "/gpu extend train-7 6h")
    office.tick()
    assert told(office)[0].endswith("You keep it.")

    office.clock.forward(DAY_MS - 2 * MINUTE_MS)
    office.reports("train-7", 0.0, minutes=130)
    office.tick()
    first = len(told(office))
    office.passes(4 * MINUTE_MS)
    office.reports("train-7", 0.0, minutes=10)
    office.tick()

    assert first == 1
    assert len([each for each in told(office) if "nobody has worked there" in each]) == 2


@pytest.mark.slow
def test_a_question_nobody_answered_for_a_day_still_stands_and_is_not_put_again(idle):
    idle.types("ada", "/gpu extend train-7 3d")
    idle.clock.forward(DAY_MS + HOUR_MS)
    idle.reports("train-7", 0.0, minutes=130)
    idle.tick()

    assert sum("nobody has worked there" in each for each in told(idle)) == 1


@pytest.mark.slow
def test_nothing_is_given_up_for_somebody_whom_a_booking_keeps_from_it_anyway(office):
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu claim train-7 gpus:4 for 10h")
    assert office.types("bob", "/gpu book train-7 gpus:4 today 14:00 for 4h").startswith("@Bob booked")
    assert office.types("cy", "/gpu wait train-7 for 8h").startswith("You're first in line")

    lives(office, 4 * HOUR_MS, train_7=0.0)

    assert "@Ada has GPUs 0-3" in office.types("bob", "/gpu status train-7")
