"""One exception with an end: whose it is, who may end it, and how far it goes."""

import copy

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from tests.stories import conftest


@pytest.fixture
def team(office_with):
    """Dan is of no team and nobody's approver."""
    settings = copy.deepcopy(conftest.SETTINGS)
    settings["teams"]["nlp"]["pausing"] = {"hours": "Mon-Fri 08:00-19:00"}
    settings["teams"]["vision"]["approvers"] = [conftest.BOB]
    return office_with(settings)


def test_anothers_long_snooze_is_cut_short_neither_by_a_command_nor_by_a_button(team):
    team.reports("train-7", 0.0)
    team.types("cy", "/gpu snooze train-7 5d conference demo")

    assert team.types("ada", "/gpu snooze train-7 2m").startswith(
        "*train-7* is left alone until Sat 09:00 UTC: @Cy keeps it (conference demo)."
    )
    team.types("ada", "/gpu stop train-7")
    team.presses("bob", "Keep it running", "#ml-platform")

    assert "kept by @Cy until Sat 09:00 UTC (conference demo)" in team.types("ada", "/gpu status train-7")


def test_keep_does_not_shorten_ones_own_and_keeps_its_reason(team):
    team.reports("train-7", 0.0)
    team.types("bob", "/gpu snooze train-7 5d conference demo")
    team.types("ada", "/gpu stop train-7")
    team.presses("bob", "Keep it running", "#ml-platform")

    assert "kept by @Bob until Sat 09:00 UTC (conference demo)" in team.types("ada", "/gpu status train-7")
    assert "until Mon 10:00 UTC" in team.types("bob", "/gpu snooze train-7 1h"), "whoever made it may shorten it"


def test_only_its_maker_the_team_and_admins_end_a_snooze_and_its_maker_is_told(team):
    team.types("ada", "/gpu snooze train-7 4h eval")

    assert team.types("cy", "/gpu snooze train-7 end") == (
        "@Ada keeps train-7. Only they, team nlp's people or an admin can end that."
    )
    assert team.types("bob", "/gpu snooze train-7 end") == "@Bob ended the snooze of *train-7*; its rules count again."
    assert team.sees("ada", "@ada") == (
        "@Bob ended your snooze of *train-7*. Its rules count again; no rule stops it without a notice. "
        "`/gpu snooze train-7 4h` keeps it anew."
    )


def test_whoever_decides_on_a_stop_sees_who_wants_the_machine_left_alone(team):
    team.reports("train-7", 0.0)
    team.types("cy", "/gpu snooze train-7 5d conference demo")
    team.types("ada", "/gpu stop train-7")

    assert "Nobody holds it.\nTo be left alone: by @Cy until Sat 09:00 UTC (conference demo).\n" in team.sees(
        "bob", "#ml-platform"
    )


def test_a_snooze_calls_off_a_stop_that_nobody_has_decided(team):
    team.reports("train-7", 0.0)
    team.types("ada", "/gpu stop train-7")
    team.types("cy", "/gpu snooze train-7 4h conference demo")

    assert "is off.* @Cy snoozed train-7 first." in team.sees("bob", "#ml-platform")
    assert "@Cy snoozed train-7 first." in team.sees("ada", "@ada")


def test_a_snooze_that_comes_too_late_says_so(team):
    team.reports("train-7", 0.0)
    team.types("ada", "/gpu stop train-7")
    team.slack.click("bob", "#ml-platform", "Stop train-7")
    team.settle()

    assert team.types("cy", "/gpu snooze train-7 4h") == (
        "train-7 is being stopped already. `/gpu start train-7` starts it again once it stands still."
    )


def test_a_stop_of_all_that_idles_leaves_out_what_others_keep(team):
    team.reports("train-7", 0.0)
    team.types("cy", "/gpu snooze train-7 5d conference demo")

    team.types("ada", "/gpu stop idle")
    assert "@Cy keeps train-7; `/gpu stop train-7` asks all the same." in team.sees("ada")


def test_ending_ones_own_leaves_what_others_want(team):
    team.types("ada", "/gpu snooze train-7 8h eval")
    team.types("cy", "/gpu snooze train-7 4h demo")

    assert team.types("cy", "/gpu snooze train-7 end") == (
        "@Cy ended the snooze of *train-7*; @Ada keeps it until Mon 17:00 UTC."
    )


def test_after_an_ended_snooze_the_stop_is_announced_before_it_is_made(team):
    team.types("ada", "/gpu snooze train-7 12h eval")
    team.clock.forward(11 * HOUR_MS)
    team.passes(2 * MINUTE_MS)
    team.clock.forward(31 * MINUTE_MS)
    team.reports("train-7", 0.0)
    team.passes(MINUTE_MS)
    team.types("bob", "/gpu snooze train-7 end")

    team.passes(2 * MINUTE_MS)

    assert team.fleet.stops == []
    assert "*Pausing Mon 21:05 UTC: 1 machine is to be stopped.*\n*train-7*" in team.sees("bob", "#ml-platform")


def test_more_than_a_day_needs_a_reason_and_a_week_on_end_is_the_most(team):
    assert team.types("ada", "/gpu snooze train-7 3d") == (
        "For more than a day, say why: `snooze train-7 3d the demo at the fair`."
    )
    team.types("ada", "/gpu snooze train-7 5d demo")
    team.clock.forward(4 * DAY_MS)
    refused = team.types("cy", "/gpu snooze train-7 5d mine")

    assert refused.startswith("train-7 is kept for at most 7 days on end, and 72 h of them are left. Beyond that, an")
    assert team.types("cy", "/gpu snooze train-7 3d mine").startswith("*train-7* is left alone until")
    team.clock.forward(3 * DAY_MS + HOUR_MS)
    over = team.types("bob", "/gpu snooze train-7 4h")
    assert over.startswith("train-7 is kept for at most 7 days on end, and they are over.")
    team.clock.forward(2 * HOUR_MS)
    assert team.types("bob", "/gpu snooze train-7 4h").startswith("*train-7* is left alone until")
