"""The home tab is a desk: what one holds, is asked, has booked and waits for; drawn anew when something changes."""

from dataclasses import replace

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.sandbox.slack.people import ADA
from tests.handlers.pieces import objections
from tests.stories.conftest import SETTINGS


def opens(office, who="ada") -> str:
    office.slack.open_home(who)
    office.settle()
    return office.slack.sees_home(who)


def test_the_desk_has_each_part_in_its_place(office):
    office.reports("train-9", 0.0)
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("bob", "/gpu claim train-3 for 4h")
    office.types("ada", "/gpu wait train-3 for 2h")
    office.types("ada", "/gpu book nb-2 tomorrow 20:00 for 6h")

    seen = opens(office)

    parts = ["You hold", "You booked", "You wait for", "[Find…] [Claim…]", "Free now", "Your team's month", "As of"]
    at = [seen.index(part) for part in parts]
    assert at == sorted(at)
    assert "[Extend by 1 h] [Extend by 4 h] [Release train-7]" in seen
    assert "*train-9*  8x A100, " in seen
    assert "nlp: $" in seen


def test_a_claim_is_extended_from_the_desk_which_shows_it(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    opens(office)

    assert "Mon 14:00 UTC" in office.presses("ada", "Extend by 1 h", "home")


def test_what_is_free_is_claimed_from_the_desk(office):
    office.reports("train-7", 0.0)
    opens(office)

    assert "[Release train-7]" in office.presses("ada", "Claim train-7", "home")


def test_an_open_desk_shows_what_others_do_within_a_minute(office):
    office.types("bob", "/gpu claim train-3 for 4h")
    office.types("ada", "/gpu claim train-7 for 4h")
    assert "Waits for your answer" not in opens(office)

    office.types("bob", "/gpu request train-7 a demo")
    office.passes(MINUTE_MS)

    assert "@Bob asks whether you could release *train-7*" in office.slack.sees_home("ada")


def test_a_question_answered_elsewhere_leaves_the_desk(office):
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu stop train-7 the run is over")
    assert "Stop train-7?" in opens(office, "bob")

    office.presses("bob", "Keep it running", "#ml-platform")
    office.passes(MINUTE_MS)

    assert "Stop train-7?" not in office.slack.sees_home("bob")


def test_a_desk_on_which_nothing_changes_is_not_drawn_again(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    opens(office)
    before = office.slack.homes[ADA].hash

    office.passes(5 * MINUTE_MS)

    assert office.slack.homes[ADA].hash == before


def test_after_a_restart_an_open_desk_still_follows(office):
    opens(office)
    office.restart()

    office.types("ada", "/gpu claim train-7 for 4h")
    office.passes(MINUTE_MS)

    assert "[Release train-7]" in office.slack.sees_home("ada")


def test_a_desk_that_nobody_has_looked_at_for_an_hour_rests(office):
    opens(office)
    office.passes(HOUR_MS + MINUTE_MS, step=10 * MINUTE_MS)
    before = office.slack.homes[ADA].hash

    office.types("ada", "/gpu claim train-7 for 4h")
    office.passes(2 * MINUTE_MS)

    assert office.slack.homes[ADA].hash == before


def test_a_desk_that_was_never_opened_is_not_drawn(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.passes(2 * MINUTE_MS)

    assert ADA not in office.slack.homes


def test_somebody_who_has_left_gets_no_desk_any_more(office):
    opens(office)
    before = office.slack.homes[ADA].hash
    office.slack.people[ADA] = replace(office.slack.people[ADA], is_gone=True)

    office.types("bob", "/gpu claim train-7 for 1h")
    office.reports("train-9", 0.0)
    office.passes(3 * MINUTE_MS)

    assert office.slack.homes[ADA].hash == before


@pytest.mark.parametrize("fault", [{"error": "internal_error", "times": 9}, {"error": "user_not_found"}])
def test_slack_that_does_not_take_a_desk_stops_nothing(office, fault):
    opens(office)
    office.types("ada", "/gpu claim train-7 for 4h")
    office.slack.fault("views.publish", **fault)

    office.passes(MINUTE_MS)

    assert office.types("ada", "/gpu status train-7")


def test_a_team_with_a_budget_sees_how_its_month_stands(office_with):
    teams = SETTINGS["teams"]
    office = office_with(SETTINGS | {"teams": teams | {"nlp": teams["nlp"] | {"budget_usd": "40000"}}})

    seen = opens(office)

    assert "Your team's month\nnlp, November: " in seen
    assert " of $40,000 spent" in seen
    office.presses("ada", "Budget", "home")
    assert "nlp" in office.sees("ada", "@ada")


def test_a_full_desk_is_fit_to_publish(office):
    from handlers import home

    for name in ("train-7", "train-3", "nb-2", "train-9"):
        office.types("bob", f"/gpu claim {name} for 4h {'&' * 300}")
        office.types("cy", f"/gpu request {name} {'<' * 300}")

    assert objections(home.opened(office.valet.ctx, office.slack.person("bob").id), "home") == []


def test_what_is_estimated_is_called_so_on_the_desk_and_in_forms_as_in_status(office):
    office.passes(HOUR_MS)
    office.reports("train-3", 0.0)

    assert " | ~$55.04 | " in office.types("ada", "/gpu status")
    seen = opens(office)
    assert "*train-3*  8x H100, about $55.04/h" in seen
    assert "nlp: about $" in seen
    office.types("ada", "/gpu claim")
    assert "train-3 · 8 x H100 · about $55.04/h" in office.options("ada", "Machine", "train-3")


def test_while_a_region_is_silent_the_desk_and_the_bare_commands_say_so(office):
    office.reports("train-3", 0.0)
    office.fleet.silence("us-west-2")
    office.passes(HOUR_MS)

    lacks = "us-west-2 was last read Mon 09:00 UTC, 1 h ago: what its 5 running machines (about $84.30/h) cost since"
    old = "us-west-2 was last read Mon 09:00 UTC, 1 h ago: its machines are shown as they were then."
    seen = opens(office)
    assert lacks in seen
    assert old in seen
    assert old in office.types("ada", "/gpu")
    assert lacks in office.types("ada", "/cost")
    office.fleet.unsilence("us-west-2")
    office.passes(5 * MINUTE_MS)
    assert "was last read" not in opens(office) + office.types("ada", "/gpu") + office.types("ada", "/cost")
