"""A team's machines are stopped when their on-hours end, and started when they begin; nothing that works, ever."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.errors import Refused, Unreachable
from bot.sandbox.slack.people import ADA, BOB, CY
from tests.stories.conftest import SETTINGS
from tests.stories.evenings import NINE_TO_SEVEN, idle_until, pausing


@pytest.fixture
def team(office_with):
    return office_with(pausing(hours="Mon-Fri 08:00-19:00"))


@pytest.mark.slow
def test_it_is_announced_twice_stopped_at_the_end_and_started_in_the_morning(team):
    idle_until(team, NINE_TO_SEVEN - 30 * MINUTE_MS)
    seen = team.sees("bob", "#ml-platform")
    assert seen.startswith("*Pausing Mon 19:00 UTC: 1 machine is to be stopped.*\n")
    assert "*train-7* ($21.96/h): its on-hours end.\n" in seen
    assert "*train-3* (about $55.04/h): its on-hours end, but nobody can tell whether it works, so it runs on" in seen
    assert "[Keep train-7 4 h]" in seen

    idle_until(team, 25 * MINUTE_MS)
    assert "At 19:00 UTC I stop *train-7*." in team.sees("bob", "#ml-platform")
    idle_until(team, 5 * MINUTE_MS)
    team.passes(2 * MINUTE_MS)

    assert [name for name, _ in team.fleet.stops] == ["train-7"]
    assert any("*train-7* ($21.96/h): stopped Mon" in said for said in team.slack.sees("bob", "#ml-platform"))
    team.passes(13 * HOUR_MS)
    team.passes(MINUTE_MS)
    assert team.machine("train-7").state == "running"
    assert "unclaimed" in team.types("cy", "/gpu status train-7"), "nobody gets a claim by that"


@pytest.mark.slow
def test_one_tap_keeps_it_and_the_snooze_ends_by_itself(team):
    idle_until(team, NINE_TO_SEVEN - 30 * MINUTE_MS)

    assert team.presses("ada", "Keep train-7 4 h", "#ml-platform").startswith(
        "*train-7* is left alone until Mon 22:30 UTC: @Ada keeps it"
    )
    idle_until(team, 4 * HOUR_MS + MINUTE_MS)
    assert team.machine("train-7").state == "running", "a snooze's end is announced before anything is stopped"
    assert "Pausing Mon 23:0" in team.sees("bob", "#ml-platform")
    idle_until(team, 35 * MINUTE_MS)

    assert team.machine("train-7").state in {"stopping", "stopped"}


@pytest.mark.slow
def test_what_works_runs_on_until_it_is_idle(team):
    idle_until(team, NINE_TO_SEVEN + HOUR_MS, util=90.0)
    assert team.fleet.stops == []
    assert any("but it works, so it runs on for now" in said for said in team.slack.sees("bob", "#ml-platform"))

    idle_until(team, HOUR_MS + 10 * MINUTE_MS, util=0.0)
    assert team.fleet.stops == []
    idle_until(team, 35 * MINUTE_MS, util=0.0)

    assert [name for name, _ in team.fleet.stops] == ["train-7"]


@pytest.mark.slow
def test_what_is_claimed_runs_on_as_long_as_the_claim(team):
    team.types("ada", "/gpu claim train-7 for 12h")
    idle_until(team, NINE_TO_SEVEN + HOUR_MS)
    assert team.fleet.stops == []

    idle_until(team, 2 * HOUR_MS)

    assert [name for name, _ in team.fleet.stops] == ["train-7"]


@pytest.mark.slow
def test_a_start_by_hand_is_not_fought_before_the_next_window_ends(team):
    idle_until(team, NINE_TO_SEVEN + 5 * MINUTE_MS)
    team.passes(2 * MINUTE_MS)
    assert team.machine("train-7").state == "stopped"

    team.fleet.power_up("train-7")
    idle_until(team, 4 * HOUR_MS)

    assert team.machine("train-7").state == "running"


@pytest.mark.slow
def test_an_end_missed_while_the_bot_was_away_is_announced_before_it_is_made_good(team):
    idle_until(team, 8 * HOUR_MS)
    team.clock.forward(4 * HOUR_MS)
    team.reports("train-7", 0.0, minutes=75)
    team.restart()
    team.tick()
    assert team.fleet.stops == []
    assert "Pausing Mon 21:30 UTC" in team.sees("bob", "#ml-platform")

    idle_until(team, 40 * MINUTE_MS)

    assert [name for name, _ in team.fleet.stops] == ["train-7"]


@pytest.mark.slow
def test_unknown_is_never_stopped(team):
    team.passes(NINE_TO_SEVEN + HOUR_MS)

    assert team.fleet.stops == []


def test_on_hours_of_one_machine_are_set_by_an_approver_and_shown(team):
    assert team.types("bob", "/gpu hours train-7 Mon-Fri 8-12, Sat 10-14 stop-only") == (
        "*train-7*: on Mon-Fri 08:00-12:00, Sat 10:00-14:00 (UTC), set by @Bob. Now on; off Mon 12:00 UTC. "
        "It is stopped at their end and never started by itself."
    )
    assert team.types("bob", "/gpu hours train-7 daily 8:00-23:59, 0:00-2:00").endswith(
        "An end at 23:59 is read as midnight, 24:00."
    )
    assert team.types("bob", "/gpu hours train-7 never").startswith("*train-7* is never stopped by rule: @Bob set that")
    assert team.types("bob", "/gpu hours train-7 team").startswith(
        "*train-7*: on Mon-Fri 08:00-19:00 (UTC), of team nlp."
    )
    assert team.types("bob", "/gpu hours train-7 whenever").startswith('"whenever" is no window. Try `Mon-Fri')


def test_a_snooze_has_an_end_a_limit_and_a_reason_the_second_time(team):
    assert team.types("ada", "/gpu snooze train-7 2h").startswith("*train-7* is left alone until Mon 11:00 UTC: @Ada")
    assert team.types("ada", "/gpu snooze train-7 6h").startswith(
        "You have snoozed train-7 already. To go on, say why:"
    )
    assert "(run is late)" in team.types("ada", "/gpu snooze train-7 6h run is late")
    assert "kept by @Ada until Mon 15:00 UTC (run is late)" in team.types("cy", "/gpu status train-7")
    assert "Kept: by @Ada until Mon 15:00 UTC (run is late)." in team.types("cy", "/gpu why train-7")
    assert team.types("ada", "/gpu snooze train-7 0h").startswith("A snooze lasts at least a minute.")
    assert team.types("ada", "/gpu snooze train-7 9d").startswith("A snooze lasts at most 7 days.")
    assert team.presses("ada", "End the snooze").startswith("@Ada ended the snooze of *train-7*")
    assert team.types("ada", "/gpu snooze train-7 end") == "train-7 is not snoozed."


@pytest.mark.slow
def test_a_team_may_let_long_idleness_stop_a_machine_after_two_warnings(office_with):
    office = office_with(pausing(idle_stop_hours=3))
    idle_until(office, 2 * HOUR_MS + 30 * MINUTE_MS)
    assert any("idle for long" in said for said in office.slack.sees("bob", "#ml-platform"))
    assert office.fleet.stops == []

    idle_until(office, 40 * MINUTE_MS)

    assert [name for name, _ in office.fleet.stops] == ["train-7"]


@pytest.mark.slow
def test_without_a_rule_nothing_is_ever_stopped_by_itself(office):
    idle_until(office, 14 * HOUR_MS)

    assert office.fleet.stops == []


@pytest.fixture
def team_with_admin(office_with):
    """Dee is an admin and no approver of team nlp."""
    return office_with(pausing(hours="Mon-Fri 08:00-22:00") | {"slack": SETTINGS["slack"] | {"admins": [CY]}})


def test_on_hours_that_an_admin_set_stop_the_machine(team_with_admin):
    team = team_with_admin
    team.types("cy", "/gpu hours train-7 Mon-Fri 8-10")
    assert team.sees("bob", "#ml-platform") == (
        "@Cy set the on-hours of *train-7*, from now on: Mon-Fri 08:00-10:00 (UTC). Before: as its team."
    )

    team.reports("train-7", 0.0)
    idle_until(team, HOUR_MS + 2 * MINUTE_MS)

    assert [name for name, _ in team.fleet.stops] == ["train-7"]
    history = team.types("bob", "/gpu history train-7")
    assert "Its on-hours have ended. By on-hours set by @Cy." in history


def test_on_hours_of_somebody_who_left_are_told_once_and_the_teams_count(team_with_admin):
    team = team_with_admin
    team.types("cy", "/gpu hours train-7 Mon-Fri 8-10")
    team.settings["slack"]["admins"] = [BOB]
    team.restart()

    idle_until(team, HOUR_MS + 10 * MINUTE_MS)

    assert team.fleet.stops == []
    told = [said for said in team.slack.sees("bob", "#ml-platform") if "may no longer do so" in said]
    assert len(told) == 1
    assert told[0] == (
        "@Cy, who set the on-hours of *train-7*, may no longer do so. From now on its team's count: Mon-Fri "
        "08:00-22:00 (UTC). Whoever may can set them anew: `/gpu hours train-7 Mon-Fri 08:00-10:00`."
    )
    assert "Those that @Cy set count no more." in team.types("ada", "/gpu hours train-7")


def test_one_who_may_no_longer_set_them_is_told_of_once_for_all_machines(team_with_admin):
    team = team_with_admin
    team.types("cy", "/gpu hours train-3 Mon-Fri 8-10 stop-only")
    team.types("cy", "/gpu hours train-7 Mon-Fri 8-10")
    team.types("bob", "/gpu hours train-9 never")
    team.settings["slack"]["admins"] = [BOB]
    team.restart()

    idle_until(team, 10 * MINUTE_MS)

    told = [said for said in team.slack.sees("bob", "#ml-platform") if "may no longer do so" in said]
    assert len(told) == 1
    head, *rows, last = told[0].split("\n")
    assert head == "@Cy, who set the on-hours of 2 machines, may no longer do so. From now on:"
    then = "its team's count: Mon-Fri 08:00-22:00 (UTC). Anew: `/gpu hours"
    assert sorted(rows) == [
        f"*train-3*: {then} train-3 Mon-Fri 08:00-10:00 stop-only`",
        f"*train-7*: {then} train-7 Mon-Fri 08:00-10:00`",
    ]
    assert last == "Whoever may can set them anew."
    assert "@Cy" not in team.types("ada", "/gpu hours train-9")


@pytest.mark.slow
def test_a_morning_without_capacity_is_told_once_and_tried_again_within_the_window(team):
    idle_until(team, NINE_TO_SEVEN + 4 * MINUTE_MS)
    team.fleet.run_short(team.machine("train-7").zone)
    team.clock.forward(13 * HOUR_MS - 5 * MINUTE_MS)
    team.passes(30 * MINUTE_MS)
    told = [said for said in team.slack.sees("bob", "#ml-platform") if "was to run from Tue 08:00 UTC" in said]
    assert len(told) == 1
    assert "and does not: AWS has no p4d.24xlarge left in us-east-1" in told[0]
    assert told[0].endswith("I try again every 30 minutes until its on-hours end Tue 19:00 UTC.")

    team.passes(20 * MINUTE_MS)
    team.fleet.refill(team.machine("train-7").zone)
    team.passes(20 * MINUTE_MS)

    assert team.machine("train-7").state == "running"
    told = [said for said in team.slack.sees("bob", "#ml-platform") if "which was to run from" in said]
    assert len(told) == 1
    assert told[0].endswith("; 1 start had failed before.")


@pytest.mark.slow
def test_a_morning_that_failed_does_not_lose_the_next(team):
    idle_until(team, NINE_TO_SEVEN + 4 * MINUTE_MS)
    team.fleet.run_short(team.machine("train-7").zone)
    team.clock.forward(13 * HOUR_MS - 5 * MINUTE_MS)
    team.passes(25 * MINUTE_MS)
    team.clock.forward(11 * HOUR_MS)
    team.passes(5 * MINUTE_MS)
    team.fleet.refill(team.machine("train-7").zone)
    team.clock.forward(12 * HOUR_MS + 30 * MINUTE_MS)

    team.passes(5 * MINUTE_MS)

    assert team.machine("train-7").state == "running"


def held_for_cy(team) -> None:
    """Ten minutes to seven: Ada gives it back, and it is Cy's turn."""
    idle_until(team, NINE_TO_SEVEN - 10 * MINUTE_MS)
    team.types("ada", "/gpu claim train-7 for 12h")
    team.types("cy", "/gpu wait train-7 for 2h")
    team.types("ada", "/gpu release train-7")


