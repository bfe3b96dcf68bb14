"""Several machines idle: they are asked about on one card, decided on together, and each stopped by itself."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.sandbox.slack.people import ADA, BOB, CY, ML_PLATFORM
from tests.stories.conftest import SETTINGS

DECIDE = "#ml-platform"
NLP = {"members": [ADA], "approvers": [BOB], "channel": ML_PLATFORM}


@pytest.fixture
def idle(office_with):
    """Three of team nlp's machines idle, and more of them run."""
    office = office_with(SETTINGS | {"teams": SETTINGS["teams"] | {"nlp": NLP}, "actions": {"most_stops": 10}})
    for name in ("nb-2", "nb-5", "render-1", "llm-serve", "train-3"):
        office.fleet.change(name, tags=dict(office.machine(name).tags) | {"team": "nlp"})
    office.tick()
    for name in ("train-7", "nb-2", "nb-5"):
        office.reports(name, 0.0)
    office.tick()
    return office


def ask(office, line="/gpu stop train-7 nb-2 nb-5 nobody is here tonight"):
    return office.types("ada", line)


def test_one_card_lists_them_all_with_what_it_saves_and_what_is_lost(idle):
    seen = ask(idle)
    card = idle.sees("bob", DECIDE)

    assert seen.startswith("Asked in #ml-platform to stop train-7, nb-2, nb-5 of team nlp.")
    assert card.startswith("*Stop 3 machines of team nlp? @Ada asks. Waiting for @Bob until 11:00 UTC.*")
    assert ">nobody is here tonight" in card
    assert "*train-7*  p4d.24xlarge, us-east-1, i-033545907c2b0b11f, $21.96/h  ·  idle for 1 h 15 m  ·  lost: " in card
    assert "lost: memory, 8.0 TB of local NVMe" in card
    assert "Together about $" in card or "Together $" in card
    assert "[Stop these 3] [Keep them running]" in card


def test_one_yes_stops_each_of_them_and_whoever_asked_hears_it_once(idle):
    ask(idle)
    idle.presses("bob", "Stop these 3", DECIDE)
    idle.passes(3 * MINUTE_MS)

    assert sorted(name for name, _ in idle.fleet.stops) == ["nb-2", "nb-5", "train-7"]
    card = idle.sees("bob", DECIDE)
    assert "3 machines of team nlp are stopped." in card
    assert "[Stop" not in card
    told = [said for said in idle.slack.sees("ada", "@ada") if "machines of team nlp" in said]
    assert len(told) == 1
    assert "3 machines of team nlp are stopped. That saves" in told[0]


def test_one_no_keeps_them_all(idle):
    ask(idle)
    idle.presses("bob", "Keep them running", DECIDE)
    idle.passes(MINUTE_MS)

    assert idle.fleet.stops == []
    assert "None of 3 machines of team nlp was stopped." in idle.sees("bob", DECIDE)
    assert "keeps running: @Bob decided that" in idle.sees("bob", DECIDE)


def test_whoever_asked_cannot_decide_and_the_second_press_changes_nothing(idle):
    ask(idle)
    own = idle.presses("ada", "Stop these 3", DECIDE)
    idle.slack.click("bob", DECIDE, "Stop these 3")
    idle.slack.click("bob", DECIDE, "Stop these 3")
    idle.settle()
    idle.passes(3 * MINUTE_MS)

    assert "You asked for this yourself" in own
    assert len(idle.fleet.stops) == 3


def test_one_that_is_claimed_meanwhile_drops_out_and_the_others_are_stopped(idle):
    ask(idle)
    idle.types("cy", "/gpu claim nb-2 for 2h")
    between = idle.sees("bob", DECIDE)
    idle.presses("bob", "Stop these 2", DECIDE)
    idle.passes(3 * MINUTE_MS)

    assert (
        "*nb-2*  g5.12xlarge, us-east-1, i-0de45d899f7c5bc8f, $5.67/h  ·  no longer asked: @Cy claimed nb-2 first."
        in between
    )
    assert sorted(name for name, _ in idle.fleet.stops) == ["nb-5", "train-7"]
    assert "2 of 3 machines of team nlp are stopped." in idle.sees("bob", DECIDE)


