"""Who decides is who Slack says is there: a definite no counts at once, silence keeps what was known for an hour."""

import copy
from dataclasses import replace

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS, SECOND_MS
from bot.sandbox.slack.people import ADA, BOB, CY, ML_PLATFORM
from tests.stories import conftest

GUEST = "is a guest, so they decide nothing for team nlp. Look at [teams.nlp] in valet.toml. Unless"


@pytest.fixture
def settings():
    made = copy.deepcopy(conftest.SETTINGS)
    made["slack"]["admins"] = [CY]
    return made


def change(office, who, **how):
    office.slack.people[who] = replace(office.slack.people[who], **how)


def look(office):
    office.clock.forward(2 * MINUTE_MS)
    office.valet.people.look(office.valet.ctx)
    office.settle()


@pytest.fixture
def grouped(office_with, settings):
    """Team nlp is decided for by a user group, with Bob in it."""
    office = office_with(settings)
    group = office.slack.add_group("nlp-approvers", ["bob"])
    settings["teams"]["nlp"] = {"members": [ADA], "approver_group": group.id, "channel": ML_PLATFORM}
    office.restart()
    office.slack.join("cy", "#ml-platform")
    office.reports("train-7", 0.0)
    look(office)
    office.group = group.id
    return office


def test_a_member_of_a_group_that_is_gone_approves_nothing(grouped):
    grouped.types("ada", "/gpu stop train-7")
    del grouped.slack.groups[grouped.group]
    grouped.clock.forward(MINUTE_MS)

    seen = grouped.presses("bob", "Stop train-7", "#ml-platform")

    assert "Only @Cy can decide this." in seen
    assert grouped.fleet.stops == []


def test_a_yes_counts_no_more_where_the_group_goes_before_the_stop(grouped):
    grouped.looks = False
    grouped.types("ada", "/gpu stop train-7")
    grouped.presses("bob", "Stop train-7", "#ml-platform")
    assert "@Bob approved" in grouped.sees("bob", "#ml-platform")
    del grouped.slack.groups[grouped.group]
    grouped.goes_on()
    grouped.settle()

    assert grouped.fleet.stops == []
    assert "@Bob may no longer approve this." in grouped.sees("bob", "#ml-platform")


def test_admins_are_told_once_that_a_group_is_gone_and_are_asked(grouped):
    del grouped.slack.groups[grouped.group]
    for _ in range(3):
        look(grouped)
    grouped.restart()
    look(grouped)
    told = "\n".join(grouped.slack.sees("cy", "@cy"))
    grouped.reports("train-7", 0.0)

    grouped.types("ada", "/gpu stop train-7")

    assert told.count(f"Slack has no user group {grouped.group} any more (no_such_subteam)") == 1
    assert told.count("Nobody is left who may decide for team nlp, so the admins are asked instead.") == 1
    assert "Waiting for @Cy until" in grouped.sees("bob", "#ml-platform")


@pytest.mark.parametrize("fault", [{"http_status": 503}, {"error": "internal_error"}, {"error": "missing_scope"}])
def test_a_group_that_cant_be_read_keeps_its_members_for_an_hour_and_says_so(grouped, fault):
    for minute in range(0, 54, 2):
        grouped.slack.fault("usergroups.users.list", **fault)
        look(grouped)
        assert BOB in grouped.valet.ctx.roster().approvers("nlp"), minute
    assert "Its members of before count for 60 minutes" in grouped.sees("cy", "@cy")

    for _ in range(5):
        grouped.slack.fault("usergroups.users.list", **fault)
        look(grouped)

    assert grouped.valet.ctx.roster().approvers("nlp") == {CY}
    assert "so nobody counts as a member of it" in "\n".join(grouped.slack.sees("cy", "@cy"))


def test_a_group_that_can_be_read_again_decides_again(grouped):
    grouped.slack.fault("usergroups.users.list", error="no_such_subteam")
    look(grouped)
    assert grouped.valet.ctx.roster().approvers("nlp") == {CY}

    look(grouped)

    assert grouped.valet.ctx.roster().approvers("nlp") == {BOB}


def test_an_approver_who_has_left_slack_is_not_asked_and_admins_are_told_why(office_with, settings):
    office = office_with(settings)
    office.slack.join("cy", "#ml-platform")
    office.reports("train-7", 0.0)
    change(office, BOB, is_gone=True)
    look(office)

    office.types("ada", "/gpu stop train-7")

    card = office.sees("ada", "#ml-platform")
    assert "Waiting for @Cy until" in card
    assert "@Bob" not in card
    told = "\n".join(office.slack.sees("cy", "@cy"))
    assert "@Bob is no member of this workspace any more, so they decide nothing for team nlp." in told
    assert "Nobody is left who may decide for team nlp, so the admins are asked instead." in told


def test_a_guest_holds_and_uses_and_approves_nothing(office_with, settings):
    office = office_with(settings)
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu stop train-7")
    change(office, BOB, is_guest=True)
    office.clock.forward(31 * SECOND_MS)

    refused = office.presses("bob", "Stop train-7", "#ml-platform")

    assert "Only @Cy can decide this." in refused
    assert office.types("bob", "/gpu claim nb-2 for 1h").startswith("*nb-2* is @Bob's until")
    look(office)
    assert GUEST in "\n".join(office.slack.sees("cy", "@cy"))


def test_a_guest_approves_where_the_team_says_so(office_with, settings):
    settings["teams"]["nlp"]["guests_approve"] = True
    office = office_with(settings)
    change(office, BOB, is_guest=True)
    look(office)
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu stop train-7")

    office.presses("bob", "Stop train-7", "#ml-platform")

    assert "@Bob approved" in office.sees("bob", "#ml-platform")


def test_while_people_cant_be_looked_up_who_decided_before_decides(office_with, settings):
    office = office_with(settings)
    look(office)
    office.slack.fault("users.info", http_status=500, times=50)
    office.clock.forward(3 * HOUR_MS)
    office.valet.people.look(office.valet.ctx)

    assert office.valet.ctx.roster().approvers("nlp") == {BOB}


def test_who_had_left_stays_away_while_people_cant_be_looked_up(office_with, settings):
    office = office_with(settings)
    change(office, BOB, is_gone=True)
    look(office)
    office.slack.fault("users.info", http_status=500, times=50)
    office.clock.forward(3 * HOUR_MS)
    office.valet.people.look(office.valet.ctx)

    assert office.valet.ctx.roster().approvers("nlp") == {CY}


def test_a_calendar_feed_ends_with_its_person_for_good(office):
    from bot.services.sharing import calendar as calendars

    ctx = office.valet.ctx
    token, _ = calendars.subscribe_to_feed(ctx, ADA)
    digest = calendars._hash(token)
    assert calendars.calendar_feed(ctx, digest)
    change(office, ADA, is_gone=True)

    assert calendars.calendar_feed(ctx, digest) is None
    change(office, ADA, is_gone=False)
    assert calendars.calendar_feed(ctx, digest) is None


def test_a_calendar_feed_goes_on_while_slack_cant_be_asked(office):
    from bot.services.sharing import calendar as calendars

    token, _ = calendars.subscribe_to_feed(office.valet.ctx, ADA)
    office.slack.fault("users.info", http_status=500)

    assert calendars.calendar_feed(office.valet.ctx, calendars._hash(token))
