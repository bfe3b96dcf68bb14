"""Each part of a rule about acting counts: what the rule says changes with every one of them."""

from dataclasses import replace
from datetime import date, time

import pytest

from bot.domain.acting.actions import BY_RULE, VALET, LaunchFacts
from bot.domain.acting.approvals import (
    decider_gone,
    deciders,
    refusal_to_approve,
    refusal_to_break_glass,
    rule_setters,
)
from bot.domain.acting.hours import OnHours, Window
from bot.domain.acting.images import Image, ImageKeep, ImageShelf, obstacle_to_clone, with_last_use
from bot.domain.acting.launch import launch_ends_at, token_of
from bot.domain.acting.obstacles import is_over
from bot.domain.acting.rule_stops import (
    LATE_MS,
    Circumstances,
    RuleStop,
    acts_at,
    again_at,
    is_stale,
    is_warned,
    planned_anew,
    rule_stop_waits_for,
    settlement,
    warnings_due,
)
from bot.domain.acting.snooze import LONGEST_SNOOZE_MS, Snooze, by_one_tap, snooze_of, snoozed_since, used_up_text
from bot.domain.acting.start import began_and_stopped, month_micros, obstacle_to_start, why_it_ended
from bot.domain.acting.wanted_again import SOONEST_MS, next_morning, wanted_again
from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.exemptions import Exemption
from bot.domain.machines.listing import Listing
from bot.domain.people import Roster, Team
from bot.domain.sharing.bookings import BookingSlot
from bot.domain.sharing.offers import LineOffer
from tests.bot.domain.acting.test_action_obstacles import ACTION, CLAIM, FACTS, FREE, MACHINE, SCENE
from tests.conftest import MONDAY

NINE = MONDAY  # Monday 23 November 2026, 09:00 UTC
MIDNIGHT = MONDAY - 9 * HOUR_MS
EIGHT = MONDAY - HOUR_MS


@pytest.mark.parametrize(
    ("now", "holidays", "morning"),
    [
        (MIDNIGHT, (), EIGHT),
        (NINE, (), EIGHT + DAY_MS),
        (MIDNIGHT, (date(2026, 11, 23),), EIGHT + DAY_MS),
        (NINE + 4 * DAY_MS, (), EIGHT + 7 * DAY_MS),  # on Friday it is Monday that counts
        (NINE + 4 * DAY_MS, (date(2026, 11, 30),), EIGHT + 8 * DAY_MS),
    ],
)
def test_a_machine_is_wanted_again_on_the_next_working_morning(now, holidays, morning):
    assert next_morning(now, "UTC", holidays) == morning
    assert next_morning(now, "Europe/Berlin", holidays) == morning - HOUR_MS


def test_a_morning_that_is_nearly_there_is_not_the_next():
    assert next_morning(EIGHT - SOONEST_MS, "UTC", ()) == EIGHT
    assert next_morning(EIGHT - SOONEST_MS + 1, "UTC", ()) == EIGHT + DAY_MS


WEEKDAYS = OnHours((Window(frozenset(range(5)), time(10), time(18)),), "UTC")


def test_on_hours_that_start_it_know_better_than_a_usual_morning_when_it_is_wanted():
    def why(now, slots=(), hours=WEEKDAYS):
        wanted = wanted_again(now, "UTC", (), slots, hours)
        return wanted.at, wanted.why, wanted.who

    night = MIDNIGHT + 19 * HOUR_MS
    assert why(night) == (MIDNIGHT + 34 * HOUR_MS, "hours", "")
    assert why(night, hours=None) == (EIGHT + DAY_MS, "morning", "")
    assert why(night, hours=replace(WEEKDAYS, stop_only=True)) == (EIGHT + DAY_MS, "morning", "")
    assert why(MIDNIGHT + 12 * HOUR_MS) == (EIGHT + DAY_MS, "morning", ""), "an end of hours starts nothing"
    booked = BookingSlot("s", "b", "i-1", "cy", (0,), night + 1, night + HOUR_MS)
    assert why(night, (booked,)) == (night + 1, "booked", "cy")
    assert why(night + 1, (booked,))[1] == "hours", "it has begun"


