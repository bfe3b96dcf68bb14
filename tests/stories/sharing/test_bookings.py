"""Ada books train-7 for later, and what comes of it."""

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from tests.neighbours import CLAIM, NIA

TOMORROW = "/gpu book train-7 tomorrow 20:00 for 6h eval"
TO_TOMORROW = DAY_MS + 11 * HOUR_MS
"""From Monday 09:00 to Tuesday 20:00."""


def bookings(office, where: str = "1") -> int:
    sql = f"SELECT count(*) FROM slots WHERE {where} AND holder <> ?"
    return office.valet.ctx.store.reading().execute(sql, [NIA]).fetchone()[0]


def later(office, length: int) -> None:
    """Much time passes, and the jobs look only at its end."""
    office.clock.forward(length - MINUTE_MS)
    office.passes(MINUTE_MS)


def works(office, length: int, util: float) -> None:
    """Its agent reports all the while."""
    until = office.clock.now + length
    while office.clock.now < until:
        office.passes(min(10 * MINUTE_MS, until - office.clock.now))
        office.reports("train-7", util, minutes=10)


def test_unbook_alone_shows_ones_own_bookings_with_their_buttons(office):
    office.types("ada", "/gpu book train-7 tue 20:00 for 6h")

    assert "1 booking of yours.*" in office.types("ada", "/gpu unbook")
    assert "[Cancel]" in office.sees("ada")


def test_a_booking_says_what_when_and_for_what_and_how_it_could_be_lost(office):
    assert office.types("ada", TOMORROW) == (
        "@Ada booked *train-7* from Tue 24 Nov 20:00 UTC to Wed 02:00 UTC (eval).\n"
        "It goes to others if nobody works there or says so within 30 minutes.\n"
        "[Cancel booking] [Calendar of train-7]"
    )


def test_the_second_is_told_who_has_it_and_books_next_by_a_press(office):
    office.types("ada", TOMORROW)

    seen = office.types("bob", "/gpu book train-7 tue 22:00-23:00")

    assert seen == (
        "*train-7* can't be booked from Tue 24 Nov 22:00 UTC to Tue 23:00 UTC:\n"
        "@Ada booked it from Tue 24 Nov 20:00 UTC to Wed 02:00 UTC.\n"
        "[Book from Wed 25 Nov 02:00, for 1 h] [Calendar of train-7]"
    )
    assert office.presses("bob", "Book from Wed 25 Nov 02:00, for 1 h").startswith(
        "@Bob booked *train-7* from Wed 25 Nov 02:00 UTC to Wed 03:00 UTC."
    )


def test_a_claim_stands_in_the_way_of_a_booking_with_its_end(office):
    office.types("cy", "/gpu claim train-7 gpus:0-3 for 2d")

    assert office.types("ada", TOMORROW).startswith(
        "*train-7* can't be booked from Tue 24 Nov 20:00 UTC to Wed 02:00 UTC:\n"
        "@Cy has GPUs 0-3 until Wed 25 Nov 09:00 UTC.\n[Book from Wed 25 Nov 09:00, for 6 h]"
    )
    assert office.types("ada", "/gpu book train-7 gpus:2 tomorrow 20:00").startswith(
        "@Ada booked GPUs 4-5 of *train-7*"
    )


def test_two_people_book_parts_of_one_machine(office):
    office.types("ada", "/gpu book train-7 gpus:4 tomorrow 20:00 for 6h")

    assert office.types("bob", "/gpu book train-7 gpus:4 tomorrow 22:00 for 6h").startswith("@Bob booked GPUs 4-7 of")
    assert "GPUs 0-3" in office.types("cy", "/gpu book train-7 gpus:1 tomorrow 22:00")


def test_a_claim_that_would_run_into_a_booking_is_offered_until_then(office):
    office.types("ada", TOMORROW)

    assert office.types("cy", "/gpu claim train-7 for 2d") == (
        "*train-7* is booked by @Ada from Tue 24 Nov 20:00 UTC to Wed 02:00 UTC (eval).\n"
        "[Claim until Tue 24 Nov 20:00] [Calendar of train-7]"
    )
    assert office.presses("cy", "Claim until Tue 24 Nov 20:00").startswith("*train-7* is @Cy's until Tue 20:00 UTC.")
    assert "Yours ends when that begins." in office.types("cy", "/gpu extend train-7 4h")