@pytest.mark.slow
def test_what_is_held_for_the_next_in_line_nobody_and_no_rule_stops(team):
    held_for_cy(team)

    refused = team.types("ada", "/gpu stop train-7")
    idle_until(team, 5 * MINUTE_MS)

    assert refused == "train-7 is held for @Cy, whose turn in the line it is. Ask again once they have answered."
    seen = [said for said in team.slack.sees("bob", "#ml-platform") if said.startswith("*Pausing Mon 19:00 UTC")]
    assert "but it is held for @Cy, whose turn it is, so it runs on for now" in seen[-1]
    idle_until(team, 10 * MINUTE_MS)
    assert team.fleet.stops == []


@pytest.mark.slow
def test_what_is_booked_soon_after_is_not_stopped_at_the_end_of_its_hours(team):
    team.types("cy", "/gpu book train-7 today 19:15 for 1h")
    idle_until(team, NINE_TO_SEVEN + 10 * MINUTE_MS)

    assert team.fleet.stops == []
    assert any("but @Cy has booked it for soon after" in said for said in team.slack.sees("bob", "#ml-platform"))


def test_the_card_of_a_stop_shows_a_booking_within_a_day(office):
    office.reports("train-7", 0.0)
    office.types("cy", "/gpu book train-7 today 12:00 for 1h")
    office.types("ada", "/gpu stop train-7")

    assert "@Cy has booked it from Mon 12:00 UTC." in office.sees("bob", "#ml-platform")


