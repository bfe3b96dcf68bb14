"""Limits of fair use: a warning, a question to an approver, or a clear no."""

import copy

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from tests.stories import conftest


def rules(claims: dict, **team_claims) -> dict:
    settings = copy.deepcopy(conftest.SETTINGS)
    settings["claims"] = claims
    settings["teams"]["nlp"]["claims"] = team_claims
    return settings


@pytest.fixture
def asking(office_with):
    office = office_with(rules({"gpus_per_person": 8, "at_limit": "ask"}))
    office.reports("dgx-1", 50.0)
    return office


def test_beyond_a_limit_an_approver_can_let_it_pass(asking):
    asking.types("ada", "/gpu claim train-7 gpus:6 for 4h")

    seen = asking.types("ada", "/gpu claim dgx-1 gpus:4 for 2h eval")
    assert seen == ("Too much: you would have 10 GPUs, the limit is 8. An approver can let it pass.\n[Ask an approver]")
    assert asking.presses("ada", "Ask an approver").startswith("Asked in #ml-platform. You get it as soon as")
    card = asking.sees("bob", "#ml-platform")
    assert card.startswith("@Ada asks for 4 GPUs of *dgx-1* for 2 h, beyond fair use: you would have 10 GPUs, the")
    assert "@Bob can answer until" in card

    assert asking.presses("ada", "Let it pass", "#ml-platform")
    assert "unclaimed" in asking.types("cy", "/gpu status dgx-1"), "nobody lets their own request pass"
    asking.presses("bob", "Let it pass", "#ml-platform")

    assert asking.sees("bob", "#ml-platform").endswith("@Bob let it pass; it is claimed.")
    assert asking.sees("ada", "@ada").startswith("Your request for *dgx-1*: @Bob let it pass; it is claimed.")
    assert "@Ada has GPUs" in asking.types("cy", "/gpu status dgx-1")


@pytest.mark.slow
def test_an_approver_may_say_no_and_nobody_may_answer_late(asking):
    asking.types("ada", "/gpu claim train-7 gpus:6 for 4h")
    asking.types("ada", "/gpu claim dgx-1 gpus:4")
    asking.presses("ada", "Ask an approver")
    asking.presses("bob", "No", "#ml-platform")
    assert asking.sees("ada", "@ada") == "Your request for *dgx-1*: @Bob said no."

    asking.types("ada", "/gpu claim dgx-1 gpus:4")
    asking.presses("ada", "Ask an approver")
    asking.passes(2 * HOUR_MS)

    assert asking.sees("ada", "@ada") == "Your request for *dgx-1*: Nobody answered in time."


def test_what_was_taken_meanwhile_is_told(asking):
    asking.types("ada", "/gpu claim train-7 gpus:6 for 4h")
    asking.types("ada", "/gpu claim dgx-1 gpus:8")
    asking.presses("ada", "Ask an approver")
    asking.types("cy", "/gpu claim dgx-1 gpus:2")

    asking.presses("bob", "Let it pass", "#ml-platform")

    assert asking.sees("ada", "@ada").startswith(
        "Your request for *dgx-1*: @Bob let it pass, but it could not be claimed: dgx-1 is taken."
    )


def test_a_warning_is_only_a_warning(office_with):
    office = office_with(rules({"claims_per_person": 1}))
    office.reports("dgx-1", 50.0)
    office.types("ada", "/gpu claim train-7 for 4h")

    seen = office.types("ada", "/gpu claim dgx-1 for 2h")

    assert seen.startswith("*dgx-1* is @Ada's until")
    assert "Mind the others: you would have 2 claims, the limit is 1." in seen


@pytest.mark.slow
def test_hours_of_a_week_count_what_was_held_and_what_is_planned(office_with):
    office = office_with(rules({"gpu_hours_per_person": 40, "at_limit": "refuse"}))
    office.types("ada", "/gpu claim train-7 for 4h")
    office.passes(2 * HOUR_MS)
    office.types("ada", "/gpu release train-7")

    assert office.types("ada", "/gpu claim train-7 for 4h") == (
        "Too much: you would have 48 GPU-hours in a week, the limit is 40. Release something first, or claim less."
    )
    assert office.types("ada", "/gpu claim train-7 for 3h").startswith("*train-7* is @Ada's until")
    assert office.types("ada", "/gpu extend train-7 1h").startswith("Too much: you would have 48 GPU-hours")