def test_a_claim_of_some_gpus_takes_those_that_nobody_has_booked(office):
    office.types("ada", "/gpu book train-7 gpus:4 today 12:00 for 6h")

    assert office.types("cy", "/gpu claim train-7 gpus:4 for 1d").startswith("GPUs 4-7 of *train-7* are @Cy's until")
    seen = office.types("bob", "/gpu claim train-7 gpus:2 for 1d")
    assert seen.startswith("GPUs 0-3 of *train-7* are booked by @Ada")


def test_whoever_booked_it_is_told_so_when_they_claim_into_it(office):
    office.types("ada", TOMORROW)

    assert "is booked by you from Tue 24 Nov 20:00" in office.types("ada", "/gpu claim train-7 for 2d")


def test_ones_own_booking_about_to_begin_can_be_cancelled_to_claim_at_once(office):
    office.types("ada", "/gpu book train-7 gpus:2 in 2m for 7d")

    assert office.types("ada", "/gpu claim train-7 for 1h") == (
        "GPUs 0-1 of *train-7* are booked by you from Mon 23 Nov 09:02 UTC to Mon 30 Nov 09:02 UTC. "
        "Until then there is no time for a claim.\n"
        "[Cancel booking] [Calendar of train-7]"
    )
    office.presses("ada", "Cancel booking")
    assert office.types("ada", "/gpu claim train-7 for 1h").startswith("*train-7* is @Ada's until")


def test_some_gpus_are_yours_when_their_booking_begins(office):
    office.types("ada", "/gpu book train-7 gpus:2 in 2m for 1h")

    office.passes(3 * MINUTE_MS)

    assert office.sees("ada", "@ada").startswith("Your booking has begun: GPUs 0-1 of *train-7* are yours until")


def test_a_booking_becomes_a_claim_at_its_time_and_ends_who_is_in_their_grace(office):
    office.types("cy", "/gpu settings quiet off")
    office.types("ada", TOMORROW)
    office.types("cy", "/gpu claim train-7 until tomorrow 19:55")

    later(office, TO_TOMORROW)

    assert office.sees("cy", "@cy") == (
        "Your claim on *train-7* ended Tue 19:55 UTC: somebody has booked the time after it."
    )
    assert office.sees("ada", "@ada") == (
        "Your booking has begun: *train-7* is yours until Wed 02:00 UTC (eval). "
        "If you don't start within 30 minutes, say that you are here, or it goes to others.\n"
        "[I'm here] [Release train-7]"
    )
    assert "@Ada to Wed 02:00 UTC" in office.types("bob", "/gpu status train-7")


def test_one_who_says_they_are_here_keeps_it(office):
    office.reports("train-7", 0.0)
    office.types("ada", TOMORROW)
    later(office, TO_TOMORROW)

    assert office.presses("ada", "I'm here", "@ada") == (
        "Your booking has begun: *train-7* is yours until Wed 02:00 UTC (eval).\n[Release train-7]"
    )
    works(office, HOUR_MS, 0.0)
    assert "@Ada to Wed 02:00 UTC" in office.types("bob", "/gpu status train-7")


def test_a_booking_that_nobody_comes_for_is_given_up_after_half_an_hour(office):
    office.types("ada", "/gpu settings quiet off")
    office.types("ada", TOMORROW)
    later(office, TO_TOMORROW - HOUR_MS)
    office.reports("train-7", 0.0)
    works(office, HOUR_MS + 20 * MINUTE_MS, 0.0)
    assert "@Ada to" in office.types("bob", "/gpu status train-7")

    works(office, 20 * MINUTE_MS, 0.0)

    assert office.sees("ada", "@ada") == (
        "Your claim on *train-7* was given up: nobody worked there, and you didn't say that you need it.\n"
        "[Claim train-7 again]"
    )
    assert office.types("bob", "/gpu claim train-7").startswith("*train-7* is @Bob's")
    assert office.presses("ada", "Claim train-7 again", "@ada").startswith("*train-7* is @Bob's")


