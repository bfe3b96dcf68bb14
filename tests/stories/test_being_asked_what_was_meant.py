"""What Valet can't read is asked about: the buttons go on with everything else that was typed."""

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS


def test_a_few_hours_are_asked_about_and_the_answer_claims(office):
    asked = office.types("ada", "/gpu claim train-7 gpus:2 for a few hours fine-tune")

    assert asked == '"for a few hours" is no length I can read. For how long?\n[2 h] [3 h] [4 h] [As a note]'
    assert "unclaimed" in office.types("cy", "/gpu status train-7")
    assert office.presses("ada", "3 h").startswith("GPUs 0-1 of *train-7* are @Ada's until Mon 12:00 UTC (fine-tune).")


def test_two_gpus_typed_on_a_phone_are_two(office):
    assert office.types("ada", "/gpu claim train-7 \u2014gpus 2").startswith("GPUs 0-1 of *train-7* are @Ada's")


@pytest.mark.parametrize("typed", ["for the weekend", "forever", "for few hours", "nan", "4h tomorrow", "--gups 2"])
def test_nothing_is_claimed_before_the_answer(office, typed):
    assert office.types("ada", f"/gpu claim train-7 {typed}").endswith("]")
    assert "unclaimed" in office.types("cy", "/gpu status train-7")


def test_the_weekend_may_be_booked_from_its_beginning(office):
    office.types("ada", "/gpu claim train-7 for the weekend")

    assert office.presses("ada", "Book Fri 27 Nov 18:00 to Mon 30 Nov 09:00").startswith(
        "@Ada booked *train-7* from Fri 27 Nov 18:00 UTC to Mon 09:00 UTC."
    )


def test_four_hours_from_tomorrow_are_booked_at_a_press(office):
    office.types("ada", "/gpu claim train-7 4h from tomorrow 14:00")

    assert office.presses("ada", "Book from Tue 24 Nov 14:00").startswith(
        "@Ada booked *train-7* from Tue 24 Nov 14:00 UTC to Tue 18:00 UTC."
    )


def test_what_was_a_note_is_kept_as_one(office):
    office.types("ada", "/gpu claim train-7 for debugging")

    assert office.presses("ada", "As a note").startswith("*train-7* is @Ada's until Mon 17:00 UTC (for debugging).")


def test_a_question_of_yesterday_is_answered_with_what_to_do(office):
    office.types("ada", "/gpu claim train-7 forever")
    office.clock.forward(DAY_MS + HOUR_MS)

    assert office.presses("ada", "1 d") == "That question is more than a day old. Type the command again."


def test_a_restart_keeps_the_question(office):
    office.types("ada", "/gpu claim train-7 forever")
    office.restart()

    assert office.presses("ada", "1 d").startswith("*train-7* is @Ada's until Tue 09:00 UTC.")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("claim train-7 overnight", "*train-7* is @Ada's until Tue 09:00 UTC."),
        ("claim train-7 until eod", "*train-7* is @Ada's until Mon 18:00 UTC."),
        ("book train-7 next fri 9 for 2h", "@Ada booked *train-7* from Fri 27 Nov 09:00 UTC to Fri 11:00 UTC."),
        ("book train-7 tue 9-17", "@Ada booked *train-7* from Tue 24 Nov 09:00 UTC to Tue 17:00 UTC."),
        ("book train-7 tonight", "@Ada booked *train-7* from Mon 23 Nov 20:00 UTC to Tue 09:00 UTC."),
        ("book train-7 the weekend", "@Ada booked *train-7* from Fri 27 Nov 18:00 UTC to Mon 09:00 UTC."),
        ("snooze train-7 for the weekend the sweep runs", "*train-7* is left alone until Mon 30 Nov 09:00 UTC"),
        ("find a100 overnight", "*1x A100* for 1 d: "),
    ],
)
def test_what_people_say_of_nights_and_weekends_is_understood(office, typed, said):
    assert office.types("ada", f"/gpu {typed}").startswith(said)