TEAM = Team("nlp", frozenset({"ada"}), frozenset({"bob", "ada"}), break_glass=True)
ROSTER = Roster((TEAM,), frozenset({"dee"}))


def test_whoever_asked_never_decides_and_admins_do_where_others_are_too_few():
    assert deciders(ACTION, ROSTER) == {"bob"}
    assert deciders(replace(ACTION, requester="bob", decider="ada"), ROSTER) == {"ada"}
    assert deciders(replace(ACTION, facts=replace(FACTS, approvals=2, even_active=True)), ROSTER) == {"bob", "dee"}
    assert deciders(replace(ACTION, requester=VALET), ROSTER) == {"ada", "bob"}
    assert rule_setters("nlp", ROSTER) == {"ada", "bob", "dee"}
    assert "yourself" in str(refusal_to_approve(ACTION, "ada", ROSTER))
    assert "Only <person bob>" in str(refusal_to_approve(ACTION, "dee", ROSTER))
    assert refusal_to_approve(ACTION, "bob", ROSTER) is None


@pytest.mark.parametrize(
    ("action", "person", "team", "told"),
    [
        (ACTION, "ada", TEAM, None),
        (ACTION, "bob", TEAM, "Only who asked"),
        (replace(ACTION, requester="cy"), "cy", TEAM, "Only who asked"),
        (ACTION, "ada", replace(TEAM, break_glass=False), "Nobody passes"),
        (ACTION, "ada", replace(TEAM, name="vision"), "Nobody passes"),
        (replace(ACTION, facts=replace(FACTS, even_active=True, approvals=2)), "ada", TEAM, "ending work"),
    ],
)
def test_the_glass_is_broken_by_an_approver_who_asked_where_the_team_allows_it(action, person, team, told):
    refused = refusal_to_break_glass(action, person, Roster((team,), frozenset({"dee"})))

    assert refused is None if told is None else told in str(refused)


def test_who_decided_must_still_be_able_to():
    by_rule = replace(ACTION, facts=replace(FACTS, rule="hours"))

    assert decider_gone(ACTION, ROSTER) is None
    assert decider_gone(ACTION, Roster((), frozenset({"dee"}))) == "<person bob> may no longer approve this."
    assert decider_gone(replace(ACTION, decider=BY_RULE), Roster()) is None
    assert decider_gone(by_rule, ROSTER) is None
    assert "who set its on-hours" in str(decider_gone(by_rule, Roster()))
    assert decider_gone(replace(ACTION, decider="ada", break_glass="why"), ROSTER) is None


STOP = RuleStop("i-1", "hours", NINE, NINE + HOUR_MS, "C0", "bob")
LISTING = Listing(MACHINE, verdict=replace(FREE, since=NINE))
STANDS = Circumstances(LISTING, None, None, None, stops_active=False, booked=None, at=NINE)
SOON = BookingSlot("s", "b", "i-1", "cy", (0,), NINE + MINUTE_MS, NINE + HOUR_MS)


@pytest.mark.parametrize(
    ("rule_stop", "machine", "verdict", "why"),
    [
        (STOP, {}, {}, None),
        (STOP, {"state": "stopped"}, {}, "not running"),
        (STOP, {"launched_at": NINE}, {}, None),
        (STOP, {"launched_at": NINE + 1}, {}, "started"),
        (STOP, {}, {"state": "active"}, None),
        (replace(STOP, rule="idle"), {}, {}, None),
        (replace(STOP, rule="idle"), {}, {"state": "unknown"}, None),
        (replace(STOP, rule="idle"), {}, {"state": "active"}, "used"),
        (replace(STOP, rule="idle"), {}, {"since": NINE + 1}, "used"),
    ],
)
def test_a_stop_by_rule_is_settled_by_what_came_after_its_basis(rule_stop, machine, verdict, why):
    listing = replace(LISTING, instance=replace(MACHINE, **machine), verdict=replace(LISTING.verdict, **verdict))
    settled = settlement(rule_stop, listing)

    assert (settled and settled.why) == why


