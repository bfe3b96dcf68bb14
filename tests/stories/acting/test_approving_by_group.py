"""A team's approvers may be the members of a Slack user group, as they are now."""

import copy
from dataclasses import replace

from bot.sandbox.slack.people import CY
from tests.stories import conftest


def test_members_of_the_group_decide_as_it_is_now(office_with):
    settings = copy.deepcopy(conftest.SETTINGS)
    office = office_with(settings)
    group = office.slack.add_group("nlp-approvers", ["bob"])
    settings["teams"]["nlp"] = {"members": ["U0ADA0001"], "approver_group": group.id, "channel": conftest.ML_PLATFORM}
    office.restart()
    office.valet.people.refresh()
    office.reports("train-7", 0.0)

    office.types("ada", "/gpu stop train-7")
    assert "Waiting for @Bob until" in office.sees("bob", "#ml-platform")
    office.presses("bob", "Stop train-7", "#ml-platform")

    assert "@Bob approved" in office.sees("bob", "#ml-platform")


def test_who_has_left_the_group_decides_no_more(office_with):
    settings = copy.deepcopy(conftest.SETTINGS)
    office = office_with(settings)
    group = office.slack.add_group("nlp-approvers", ["bob"])
    settings["teams"]["nlp"] = {"members": ["U0ADA0001"], "approver_group": group.id, "channel": conftest.ML_PLATFORM}
    settings["slack"]["admins"] = []
    office.restart()
    office.valet.people.refresh()
    office.reports("train-7", 0.0)
    office.types("ada", "/gpu stop train-7")
    office.slack.groups[group.id] = replace(group, members=(CY,))
    office.valet.people.refresh()

    seen = office.presses("bob", "Stop train-7", "#ml-platform")

    assert "Only @Cy can decide this." in seen
    assert office.fleet.stops == []
