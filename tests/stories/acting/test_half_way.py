"""Half way to its end an open card reminds those who can decide, once, and is looked at anew before it does."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.sandbox.slack.people import BOB, CY
from tests.stories.conftest import SETTINGS


@pytest.fixture
def asked(office):
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu stop train-7 nobody needs it")
    return office


def half_an_hour_idle(office, *, util=0.0):
    office.clock.forward(30 * MINUTE_MS)
    office.reports("train-7", util, minutes=5)


def until_half_way(office):
    half_an_hour_idle(office)
    half_an_hour_idle(office)
    office.passes(MINUTE_MS)


def reminders(office, who="bob"):
    return [said for said in office.slack.sees(who, f"@{who}") if "A reminder: half" in said]


def test_half_way_bob_is_reminded_once_and_can_answer_there(asked):
    before = reminders(asked)
    until_half_way(asked)
    asked.restart()
    asked.passes(2 * MINUTE_MS)

    [reminder] = reminders(asked)
    asked.presses("bob", "Keep it running", "@bob")

    assert before == []
    assert reminder.startswith("A reminder: half of the time for this is over.\n*Stop train-7? @Ada asks. Waiting for")
    assert "[Stop train-7] [Keep it running] [Why]" in reminder
    assert reminders(asked, "ada") == []
    assert asked.sees("bob", "@bob").startswith("*train-7 keeps running.* @Bob decided that")


def test_what_the_card_saw_is_renewed_with_its_reminder(asked):
    first = asked.sees("bob", "#ml-platform")
    until_half_way(asked)

    assert "As of 09:00 UTC." in first
    assert "As of 10:01 UTC." in asked.sees("bob", "#ml-platform")
    assert "As of 10:01 UTC." in reminders(asked)[0]


def test_a_machine_that_works_again_by_then_is_asked_about_no_more(asked):
    half_an_hour_idle(asked)
    half_an_hour_idle(asked, util=80.0)
    asked.passes(MINUTE_MS)

    assert reminders(asked) == []
    assert "train-7 began to work after the request." in asked.sees("bob", "#ml-platform")


def test_who_has_approved_is_not_reminded_and_what_is_decided_reminds_nobody(office_with):
    nlp = {**SETTINGS["teams"]["nlp"], "approvals": 2, "approvers": [BOB, CY]}
    with_two = office_with({**SETTINGS, "teams": {**SETTINGS["teams"], "nlp": nlp}})
    with_two.reports("train-7", 0.0)
    with_two.types("ada", "/gpu stop train-7")
    with_two.presses("bob", "Stop train-7", "#ml-platform")
    until_half_way(with_two)

    assert reminders(with_two) == []
    assert "Needs 2 approvals (1 of 2: @Bob)." in reminders(with_two, "cy")[0]


def test_on_hours_that_were_asked_for_remind_as_well(office):
    office.types("ada", "/gpu hours train-7 Mon-Fri 08:00-10:00")
    office.passes(HOUR_MS + MINUTE_MS, step=10 * MINUTE_MS)

    assert "@Ada asks for other on-hours of *train-7*" in reminders(office)[0]