def test_one_that_works_by_then_is_left_alone(idle):
    ask(idle)
    idle.clock.forward(2 * MINUTE_MS)
    idle.reports("nb-5", 90.0, minutes=1)
    idle.presses("bob", "Stop these 3", DECIDE)
    idle.passes(3 * MINUTE_MS)

    assert sorted(name for name, _ in idle.fleet.stops) == ["nb-2", "train-7"]
    assert "not stopped: nb-5 is working" in idle.sees("bob", DECIDE)
    assert "2 of 3 machines of team nlp are stopped." in idle.sees("ada", "@ada")


def test_machines_at_work_or_held_by_others_are_left_out_and_named(idle):
    idle.reports("render-1", 80.0)
    idle.types("cy", "/gpu claim nb-2 for 2h")

    seen = ask(idle, "/gpu stop train-7 nb-2 nb-5 render-1 old-3")

    assert "Asked in #ml-platform to stop train-7, nb-5" in seen
    assert "•  nb-2 is @Cy's; `/gpu stop nb-2` asks them first." in seen
    assert "•  render-1 is working" in seen
    assert "•  I can't tell whether old-3 works" in seen
    assert "@Ada tried to stop it, refused: nb-2 is @Cy's" in idle.types("bob", "/gpu history nb-2")


def test_stop_idle_asks_about_ones_own_team(idle):
    idle.reports("scratch", 0.0)
    idle.tick()

    seen = ask(idle, "/gpu stop idle until Monday")

    assert "Asked in #ml-platform to stop train-7, nb-2, nb-5 of team nlp." in seen or "train-7" in seen
    assert "scratch" not in seen
    assert ">until Monday" in idle.sees("bob", DECIDE)


def test_stop_idle_says_how_many_idle_machines_it_did_not_ask_about(idle):
    for name in ("scratch", "dgx-1"):
        idle.reports(name, 0.0)
    idle.tick()

    seen = ask(idle, "/gpu stop idle")
    listed = idle.types("ada", "/gpu status idle")

    assert "Idle as well, but not asked about: 1 rented machine of other teams or of none and 1 owned machine." in seen
    assert "`/gpu status idle` lists all that idle. `/gpu stop idle team:NAME` asks about another team's." in seen
    assert "scratch | " in listed
    assert "dgx-1 | " in listed
    assert "Idle as well" not in ask(idle, "/gpu stop idle team:vision")
    named = ask(idle, "/gpu stop idle type:g5")
    assert "1 rented machine of other teams or of none. `/gpu status idle type:g5` lists all" in named


def test_nothing_idle_is_said(office):
    assert "No rented machine of team nlp is seen idle just now." in office.types("ada", "/gpu stop idle")


def test_a_single_one_is_asked_about_as_ever(idle):
    seen = ask(idle, "/gpu stop train-7 old wood")

    assert seen.startswith("Asked in #ml-platform. train-7 keeps running unless someone approves")
    assert ">old wood" in idle.sees("bob", DECIDE)


def test_too_many_at_once_are_refused_and_fewer_are_offered(office_with):
    office = office_with(SETTINGS | {"teams": SETTINGS["teams"] | {"nlp": NLP}})
    for name in ("nb-2", "nb-5"):
        office.fleet.change(name, tags=dict(office.machine(name).tags) | {"team": "nlp"})
    office.tick()
    for name in ("train-7", "nb-2", "nb-5"):
        office.reports(name, 0.0)
    office.tick()

    seen = ask(office)
    nothing = not any("Stop train-7?" in text or "Stop 2" in text for text in office.slack.sees("bob", DECIDE))
    office.presses("ada", "Ask about the 2 dearest")

    assert "3 machines of team nlp at once is too many: only 2 can be asked about now" in seen
    assert "[Ask about the 2 dearest]" in seen
    assert nothing
    assert "*Stop 2 machines of team nlp? @Ada asks." in office.sees("bob", DECIDE)
    assert "train-7" in office.sees("bob", DECIDE)
    assert "nb-5" not in office.sees("bob", DECIDE)