@pytest.mark.parametrize("seen", ["at work", "not seen at all"])
def test_a_booking_whose_machine_works_or_is_not_measured_is_never_given_up(office, seen):
    office.types("ada", TOMORROW)
    later(office, TO_TOMORROW)

    if seen == "at work":
        works(office, 2 * HOUR_MS, 90.0)
    else:
        later(office, 2 * HOUR_MS)

    assert "@Ada to Wed 02:00 UTC" in office.types("bob", "/gpu status train-7")


def test_work_of_whoever_was_there_before_is_no_sign_of_the_one_who_booked(office):
    office.types("ada", TOMORROW)
    later(office, TO_TOMORROW - 10 * MINUTE_MS)
    office.reports("train-7", 90.0)
    works(office, 50 * MINUTE_MS, 0.0)
    assert "@Ada to" in office.types("bob", "/gpu status train-7"), "it worked within the hour"

    works(office, HOUR_MS, 0.0)

    assert "was given up" in office.sees("ada", "@ada")


def test_a_machine_that_is_stopped_is_told_ahead_with_a_button_to_start_it(office):
    office.types("ada", "/gpu book eval-2 tomorrow 20:00 for 6h")
    later(office, TO_TOMORROW - 15 * MINUTE_MS)

    assert office.sees("ada", "@ada") == (
        "Your booking of *eval-2* begins Tue 20:00 UTC, but it is stopped.\n[Start eval-2]"
    )

    office.passes(20 * MINUTE_MS)
    assert office.sees("ada", "@ada") == (
        "Your booking of *eval-2* has begun, but it is stopped. "
        "It is yours as soon as it can be, until Wed 02:00 UTC.\n"
        "[Start eval-2]"
    )
    later(office, 6 * HOUR_MS)
    assert office.sees("ada", "@ada") == (
        "Your booking of *eval-2* on Tue 24 Nov 20:00 UTC to Wed 02:00 UTC came to nothing. eval-2 is stopped."
    )


def test_a_machine_that_is_gone_ends_its_bookings_and_each_holder_hears_once(office):
    office.types("ada", "/gpu book train-7 every tue 20:00 for 2h")
    office.fleet.terminate("train-7")

    office.passes(30 * MINUTE_MS)

    assert "came to nothing. The machine is gone." in office.sees("ada", "@ada")
    assert bookings(office, "state = 'booked'") == 0


def test_a_weekly_booking_stays_at_its_time_and_is_cancelled_once_or_whole(office):
    seen = office.types("ada", "/gpu book train-7 every tue 20:00 for 6h until 20 dec")
    assert seen.startswith(
        "@Ada booked *train-7* every Tuesday at 20:00 (UTC) for 6 h, until 20 December 2026. "
        "The first time is Tue 24 Nov 20:00 UTC to Wed 02:00 UTC."
    )
    assert office.presses("cy", "Cancel booking") == "That is @Ada's booking; only they or an approver can cancel it."
    assert office.types("bob", "/gpu bookings train-7").startswith("*4 bookings of train-7, the next first.*")

    assert office.types("ada", "/gpu unbook train-7 tue 20:00").startswith(
        "@Ada cancelled the booking of *train-7* on Tue 24 Nov 20:00 UTC"
    )
    assert office.types("ada", "/gpu unbook train-7") == (
        "*train-7* is booked by @Ada every week; the next time is Tue 1 Dec 20:00 UTC.\n"
        "[Cancel only this one] [Cancel all of them]"
    )
    assert office.presses("ada", "Cancel all of them") == "@Ada cancelled the weekly booking of *train-7*."
    assert office.types("bob", "/gpu bookings").startswith("No bookings to come.")


def test_a_weekly_booking_goes_on_as_weeks_pass_and_comes_to_its_end(office):
    office.types("ada", "/gpu book train-7 every tue 20:00 for 1h until 12 jan")
    assert bookings(office) == 4

    for _ in range(8):
        office.clock.forward(7 * DAY_MS)
        office.tick()

    assert bookings(office) == 8