def test_a_team_has_limits_of_its_own(office_with):
    office = office_with(rules({}, team_gpus=8, at_limit="refuse", longest_hours=12, default_hours=2))
    office.reports("dgx-1", 50.0)

    assert office.types("ada", "/gpu claim train-7").startswith("*train-7* is @Ada's until Mon 11:00 UTC")
    assert office.types("ada", "/gpu claim dgx-1 gpus:1") == (
        "Too much: team nlp would have 9 GPUs, the limit is 8. Release something first, or claim less."
    )
    assert office.types("ada", "/gpu extend train-7 12h") == "A claim lasts at most 12 hours. Try 4h or 12h."
    assert office.types("cy", "/gpu claim dgx-1").startswith("*dgx-1* is @Cy's until Mon 17:00 UTC")


def test_an_extension_beyond_a_limit_can_be_asked_for(office_with):
    office = office_with(rules({"gpu_hours_per_person": 20, "at_limit": "ask"}))
    office.types("ada", "/gpu claim train-7 gpus:2 for 4h eval")

    seen = office.types("ada", "/gpu extend train-7 8h")
    assert seen == (
        "Too much: you would have 24 GPU-hours in a week, the limit is 20. An approver can let it pass.\n"
        "[Ask an approver]"
    )
    office.presses("ada", "Ask an approver")
    office.presses("bob", "Let it pass", "#ml-platform")

    seen = office.types("cy", "/gpu status train-7")
    assert "@Ada has GPUs 0-1 to Mon 21:00 UTC: eval" in seen


def test_who_is_beyond_a_limit_hears_of_it_when_extending_too(office_with):
    office = office_with(rules({"gpus_per_person": 4, "gpu_hours_per_person": 40}))
    office.types("ada", "/gpu claim train-7 gpus:8 for 5h")

    seen = office.types("ada", "/gpu extend train-7 1h")

    limits = "you would have 8 GPUs, the limit is 4; you would have 48 GPU-hours in a week, the limit is 40"
    assert f"Mind the others: {limits}." in seen


def test_what_is_handed_over_counts_for_who_takes_it(office_with):
    office = office_with(rules({"gpus_per_person": 8, "at_limit": "refuse"}))
    office.types("ada", "/gpu claim train-7 gpus:8 for 4h")
    office.types("cy", "/gpu claim train-9 gpus:8 for 4h")
    office.types("ada", "/gpu hand train-7 @cy")

    seen = office.presses("cy", "Take it over", "@cy")

    assert seen.endswith(
        "Too much: you would have 16 GPUs, the limit is 8. Release something first, then take it over."
    )
    assert "@Ada" in office.types("bob", "/gpu status train-7")
    office.types("cy", "/gpu release train-9")
    assert office.presses("cy", "Take it over", "@cy").startswith("*train-7* is @Cy's until")


def test_who_is_in_turn_but_beyond_a_limit_can_ask(asking):
    asking.types("cy", "/gpu claim dgx-1 for 2h")
    asking.types("ada", "/gpu wait dgx-1 gpus:4")
    asking.types("ada", "/gpu claim train-7 gpus:6 for 4h")
    asking.types("cy", "/gpu release dgx-1")

    seen = asking.presses("ada", "Take it", "@ada")
    assert seen.endswith("An approver can let it pass.\n[Ask an approver]")
    asking.presses("ada", "Ask an approver", "@ada")
    asking.presses("bob", "Let it pass", "#ml-platform")
    assert "@Ada has GPUs" in asking.types("cy", "/gpu status dgx-1")