@pytest.mark.slow
def test_what_can_not_be_stopped_is_not_announced(team):
    team.fleet.change("train-7", asg="workers")
    team.fleet.change("train-3", stop_protected=True)
    idle_until(team, NINE_TO_SEVEN + 10 * MINUTE_MS)

    assert not any("Pausing" in said for said in team.slack.sees("bob", "#ml-platform"))
    assert team.fleet.stops == []


@pytest.mark.slow
def test_an_end_that_passed_without_its_last_warning_is_announced_anew(team):
    idle_until(team, NINE_TO_SEVEN - 20 * MINUTE_MS)
    team.clock.forward(25 * MINUTE_MS)
    team.reports("train-7", 0.0, minutes=75)
    team.restart()
    team.tick()

    assert team.fleet.stops == []
    assert "*Pausing Mon 19:35 UTC: 1 machine is to be stopped.*" in team.sees("bob", "#ml-platform")
    idle_until(team, 35 * MINUTE_MS)
    assert [name for name, _ in team.fleet.stops] == ["train-7"]


@pytest.mark.slow
def test_where_a_window_may_end_work_those_whose_it_is_are_told_twice_in_person(office_with):
    office = office_with(pausing(hours="Mon-Fri 08:00-10:00", stop_active=True) | {"people": {"ada": ADA}})
    for _ in range(13):
        office.clock.forward(5 * MINUTE_MS)
        office.reports("train-7", 90.0, process="python3", memory=9000)
        office.tick()
        if office.clock.now % HOUR_MS == 35 * MINUTE_MS:
            announced = office.sees("bob", "#ml-platform")

    assert "*train-7* ($21.96/h): its on-hours end. It works, and what runs on it ends." in announced
    told = [said for said in office.slack.sees("ada", "@ada") if "and its on-hours end Mon 10:00 UTC" in said]
    assert len(told) == 2
    assert told[0] == (
        "*train-7* works, and its on-hours end Mon 10:00 UTC: I stop it then, and what runs on it ends. "
        "Its team has set that so. Do you still need it?\n[Keep train-7 4 h] [Keep longer…]"
    )
    assert [name for name, _ in office.fleet.stops] == ["train-7"]


