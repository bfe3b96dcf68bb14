"""Ada asks to stop train-7; Bob decides; the machine is looked at once more; it stops; everybody is told."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from tests.screens import ONE_SCREEN, lines_on_phone


def ask(office):
    office.reports("train-7", 0.0)
    return office.types("ada", "/gpu stop train-7 nobody needs it")


def test_bob_approves_and_the_machine_stops(office):
    assert ask(office).startswith("Asked in")

    card = office.sees("bob", "#ml-platform")
    office.presses("bob", "Stop train-7", "#ml-platform")
    office.passes(2 * MINUTE_MS)

    assert card.startswith("*Stop train-7? @Ada asks. Waiting for @Bob until 11:00 UTC.*\n>nobody needs it")
    assert "[Stop train-7] [Keep it running]" in card
    assert office.fleet.stops[0][0] == "train-7"
    assert office.machine("train-7").state == "stopped"
    assert "It took" in office.sees("bob", "#ml-platform")
    assert "@Bob approved @Ada's request at 09:00 UTC." in office.sees("bob", "#ml-platform")
    assert "@Bob approved @Ada's request at 09:00 UTC." in office.sees("ada", "@ada")


def test_ada_cannot_approve_her_own_request(office):
    ask(office)

    seen = office.presses("ada", "Stop train-7", "#ml-platform")

    assert "You asked for this yourself" in seen
    assert office.fleet.stops == []


def test_bob_keeps_it(office):
    ask(office)

    office.presses("bob", "Keep it running", "#ml-platform")

    assert "keeps running.* @Bob decided that" in office.sees("bob", "#ml-platform")
    assert "keeps running" in office.sees("ada", "@ada")
    assert "Kept: by @Bob until Tue 09:00 UTC (by button)." in office.types("ada", "/gpu why train-7")
    assert office.fleet.stops == []


def test_a_machine_that_began_to_work_meanwhile_is_not_stopped(office):
    ask(office)
    office.clock.forward(2 * MINUTE_MS)
    office.reports("train-7", 90.0, minutes=1)

    office.presses("bob", "Stop train-7", "#ml-platform")

    assert "was not stopped.* @Bob approved" in office.sees("bob", "#ml-platform")
    assert "train-7 is working" in office.sees("bob", "#ml-platform")
    assert office.fleet.stops == []


def test_a_machine_restarted_after_the_request_is_not_stopped(office):
    ask(office)
    office.clock.forward(MINUTE_MS)
    office.fleet.restart("train-7")

    office.presses("bob", "Stop train-7", "#ml-platform")

    assert "was not stopped" in office.sees("bob", "#ml-platform")
    assert len(office.fleet.stops) <= 1


@pytest.mark.slow
def test_nobody_answers_in_time(office):
    ask(office)

    office.passes(2 * HOUR_MS + MINUTE_MS)

    said = "*train-7 keeps running.* Nobody answered @Ada's request by 11:00 UTC."
    assert any(said in text for text in office.slack.sees("bob", "#ml-platform"))  # the first digest comes after it
    assert "Nobody answered @Ada's request" in office.sees("ada", "@ada")


def test_a_working_machine_is_not_even_asked_about(office):
    office.reports("train-7", 80.0)

    seen = office.types("ada", "/gpu stop train-7")

    assert "train-7 is working: 8 of 8 GPUs worked within the last 60 minutes" in seen
    assert "say why, as in `/gpu stop train-7 it runs the wrong model`; then it takes two approvals." in seen


def test_a_machine_nobody_can_see_is_not_even_asked_about(office):
    assert "I can't tell whether old-3 works" in office.types("ada", "/gpu stop old-3")


def test_asked_twice_it_is_the_same_card(office):
    ask(office)
    office.clock.forward(MINUTE_MS)

    assert office.types("ada", "/gpu stop train-7").startswith("You asked already in #ml-platform: Stop train-7?")
    assert len([m for m in office.slack.sees("bob", "#ml-platform") if "Stop train-7" in m]) == 1


def test_only_whoever_asked_is_offered_to_take_it_back(office):
    ask(office)
    office.clock.forward(MINUTE_MS)

    assert "[Take it back]" in office.types("ada", "/gpu stop train-7")
    seen = office.types("cy", "/gpu stop train-7")
    assert seen.startswith("@Ada asked already in #ml-platform: Stop train-7? train-7 keeps running unless someone")
    assert "[Take it back]" not in seen


def test_something_else_for_the_machine_names_the_open_request_and_opens_it(office):
    ask(office)

    seen = office.types("cy", "/gpu clone train-7")
    office.presses("bob", "Keep it running", "#ml-platform")

    assert seen == "@Ada's request to stop train-7 is open until Mon 11:00 UTC. Decide that first.\n[Open it]"
    assert office.presses("cy", "Open it").startswith("*train-7 keeps running.* @Bob decided that")


def test_a_restart_of_the_bot_loses_nothing(office):
    ask(office)
    office.restart()

    office.presses("bob", "Stop train-7", "#ml-platform")
    office.restart()
    office.passes(2 * MINUTE_MS)

    assert office.machine("train-7").state == "stopped"
    assert "It took" in office.sees("bob", "#ml-platform")
    assert len(office.fleet.stops) == 1
    assert "@Bob approved @Ada's request at 09:00 UTC." in office.sees("bob", "#ml-platform")


def test_who_claims_it_first_keeps_it(office):
    ask(office)

    office.types("cy", "/gpu claim train-7 for 2h")

    assert "@Cy claimed train-7 first" in office.sees("bob", "#ml-platform")
    assert office.fleet.stops == []


def test_bob_can_answer_from_his_home_tab_and_sees_that_it_counted(office):
    ask(office)
    office.slack.open_home("bob")
    office.settle()
    home = office.slack.homes[office.slack.person("bob").id]
    assert "Waits for your answer\n" in office.slack.sees_home("bob")
    assert "Stop train-7?" in office.slack.sees_home("bob")

    office.slack.press("bob", home, "approve_action")
    office.settle()
    office.passes(2 * MINUTE_MS)

    assert "Noted. The card in the channel shows what becomes of it." in office.slack.sees("bob", "@bob")
    assert "Stop train-7?" not in office.slack.sees_home("bob")
    assert office.machine("train-7").state == "stopped"


def test_a_price_borrowed_from_another_region_is_called_an_estimate(office):
    office.fleet.change("train-7", source="ec2/default/eu-west-1")
    office.tick()
    office.reports("train-7", 0.0)

    office.types("ada", "/gpu stop train-7")

    assert "p4d.24xlarge, eu-west-1, i-033545907c2b0b11f, about $21.96/h" in office.sees("bob", "#ml-platform")


def test_a_stop_card_and_its_outcome_fit_the_screen_of_a_phone(office):
    ask(office)
    card = office.sees("bob", "#ml-platform")
    office.presses("bob", "Stop train-7", "#ml-platform")
    office.passes(2 * MINUTE_MS)
    stopped = office.sees("bob", "#ml-platform")

    assert "is stopped" in stopped
    assert lines_on_phone(card) <= ONE_SCREEN, card
    assert lines_on_phone(stopped) <= ONE_SCREEN, stopped


def test_a_card_says_how_long_it_has_been_idle_before_what_keeps_memory(office):
    office.reports("nb-2", 0.0, process="jupyter", memory=8000)
    office.types("ada", "/gpu stop nb-2")

    assert "Idle for 1 h 15 m, keeps memory: jupyter keeps " in office.sees("bob")


def test_why_of_a_stopped_machine_offers_to_start_it_and_nothing_else(office):
    seen = office.types("ada", "/gpu why eval-2")

    assert "can't be stopped" not in seen
    assert seen.endswith("[Start eval-2]")


def test_a_look_at_a_machine_tells_of_its_stop_and_offers_none_twice(office):
    ask(office)
    asked = office.types("cy", "/gpu train-7")
    office.presses("bob", "Stop train-7", "#ml-platform")
    decided = office.types("cy", "/gpu train-7")

    assert "\n@Ada asked to stop it.\n[Claim train-7] [Why train-7]" in asked
    assert decided.endswith("\nIt is being stopped; @Bob approved it.\n[Why train-7]")