def test_only_the_holder_or_an_approver_can_cancel_and_the_holder_is_told(office):
    office.types("ada", TOMORROW)

    assert office.types("cy", "/gpu unbook train-7") == (
        "You have no booking of train-7. `/gpu bookings train-7` shows whose it is."
    )
    assert "[Cancel]" in office.types("bob", "/gpu unbook train-7")
    assert office.presses("bob", "Cancel").startswith("@Bob cancelled the booking of @Ada of *train-7*")
    assert office.sees("ada", "@ada").endswith("was cancelled. @Bob cancelled it.")


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("book train-7 soon", '"soon" is no time I can read.'),
        ("book train-7 tomorrow", "At what time tomorrow? Try tomorrow 14:00."),
        ("book train-7 every day 20:00", "Bookings come back weekly. Try `every tue 20:00 for 6h`."),
        ("book train-7 every tue 20:00 for 7d", "A weekly booking lasts at most 6 days each time."),
        ("book train-7 every tue 20:00 for 6h until now", '"now" is no day I can read. Try 20 dec'),
        ("book train-7 in 50d", "You can book at most 28 days ahead."),
        ("book train-7 tomorrow 20:00 for 99d", "A claim lasts at most 14 days."),
        ("book train-7 tomorrow 20:00 for 4", '"4" is not a length of time.'),
        ("book train-7 gpus:9 tomorrow 20:00", "It has 8 GPUs, so say gpus:1 to gpus:8."),
        ("unbook train-7", "Nobody has booked train-7, so there is nothing to cancel."),
        ("bookings", "No bookings to come. `/gpu book train-7 tomorrow 20:00 for 6h` makes one."),
    ],
)
def test_what_can_not_be_booked_is_refused_with_what_to_type(office, said, answer):
    assert office.types("ada", f"/gpu {said}").startswith(answer)


def test_there_is_an_end_to_how_much_one_person_books(office):
    for hour in range(10):
        office.types("ada", f"/gpu book train-7 tomorrow {hour:02}:00 for 1h")

    assert office.types("ada", "/gpu book train-7 tomorrow 20:00").startswith(
        "You have 10 bookings, as many as there may be."
    )


def test_a_note_is_shown_and_calls_nobody(office):
    seen = office.types("ada", "/gpu book train-7 tomorrow 20:00 <!channel> *x* `y` <https://evil.example|z> @bob")

    assert "<!channel>" not in office.slack.last("ada", "#gpus").text
    assert "@Ada booked *train-7*" in seen


def test_a_restart_neither_loses_a_booking_nor_begins_it_twice(office):
    office.types("ada", TOMORROW)
    office.restart()
    later(office, TO_TOMORROW)
    office.restart()
    office.tick()

    assert office.types("bob", "/gpu status train-7").count("@Ada to Wed 02:00 UTC") == 1
    assert (
        office.valet.ctx.store.reading().execute("SELECT count(*) FROM claims WHERE id <> ?", [CLAIM]).fetchone()[0]
        == 1
    )


def test_the_home_tab_shows_what_one_has_booked(office):
    office.types("ada", "/gpu book train-7 every tue 20:00 for 6h eval")

    office.slack.open_home("ada")
    office.settle()

    seen = office.slack.sees_home("ada")
    assert "You booked\nTue 24 Nov 20:00 UTC to Wed 02:00 UTC: *train-7*, @Ada, weekly (eval)\n[Cancel]" in seen
    assert seen.count("train-7") == 1, "the next time only"


def test_the_status_of_a_machine_tells_what_is_booked_next(office):
    office.types("ada", "/gpu book train-7 gpus:2 every tue 20:00 for 6h")

    seen = office.types("bob", "/gpu status train-7")

    assert "Booked Tue 24 Nov 20:00 UTC to Wed 02:00 UTC: @Ada, GPUs 0-1\n" in seen
    assert "and 1 more\n[Claim train-7]" in seen


def test_a_booking_of_a_gpu_that_is_gone_is_named_and_told_ahead(office):
    office.types("ada", "/gpu book train-7 gpu:6 today 11:00 for 2h")
    office.fleet.change("train-7", gpu_count=1)
    office.tick()

    assert "GPU 6 of *train-7*, @Ada" in office.types("bob", "/gpu bookings train-7")
    assert "@Ada, GPU 6" in office.types("bob", "/gpu calendar train-7")
    office.passes(106 * MINUTE_MS, step=2 * MINUTE_MS)

    assert office.sees("ada", "@ada").startswith(
        "Your booking of GPU 6 of *train-7* begins Mon 11:00 UTC, but train-7 does not have GPU 6 any more."
    )