def told_of_it(team) -> list[str]:
    """What the channel reads of a stop or a start by rule that came to nothing."""
    seen = team.slack.sees("bob", "#ml-platform")
    return [each for each in seen if "was to " in each or "had failed before" in each]


@pytest.mark.slow
def test_a_morning_whose_start_is_refused_is_told_once_with_why(team):
    idle_until(team, NINE_TO_SEVEN + 4 * MINUTE_MS)
    team.fleet.change("train-7", asg="group")
    team.clock.forward(13 * HOUR_MS - 5 * MINUTE_MS)
    team.passes(70 * MINUTE_MS)

    [told] = told_of_it(team)
    assert told.startswith(
        "*train-7* was to run from Tue 08:00 UTC and does not: train-7 belongs to the Auto Scaling group group."
    )
    assert team.types("bob", "/gpu history train-7").count("start aborted") == 1
    team.fleet.change("train-7", asg="")
    team.passes(3 * MINUTE_MS)
    assert team.machine("train-7").state == "running"
    assert len(told_of_it(team)) == 1


NO = "*train-7* was to be stopped by rule and was not: AWS says that Valet's role may not stop train-7. "


@pytest.mark.slow
def test_a_stop_that_aws_refuses_is_told_once_and_tried_again_twice_that_night(team):
    team.fleet.fault("train-7", Refused("AWS says that Valet's role may not stop train-7."), times=9)
    idle_until(team, NINE_TO_SEVEN)
    first = told_of_it(team)
    idle_until(team, HOUR_MS)
    second = told_of_it(team)
    idle_until(team, 2 * HOUR_MS)
    last = told_of_it(team)
    idle_until(team, 4 * HOUR_MS)

    assert first == [f"{NO}I try again Mon 20:02 UTC, with a notice before."]
    assert second == [f"{NO}I try again Mon 22:04 UTC, with a notice before."]
    assert last == [f"{NO}That was the last of 3 tries for now. It runs on; `/gpu stop train-7` asks for a stop."]
    assert team.fleet.calls["stop", "train-7"] == 3
    notices = [each for each in team.slack.sees("bob", "#ml-platform") if each.startswith("*Paus")]
    assert [each[:25] for each in notices[-2:]] == ["*Paused Mon 20:02 UTC:*\n*", "*Paused Mon 22:04 UTC:*\n*"]


@pytest.mark.slow
def test_a_stop_at_the_second_try_is_told_and_undone_in_the_morning(team):
    team.fleet.fault("train-7", Refused("AWS says no."))
    idle_until(team, NINE_TO_SEVEN + HOUR_MS)
    team.passes(MINUTE_MS)
    told = told_of_it(team)
    team.passes(12 * HOUR_MS)

    assert told == ["*train-7* is stopped since Mon 20:05 UTC; 1 try had failed before."]
    assert team.machine("train-7").state == "running"


@pytest.mark.slow
def test_a_stop_that_nobody_knows_the_end_of_is_told_and_not_tried_again(team):
    team.fleet.fault("train-7", Unreachable("AWS does not answer."), times=9)
    idle_until(team, NINE_TO_SEVEN)
    idle_until(team, 20 * MINUTE_MS)
    told = told_of_it(team)
    idle_until(team, 2 * HOUR_MS)

    assert told == [
        "*train-7* was to be stopped by rule, and it is unclear: train-7 is still running; please look at it in AWS."
    ]
    assert team.fleet.calls["stop", "train-7"] == 4
    assert team.machine("train-7").state == "running"