@pytest.mark.slow
def test_a_booking_beyond_a_limit_can_be_asked_for(asking):
    asking.types("ada", "/gpu book train-7 gpus:6 tomorrow 14:00 for 4h")

    seen = asking.types("ada", "/gpu book dgx-1 gpus:4 tomorrow 15:00 for 2h eval")
    assert seen == "Too much: you would have 10 GPUs, the limit is 8. An approver can let it pass.\n[Ask an approver]"
    asking.presses("ada", "Ask an approver")
    assert asking.sees("bob", "#ml-platform").startswith(
        "@Ada asks to book 4 GPUs of *dgx-1* from Tue 24 Nov 15:00 UTC for 2 h, beyond fair use: you would have 10 "
        "GPUs, the limit is 8.\n>eval\n"
    )
    again = asking.types("ada", "/gpu book dgx-1 gpus:4 tomorrow 15:00 for 2h eval")
    assert again.endswith("You have asked already. Approvers have until Mon 11:00 UTC.")

    asking.presses("bob", "Let it pass", "#ml-platform")
    asking.restart()

    assert asking.sees("bob", "#ml-platform").endswith("@Bob let it pass; it is booked.")
    assert (
        asking.sees("ada", "@ada") == "Your request for *dgx-1*: @Bob let it pass; it is booked.\n[Bookings of dgx-1]"
    )
    assert "Tue 24 Nov 15:00 UTC to Tue 17:00 UTC: GPUs 0-3 of *dgx-1*, @Ada (eval)" in asking.presses(
        "ada", "Bookings of dgx-1", "@ada"
    )
    asking.passes(30 * HOUR_MS, step=10 * MINUTE_MS)
    assert "@Ada has GPUs 0-3 to Tue 17:00 UTC: eval" in asking.types("cy", "/gpu status dgx-1")


@pytest.mark.slow
def test_a_booking_that_is_taken_meanwhile_or_begins_before_the_answer_is_told(asking):
    asking.types("ada", "/gpu claim train-7 gpus:6 for 4h")
    for begin in ("9:30", "11:00"):
        asking.types("ada", f"/gpu book dgx-1 {begin} for 1h")
        asking.presses("ada", "Ask an approver")
    asking.types("cy", "/gpu book dgx-1 11:00 for 2h")

    asking.presses("bob", "Let it pass", "#ml-platform")

    assert asking.sees("ada", "@ada") == (
        "Your request for *dgx-1*: @Bob let it pass, but it could not be booked: dgx-1 is taken then."
    )
    asking.passes(HOUR_MS)
    assert asking.sees("ada", "@ada") == "Your request for *dgx-1*: Nobody answered in time."


def test_a_weekly_booking_beyond_a_limit_is_asked_for_as_a_whole(asking):
    asking.types("ada", "/gpu book train-7 every tue 14:00 for 4h until 15 dec")

    asking.types("ada", "/gpu book dgx-1 every tue 14:00 for 1h until 8 dec sync")
    asking.presses("ada", "Ask an approver")
    assert "for 1 h every week until 8 December 2026, beyond fair use" in asking.sees("bob", "#ml-platform")
    asking.presses("bob", "Let it pass", "#ml-platform")

    assert asking.types("ada", "/gpu bookings dgx-1").startswith("*3 bookings of dgx-1")


def test_a_takeover_beyond_a_limit_can_be_asked_for(asking):
    asking.types("ada", "/gpu claim train-7 gpus:6 for 4h eval")
    asking.types("cy", "/gpu claim dgx-1 gpus:4 for 3h sweep")
    asking.types("cy", "/gpu hand dgx-1 @ada")

    asking.presses("ada", "Take it over", "@ada")
    assert asking.presses("ada", "Ask an approver", "@ada").startswith("Asked in #ml-platform.")
    assert asking.sees("bob", "#ml-platform").startswith(
        "@Ada asks to take over 4 GPUs of *dgx-1* for 3 h, beyond fair"
    )
    asking.presses("bob", "Let it pass", "#ml-platform")

    assert asking.sees("ada", "@ada").startswith("Your request for *dgx-1*: @Bob let it pass; it is taken over.")
    assert "@Ada has GPUs 0-3 to Mon 12:00 UTC: sweep" in asking.types("cy", "/gpu status dgx-1")


def test_who_books_beyond_a_limit_that_only_warns_hears_of_it(office_with):
    office = office_with(rules({"gpus_per_person": 4}))

    seen = office.types("ada", "/gpu book train-7 tomorrow 14:00 for 4h")

    assert seen.startswith("@Ada booked *train-7*")
    assert "Mind the others: you would have 8 GPUs, the limit is 4." in seen


def test_a_run_that_could_begin_at_once_says_how_to_ask_for_more(office_with):
    settings = rules({"gpus_per_person": 8, "at_limit": "ask"})
    settings["runs"] = {"eval": {"command": "/srv/eval.sh", "user": "ml"}}
    office = office_with(settings)
    office.types("ada", "/gpu claim train-9 gpus:6 for 4h")

    assert office.types("ada", "/gpu wait train-7 for 2h then: run eval") == (
        "Too much: you would have 14 GPUs, the limit is 8. Release something first, then ask again, or ask an "
        "approver: `claim train-7`, and once it is yours `run eval train-7`."
    )
