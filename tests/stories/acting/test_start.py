"""Ada needs eval-2, which stands still; Bob says yes; it starts, if AWS has one; it is hers once it is ready."""

from dataclasses import replace

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS


def test_bob_approves_and_ada_gets_it(office):
    said = office.types("ada", "/gpu start eval-2 for 3h rerun the eval")
    card = office.sees("bob", "#ml-platform")

    office.presses("bob", "Start eval-2", "#ml-platform")
    office.passes(2 * MINUTE_MS)

    assert said.startswith("Asked in #ml-platform. eval-2 stays stopped unless someone approves")
    assert card.startswith("*Start eval-2 for 3 h? @Ada asks. Waiting for @Bob until 11:00 UTC.*\n>rerun the eval")
    assert "g5.2xlarge, us-west-2, i-0403f34df637d37e5, about $1.21/h\nCosts about $3.64 for 3 h." in card
    assert "[Start eval-2] [Leave it stopped]" in card
    assert "eval-2 runs; it took 60 s. No agent has reported from it." in office.sees("ada", "@ada")
    assert "Yours until Mon 12:01 UTC." in office.sees("ada", "@ada")
    assert "@Ada to Mon 12:01 UTC: rerun the eval" in office.types("ada", "/gpu status eval-2")


@pytest.mark.slow
def test_ada_is_told_each_time_aws_has_none_left_and_may_give_up(office):
    office.fleet.run_short("us-west-2a")
    office.types("ada", "/gpu start eval-2")
    office.presses("bob", "Start eval-2", "#ml-platform")

    first = office.sees("ada", "@ada")
    office.passes(MINUTE_MS)
    second = office.sees("ada", "@ada")
    office.presses("ada", "Don't start it any more", "@ada")
    office.fleet.refill("us-west-2a")
    office.passes(HOUR_MS)

    assert "AWS has no g5.2xlarge left in us-west-2a just now. Next try at 09:01 UTC." in first
    assert "Next try at 09:06 UTC." in second
    assert "is off.* @Ada called it off." in office.sees("bob", "#ml-platform")
    assert office.fleet.starts == []


def test_bob_leaves_it_stopped(office):
    office.types("ada", "/gpu start eval-2")

    office.presses("bob", "Leave it stopped", "#ml-platform")

    assert "stays stopped.* @Bob decided that at 09:00 UTC." in office.sees("ada", "@ada")
    assert office.fleet.starts == []


def test_a_machine_that_stands_still_has_a_button(office):
    assert "[Start eval-2]" in office.types("ada", "/gpu status eval-2")

    assert office.presses("ada", "Start eval-2").startswith("Asked in #ml-platform.")


def test_a_restart_of_the_bot_loses_nothing(office):
    office.types("ada", "/gpu start eval-2")
    office.restart()
    office.presses("bob", "Start eval-2", "#ml-platform")
    office.restart()
    office.passes(2 * MINUTE_MS)

    assert [name for name, _ in office.fleet.starts] == ["eval-2"]
    assert "Yours until" in office.sees("ada", "@ada")


def test_asked_again_on_other_terms_the_first_stand_and_can_be_taken_back(office):
    office.types("ada", "/gpu start eval-2 for 2h")
    office.clock.forward(MINUTE_MS)
    again = office.types("ada", "/gpu start eval-2 for 48h")
    office.presses("ada", "Take it back")
    fresh = office.types("ada", "/gpu start eval-2 for 48h")

    assert again.startswith("You asked already in #ml-platform: Start eval-2 for 2 h?")
    assert "[Take it back]" in again
    assert fresh.startswith("Asked in")
    assert "Start eval-2 for 2 d?" in office.sees("bob", "#ml-platform")


def started(office, length="2h"):
    """Ada has eval-2 for so long, and nobody uses it."""
    office.types("ada", f"/gpu start eval-2 for {length}")
    office.presses("bob", "Start eval-2", "#ml-platform")
    office.passes(2 * MINUTE_MS)


def over(office):
    """The two hours are over, and eval-2 was seen idle all along."""
    office.clock.forward(2 * HOUR_MS + 8 * MINUTE_MS)
    office.tick()
    office.reports("eval-2", 0.0, minutes=75)
    office.passes(2 * MINUTE_MS)


def test_the_card_of_a_start_says_that_its_end_is_asked_about(office):
    office.types("ada", "/gpu start eval-2 for 2h")

    assert "At the end of that time I ask whether to stop it." in office.sees("bob", "#ml-platform")


def test_when_a_starts_time_is_over_its_asker_may_decide_on_the_stop(office):
    started(office)
    over(office)

    card = office.sees("bob", "#ml-platform")
    told = office.sees("ada", "@ada")
    office.presses("ada", "Stop eval-2", "#ml-platform")
    office.passes(2 * MINUTE_MS)

    assert card.startswith("*Stop eval-2? Valet asks. Waiting for @Ada @Bob until")
    assert ">The time it was started for is over." in card
    assert told.startswith("The 2 h for which you started *eval-2* are over. It still runs, unclaimed.")
    assert office.machine("eval-2").state == "stopped"


@pytest.mark.parametrize("line", ["/gpu claim eval-2 for 12h", "/gpu extend eval-2 6h"])
def test_the_end_of_a_start_is_not_asked_about_while_somebody_has_the_machine(office, line):
    started(office)
    office.types("ada", line)
    over(office)

    assert "Valet asks" not in office.sees("bob", "#ml-platform")


def test_who_stopped_and_started_it_since_is_not_asked_about_the_old_start(office):
    started(office)
    office.types("ada", "/gpu release eval-2")
    office.fleet.restart("eval-2")
    over(office)

    assert "Valet asks" not in office.sees("bob", "#ml-platform")


def test_a_start_by_on_hours_or_of_before_is_asked_about_by_nobody(office):
    started(office)
    with office.valet.ctx.store.writing() as db:
        db.execute("UPDATE actions SET facts = json_remove(facts, '$.asks_at_end') WHERE kind = 'start'")
    over(office)

    assert "Valet asks" not in office.sees("bob", "#ml-platform")


def test_a_machine_that_runs_and_is_held_is_not_offered_for_claiming(office):
    office.types("bob", "/gpu claim train-7 for 4h")

    assert office.types("ada", "/gpu start train-7") == (
        "train-7 runs already. `/gpu status train-7` shows who has it."
    )


def test_a_start_of_what_has_become_windows_or_dedicated_is_asked_anew(office):
    office.types("ada", "/gpu start eval-2 for 4h")
    office.fleet.change("eval-2", shape=replace(office.machine("eval-2").shape, tenancy="dedicated"))
    office.tick()

    assert "eval-2 is a g5.2xlarge (dedicated) by now, and was a g5.2xlarge when it was asked for. Ask again." in (
        office.presses("bob", "Start eval-2", "#ml-platform")
    )
    assert office.fleet.starts == []