@pytest.mark.parametrize(
    ("here", "why"),
    [
        ({}, None),
        ({"snooze": Snooze("i-1", NINE, "ada", 1)}, "<person ada> keeps it"),
        ({"exemption": Exemption("a paper", date(2026, 12, 1), NINE + DAY_MS, "train-7")}, "it is exempt: a paper"),
        ({"listing": replace(LISTING, claims=(CLAIM,))}, "<person cy> holds it"),
        ({"booked": SOON}, "<person cy> has booked it for soon after"),
        ({"booked": replace(SOON, from_at=NINE + 2 * HOUR_MS, until_at=NINE + 3 * HOUR_MS)}, None),
        ({"action": ACTION}, "something is being done to it"),
        ({"listing": replace(LISTING, verdict=None)}, "nobody can tell whether it works"),
        ({"listing": replace(LISTING, verdict=replace(FREE, state="unknown"))}, "nobody can tell whether it works"),
        ({"listing": replace(LISTING, verdict=replace(FREE, state="active"))}, "it works"),
        ({"listing": replace(LISTING, verdict=replace(FREE, state="active")), "stops_active": True}, None),
    ],
)
def test_a_stop_by_rule_waits_for_whoever_has_it_and_for_work(here, why):
    assert rule_stop_waits_for(replace(STANDS, **here)) == why


def test_it_waits_for_whoever_it_is_held_for():
    offer = LineOffer("o", 1, "ola", "i-1", (0,), HOUR_MS, NINE, NINE + HOUR_MS)
    held = replace(STANDS, listing=replace(LISTING, offers=(offer,)))

    assert rule_stop_waits_for(held) == "it is held for <person ola>, whose turn it is"


def test_a_stop_that_was_refused_is_tried_twice_more_and_later_each_time():
    failed = replace(ACTION, state="failed", created_at=1, finished_at=NINE)

    assert again_at([]) is None
    assert again_at([replace(ACTION, state="done", decider="bob")]) is None
    assert again_at([failed]) == NINE + HOUR_MS
    assert again_at([replace(failed, finished_at=None)]) == 1 + HOUR_MS
    assert again_at([failed, failed]) == NINE + 2 * HOUR_MS
    assert again_at([failed, failed, failed]) is None
    assert again_at([failed, replace(ACTION, state="expired")]) is None
    assert again_at([replace(ACTION, state="expired"), failed]) == NINE + HOUR_MS