@pytest.mark.slow
def test_the_offer_is_for_whoever_asked_and_for_an_hour(office_with):
    office = office_with(SETTINGS | {"teams": SETTINGS["teams"] | {"nlp": NLP}})
    for name in ("nb-2", "nb-5"):
        office.fleet.change(name, tags=dict(office.machine(name).tags) | {"team": "nlp"})
    office.tick()
    for name in ("train-7", "nb-2", "nb-5"):
        office.reports(name, 0.0)
    office.tick()
    ask(office)
    office.passes(HOUR_MS + MINUTE_MS)

    assert "This offer is over an hour old." in office.presses("ada", "Ask about the 2 dearest")


def test_whoever_takes_the_last_of_them_back_hears_what_became_of_the_others(idle):
    ask(idle, "/gpu stop train-7 nb-2")
    idle.types("cy", "/gpu claim nb-2 for 2h")
    idle.passes(MINUTE_MS)
    idle.types("ada", "/gpu stop train-7")
    idle.presses("ada", "Take it back")

    told = [said for said in idle.slack.sees("ada", "@ada") if "machines of team nlp" in said]
    assert len(told) == 1
    assert "None of 2 machines of team nlp was stopped." in told[0]
    assert "@Cy claimed nb-2 first" in told[0]


def test_asked_twice_it_is_the_same_card(idle):
    ask(idle)
    again = ask(idle)

    assert "request to stop train-7 is open until Mon 11:00 UTC. Decide that first." in again
    assert len([said for said in idle.slack.sees("bob", DECIDE) if "Stop 3 machines" in said]) == 1


def test_two_approvers_are_needed_where_the_team_wants_two(office_with):
    two = NLP | {"approvers": [ADA, BOB, CY], "approvals": 2}
    office = office_with(SETTINGS | {"teams": SETTINGS["teams"] | {"nlp": two}, "actions": {"most_stops": 10}})
    for name in ("nb-2", "nb-5", "render-1"):
        office.fleet.change(name, tags=dict(office.machine(name).tags) | {"team": "nlp"})
    office.tick()
    for name in ("train-7", "nb-2"):
        office.reports(name, 0.0)
    office.tick()
    ask(office, "/gpu stop train-7 nb-2")
    first = office.sees("bob", DECIDE)
    office.presses("bob", "Stop these 2", DECIDE)
    office.passes(2 * MINUTE_MS)

    assert "Needs 2 approvals (0 of 2)." in first
    assert "Needs 2 approvals (1 of 2: @Bob)." in office.sees("bob", DECIDE)
    assert office.fleet.stops == []


@pytest.mark.slow
def test_nobody_answers_in_time(idle):
    ask(idle)
    idle.passes(2 * HOUR_MS + 2 * MINUTE_MS)

    assert "None of 3 machines of team nlp was stopped." in idle.sees("bob", DECIDE)
    assert len([said for said in idle.slack.sees("ada", "@ada") if "None of 3 machines" in said]) == 1


def test_a_restart_in_between_loses_nothing_and_doubles_nothing(idle):
    ask(idle)
    idle.restart()
    idle.presses("bob", "Stop these 3", DECIDE)
    idle.restart()
    idle.passes(3 * MINUTE_MS)

    assert len(idle.fleet.stops) == 3
    assert "3 machines of team nlp are stopped." in idle.sees("bob", DECIDE)


def test_the_home_tab_shows_the_card_once(idle):
    ask(idle)
    idle.slack.open_home("bob")
    idle.settle()

    assert idle.slack.sees_home("bob").count("Stop 3 machines of team nlp?") == 1


def test_a_page_of_idle_machines_and_the_digest_offer_to_ask_about_all(idle):
    page = idle.types("ada", "/gpu status idle")
    idle.presses("ada", "Stop all of these…")

    assert "[Stop all of these…]" in page
    assert "Stop 3 machines of team nlp? @Ada asks." in idle.sees("bob", DECIDE)


def test_hostile_words_stay_words(idle):
    seen = ask(idle, "/gpu stop train-7 nb-2 <!channel> *boom* <https://evil.example|click>")

    assert "Asked in #ml-platform to stop train-7, nb-2" in seen
    posted = str(idle.slack.last("bob", DECIDE).blocks)
    assert "<!channel>" not in posted
    assert "<https://evil.example|click>" not in posted
    assert "&lt;!channel&gt; \u2217boom\u2217" in posted
