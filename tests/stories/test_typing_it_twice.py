"""Slack says operation_timeout of what was done: whoever types the same words again gets no more by it."""

import pytest

from bot.domain.clock import MINUTE_MS


def test_the_same_extension_typed_again_adds_nothing_and_is_said_to_be_done(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("ada", "/gpu extend train-7 2h")
    office.passes(2 * MINUTE_MS)

    assert office.types("ada", "/gpu extend train-7 2h") == (
        "That is done already: you extended train-7 by as much 2 m ago. It is yours for another 5 h 58 m.\n"
        "[Extend it once more]"
    )
    assert "to Mon 15:00 UTC" in office.types("cy", "/gpu status train-7")


@pytest.mark.parametrize(
    "typed", ["extend train-7 for two hours", "extend 2h", "extend train-7 +2h", "EXTEND train-7 120m"]
)
def test_other_words_for_the_same_are_a_retry_as_well(office, typed):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("ada", "/gpu extend train-7 2h")

    assert office.types("ada", f"/gpu {typed}").startswith("That is done already: you extended train-7")


def test_whoever_means_it_presses_or_says_again(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("ada", "/gpu extend train-7 2h")
    office.types("ada", "/gpu extend train-7 2h")

    assert "until Mon 17:00 UTC" in office.presses("ada", "Extend it once more")
    assert "until Mon 19:00 UTC" in office.types("ada", "/gpu extend train-7 2h again")


def test_another_length_a_later_one_and_a_button_extend_as_ever(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("ada", "/gpu extend train-7 2h")

    assert "until Mon 16:00 UTC" in office.types("ada", "/gpu extend train-7 1h")
    assert "until Mon 17:00 UTC" in office.presses("ada", "Extend by 1 h")
    office.passes(10 * MINUTE_MS)
    assert "until Mon 18:00 UTC" in office.types("ada", "/gpu extend train-7 1h")


def test_a_booking_typed_twice_is_ones_own_and_there_once(office):
    office.types("ada", "/gpu book train-7 tue 20:00 for 6h")

    assert office.types("ada", "/gpu book train-7 tue 20:00 for 6h") == (
        "That is done already: *train-7* is yours then. Nothing was booked twice; "
        "you booked it from Tue 24 Nov 20:00 UTC to Wed 02:00 UTC.\n[Cancel booking] [Calendar of train-7]"
    )
    assert office.types("ada", "/gpu bookings mine").count("train-7") == 1


def test_a_weekly_booking_typed_twice_is_there_once(office):
    office.types("ada", "/gpu book train-7 every tue 20:00 for 6h")

    assert office.types("ada", "/gpu book train-7 every tue 20:00 for 6h").startswith("That is done already: *train-7*")


def test_a_booking_into_ones_own_is_told_as_ones_own(office):
    office.types("ada", "/gpu book train-7 tue 20:00 for 6h")

    assert office.types("ada", "/gpu book train-7 tue 22:00 for 2h").startswith(
        "*train-7* is yours then already: you booked it from Tue 24 Nov 20:00 UTC to Wed 02:00 UTC."
    )
    assert "@Ada booked it" in office.types("cy", "/gpu book train-7 tue 22:00 for 2h")


def test_a_booking_into_ones_own_claim_says_so(office):
    office.types("ada", "/gpu claim train-7 for 4h")

    assert office.types("ada", "/gpu book train-7 today 11:00 for 1h").startswith(
        "*train-7* is yours until Mon 23 Nov 13:00 UTC already."
    )


def test_a_claim_said_again_stays_on_the_gpus_on_which_its_job_runs(office):
    office.types("ada", "/gpu claim train-7 gpus:2,3 for 4h")
    office.reports("train-7", [0.0, 0.0, 90.0, 90.0, 0.0, 0.0, 0.0, 0.0])
    office.tick()

    again = office.types("ada", "/gpu claim train-7 gpus:2")
    office.types("cy", "/gpu claim train-7 gpus:2")

    assert again.startswith("GPUs 2-3 of *train-7* are @Ada's until Mon 17:00 UTC")
    assert office.sees("cy").startswith("GPUs 0-1 of *train-7* are @Cy's")


def test_a_button_takes_gpus_beside_those_one_holds(office):
    office.types("bob", "/gpu claim train-7 gpus:2 for 9h")
    office.types("cy", "/gpu status train-7")
    office.types("cy", "/gpu claim train-7 gpus:7 for 9h")

    taken = office.presses("cy", "Claim 6 GPUs of train-7")

    assert taken.startswith("GPUs 2-7 of *train-7* are @Cy's until Mon 18:00 UTC")
