"""Ada holds machines for days, and is asked in the morning whether she still needs them."""

from typing import Any

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS


def told(office, who: str = "ada") -> list[Any]:
    return office.slack.sees(who, f"@{who}")


def asked(office, who: str = "ada") -> list[Any]:
    return [each for each in told(office, who) if each.startswith("Good morning")]


def until(office, days: int, hour: int, minute: int = 0) -> None:
    """On to that time of a later day, without a look in between: the machines told nothing meanwhile."""
    now = office.clock.now
    office.clock.forward(now // DAY_MS * DAY_MS + days * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS - now)
    office.tick()


def quiet(office, *names: str, util: float = 0.0) -> None:
    """These machines have idled for some time, and reported it."""
    for name in names:
        office.reports(name, util)
    office.tick()


@pytest.mark.slow
def test_what_is_held_for_days_is_asked_about_in_one_message_each_working_morning(office):
    office.types("ada", "/gpu claim train-7 for 5d sweep")
    office.types("ada", "/gpu claim render-1 for 4d")
    office.types("ada", "/gpu claim nb-2 for 8h")
    until(office, 1, 8, 58)
    assert asked(office) == []

    quiet(office, "train-7")
    office.passes(2 * MINUTE_MS)

    (question,) = asked(office)
    assert question == (
        "Good morning. Do you still need these?\n"
        "• *render-1* until Fri 09:00 UTC: unknown whether in use.\n"
        "• *train-7* until Sat 09:00 UTC (sweep): idle for 1 h 17 m.\n"
        "Without an answer by Wed 09:00 UTC they are given up, unless they are in use by then.\n"
        "[Keep them] [Release render-1] [Release train-7]"
    )
    office.passes(HOUR_MS)
    office.restart()
    office.tick()
    assert len(asked(office)) == 1


def test_one_tap_keeps_all_until_the_next_morning(office):
    office.types("ada", "/gpu claim train-7 for 5d")
    until(office, 1, 9)

    office.presses("ada", "Keep it", "@ada")

    assert asked(office)[-1] == (
        "Good morning. About what you hold for days:\n*train-7* until Sat 09:00 UTC: You keep it."
    )
    quiet(office, "train-7")
    until(office, 1, 9, 5)
    assert len(asked(office)) == 2
    assert "@Ada's" in office.types("bob", "/gpu claim train-7")


def test_one_can_be_released_and_the_other_kept(office):
    office.types("ada", "/gpu claim train-7 for 5d")
    office.types("ada", "/gpu claim render-1 for 4d")
    until(office, 1, 9)

    office.presses("ada", "Release render-1", "@ada")
    office.presses("ada", "Keep it", "@ada")

    seen = asked(office)[-1]
    assert "*render-1* until Fri 09:00 UTC: You released it. Thanks." in seen
    assert "*train-7* until Sat 09:00 UTC: You keep it." in seen


def test_silence_for_a_day_gives_an_idle_machine_up(office):
    office.types("ada", "/gpu claim train-7 for 5d")
    until(office, 1, 9)
    until(office, 1, 8, 59)
    quiet(office, "train-7")

    office.passes(5 * MINUTE_MS)

    assert "You didn't answer, so it was given up Wed 09:0" in asked(office)[0]
    assert any(each.startswith("Your claim on *train-7* was given up") for each in told(office))
    assert office.types("bob", "/gpu claim train-7").startswith("*train-7* is @Bob's")


def test_silence_takes_nothing_that_works_or_is_not_seen(office):
    office.types("ada", "/gpu claim train-7 for 5d")
    office.types("ada", "/gpu claim render-1 for 5d")
    until(office, 1, 9)
    until(office, 1, 8, 59)
    quiet(office, "train-7", util=90.0)

    office.passes(5 * MINUTE_MS)

    assert "*train-7* until Sat 09:00 UTC: It is in use, so it stays yours." in asked(office)[0]
    assert "[Release render-1]" in asked(office)[0], "nothing is known of it, so its question stays open"
    assert "@Ada's" in office.types("bob", "/gpu claim train-7")
    assert "@Ada's" in office.types("bob", "/gpu claim render-1")


def test_nobody_is_asked_on_a_weekend_and_fridays_silence_ends_on_monday(office):
    office.clock.forward(3 * DAY_MS)
    office.types("ada", "/gpu claim train-7 for 9d")
    until(office, 1, 9)
    assert "Without an answer by Mon 09:00 UTC it is given up" in asked(office)[0]

    until(office, 2, 9)
    quiet(office, "train-7")
    assert len(asked(office)) == 1, "it is Sunday"
    assert "[Keep it]" in asked(office)[0]
    until(office, 1, 8, 59)
    quiet(office, "train-7")
    office.passes(MINUTE_MS)

    assert "given up Mon 09:00 UTC" in asked(office)[0]


def test_after_a_late_start_the_morning_is_asked_late_but_not_in_the_evening(office):
    office.types("ada", "/gpu claim train-7 for 5d")
    until(office, 1, 18, 1)
    assert asked(office) == []

    until(office, 1, 11)

    assert "Without an answer by Thu 11:00 UTC it is given up" in asked(office)[0]


def test_a_claim_of_today_and_one_that_ends_soon_are_not_asked_about(office):
    office.types("ada", "/gpu claim train-7 for 47h")
    office.passes(30 * MINUTE_MS)
    assert asked(office) == []

    until(office, 1, 9, 1)

    assert asked(office) == [], "it ends before silence would count"


def test_extending_is_an_answer(office):
    office.types("ada", "/gpu claim train-7 for 5d")
    until(office, 1, 9)

    office.types("ada", "/gpu extend train-7 1d")
    office.passes(MINUTE_MS)

    assert asked(office)[0].endswith("*train-7* until Sun 29 Nov 09:00 UTC: You keep it.")