def test_warnings_come_before_a_stop_by_rule_and_go_with_its_moment():
    at = NINE + DAY_MS
    stop = replace(STOP, acts_at=at)
    first, last = 30 * MINUTE_MS, 5 * MINUTE_MS

    assert [warnings_due(stop, at - ahead) for ahead in (first + 1, first, last + 1, last, 0)] == [0, 1, 1, 2, 2]
    assert [is_warned(replace(stop, warned=number), at) for number in (0, 1, 2)] == [False, False, True]
    assert is_warned(replace(stop, warned=2), at + LATE_MS)
    assert not is_warned(replace(stop, warned=2), at + LATE_MS + 1)
    assert not is_stale(replace(stop, warned=1), at - last // 2)
    assert is_stale(replace(stop, warned=1), at - last // 2 + 1)
    assert not is_stale(replace(stop, warned=2), at)
    assert planned_anew(replace(stop, warned=1), NINE) == replace(stop, acts_at=NINE + first, warned=0)
    assert acts_at("hours", NINE + last, NINE) == NINE + last
    assert acts_at("hours", NINE + last - 1, NINE) == NINE + first


SNOOZE = Snooze("i-1", NINE + HOUR_MS, "ada", NINE - HOUR_MS, "a paper", NINE - DAY_MS)


def test_a_snooze_by_one_tap_shortens_nothing_and_goes_as_far_as_may_be():
    wanted = Snooze("i-1", NINE + 4 * HOUR_MS, "ada", NINE)

    assert snoozed_since([SNOOZE], NINE) == NINE - DAY_MS
    assert snoozed_since([], NINE) == NINE
    assert snooze_of([SNOOZE], "ada", NINE + HOUR_MS - 1) == SNOOZE
    assert snooze_of([SNOOZE], "ada", NINE + HOUR_MS) is None
    assert snooze_of([SNOOZE], "bob", NINE) is None
    assert by_one_tap([SNOOZE], wanted) == replace(wanted, since_at=NINE - DAY_MS, reason="a paper")
    assert by_one_tap([SNOOZE], replace(wanted, until_at=NINE + 1)).until_at == NINE + HOUR_MS
    old = replace(SNOOZE, since_at=NINE + HOUR_MS - LONGEST_SNOOZE_MS, who="bob", reason="")
    assert by_one_tap([old], wanted).until_at == NINE + HOUR_MS
    assert by_one_tap([replace(old, since_at=NINE - LONGEST_SNOOZE_MS + MINUTE_MS)], wanted) is not None
    assert by_one_tap([replace(old, since_at=NINE - LONGEST_SNOOZE_MS + MINUTE_MS - 1)], wanted) is None
    assert "they are over" in used_up_text("train-7", HOUR_MS - 1)
    assert "1 h of them are left" in used_up_text("train-7", HOUR_MS)
    assert "at most 7 days" in used_up_text("train-7")


STANDING = replace(SCENE, instance=replace(MACHINE, state="stopped"), verdict=None)
OFF = replace(STANDING, instance=replace(STANDING.instance, provider="owned"))


@pytest.mark.parametrize(
    ("scene", "told"),
    [
        (STANDING, None),
        (OFF, "is owned, so it can't be started"),
        (replace(OFF, switches=frozenset({"stop"})), "is owned, so it can't be started"),
        (replace(OFF, switches=frozenset({"start"})), None),
        (SCENE, "runs already. <gpu claim train-7> takes it."),
        (replace(SCENE, claims=(CLAIM,)), "runs already. <gpu status train-7> shows who has it."),
        (replace(SCENE, verdict=None), "runs already"),
        (
            replace(SCENE, instance=replace(MACHINE, provider="owned"), switches=frozenset({"start"}), verdict=None),
            "I can't tell whether train-7 is off",
        ),
        (
            replace(
                SCENE,
                instance=replace(MACHINE, provider="owned"),
                switches=frozenset({"start"}),
                verdict=replace(FREE, state="unknown"),
            ),
            "I can't tell whether train-7 is off",
        ),
        (
            replace(SCENE, instance=replace(MACHINE, provider="owned"), switches=frozenset({"start"})),
            "runs already",
        ),
        (replace(SCENE, instance=replace(MACHINE, state="pending")), "it can be started once it is stopped"),
        (replace(STANDING, instance=replace(STANDING.instance, asg="grp")), "Auto Scaling group grp"),
        (replace(STANDING, instance=replace(STANDING.instance, lifecycle="spot")), "is a spot instance"),
    ],
)
def test_a_start_is_of_a_machine_that_stands_still_and_is_ours_to_start(scene, told):
    obstacle = obstacle_to_start(scene)

    assert obstacle is None if told is None else told in str(obstacle)


def test_why_a_start_came_to_nothing_is_told_by_what_the_provider_says():
    assert not began_and_stopped(ACTION, MACHINE)
    assert began_and_stopped(ACTION, replace(MACHINE, launched_at=6))
    assert began_and_stopped(ACTION, replace(MACHINE, state_reason="Server.InsufficientInstanceCapacity"))
    assert why_it_ended("") == ""
    assert why_it_ended("Server.Odd: x") == " (Server.Odd: x)"
    assert why_it_ended("Client.VolumeLimitExceeded: x").startswith(" (Client.VolumeLimitExceeded: x): the account")
    assert month_micros(1_000_000) == 730_000_000


@pytest.mark.parametrize(
    ("scene", "reboot", "told"),
    [
        (SCENE, True, None),
        (replace(SCENE, instance=replace(MACHINE, provider="owned")), True, "only machines on AWS"),
        (replace(SCENE, instance=replace(MACHINE, state="pending")), True, "Try again once"),
        (STANDING, True, None),
        (replace(STANDING, verdict=replace(FREE, state="active")), True, None),
        (replace(SCENE, instance=replace(MACHINE, root_device="instance-store")), True, "boots from instance store"),
        (replace(SCENE, instance=replace(MACHINE, asg="grp")), True, "which a reboot would upset"),
        (replace(SCENE, instance=replace(MACHINE, asg="grp")), False, None),
        (replace(SCENE, claims=(CLAIM,)), True, "which <person cy> holds"),
        (replace(SCENE, claims=(replace(CLAIM, holder="ada"),)), True, None),
        (replace(SCENE, verdict=None), True, "can't tell whether it works"),
        (replace(SCENE, verdict=replace(FREE, state="unknown")), True, "can't tell whether it works"),
        (replace(SCENE, verdict=replace(FREE, state="active")), True, "which is working"),
        (replace(SCENE, verdict=replace(FREE, state="active")), False, None),
    ],
)
def test_a_clone_reboots_only_what_nobody_else_uses(scene, reboot, told):
    obstacle = obstacle_to_clone(scene, "ada", reboot=reboot)

    assert obstacle is None if told is None else told in str(obstacle)


IMAGE = Image("ami-1", "ec2/1/us-east-1", "valet-a", "available", NINE - 30 * DAY_MS, 100)
UNUSED = with_last_use(IMAGE, None, None)


def test_an_image_was_last_used_when_it_was_made_or_launched_from():
    later = IMAGE.made_at + 5

    assert UNUSED.used_at == IMAGE.made_at
    assert with_last_use(IMAGE, later, None).used_at == later
    assert with_last_use(replace(IMAGE, launched_at=later), 1, None).used_at == later
    assert IMAGE.micros_per_month == 5_000_000
    assert (IMAGE.account, IMAGE.region) == ("1", "us-east-1")


def test_images_that_nobody_uses_or_keeps_are_proposed_the_largest_first():
    kept = replace(UNUSED, keep=ImageKeep("ami-1", "ada", NINE, 1))
    new = replace(UNUSED, used_at=UNUSED.used_at + 1)
    failed = replace(UNUSED, image=replace(IMAGE, state="failed"))
    large = replace(UNUSED, image=replace(IMAGE, id="ami-2", size_gib=200))
    older = replace(UNUSED, used_at=UNUSED.used_at - 1)

    shelf = ImageShelf(30, NINE, (kept, new, failed, UNUSED, older, large))

    assert shelf.proposed == (large, older, UNUSED)
    assert shelf.of(lambda image: image.id == "ami-2").images == (large,)


def test_the_time_of_a_launch_counts_from_its_order_and_is_known_with_its_length():
    launched = replace(ACTION, executing_at=5, length=HOUR_MS)

    assert launch_ends_at(launched) == 5 + HOUR_MS
    assert launch_ends_at(replace(launched, ordered_at=7)) == 7 + HOUR_MS
    assert launch_ends_at(replace(launched, length=None)) is None
    assert launch_ends_at(replace(launched, executing_at=None)) is None
    assert (token_of(launched), token_of(replace(launched, tries=2))) == ("a", "a-2")


@pytest.mark.parametrize(
    ("facts", "length", "over"),
    [
        ({}, HOUR_MS, False),
        ({"spent_micros": 1}, HOUR_MS, True),
        ({"spent_micros": 98_000_000}, None, False),
        ({"spent_micros": 98_000_001}, None, True),
        ({"rate_micros": None, "spent_micros": 98_000_000}, 9 * HOUR_MS, False),
        ({"budget_micros": None, "spent_micros": 98_000_000}, HOUR_MS, False),
    ],
)
def test_a_budget_is_over_by_what_is_spent_and_what_the_whole_time_costs(facts, length, over):
    known = {"name": "box", "type": "p5.48xlarge", "region": "eu", "rate_micros": 98_000_000}
    asked = LaunchFacts(**(known | {"budget_micros": 98_000_000} | facts))

    assert is_over(asked, length) is over
