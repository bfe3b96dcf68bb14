"""The first words: once to a person, by whatever they come first, and once to a channel."""

import pytest

from bot.sandbox.slack.records import BOT_USER, Person
from store.sql import changed
from tests.screens import ONE_SCREEN, lines_on_phone

WELCOME = "Hello, I'm Valet. I know who holds which GPU machine"


@pytest.fixture
def newcomer(office):
    office.slack.add_person(Person("U0NEW0001", "newt", "Newt"))
    office.slack.join("newt", "#gpus")
    return office


@pytest.mark.parametrize("way", ["command", "mention", "home", "message"])
def test_a_newcomer_is_welcomed_once_in_person(newcomer, way):
    for _ in range(2):
        if way == "home":
            newcomer.slack.open_home("newt")
        elif way == "message":
            newcomer.slack.message("newt", "@newt", "what is free?")
        else:
            newcomer.types("newt", {"command": "/gpu status", "mention": "@valet status"}[way])
        newcomer.settle()

    seen = newcomer.slack.sees("newt", "@newt")
    assert len([text for text in seen if text.startswith(WELCOME)]) == 1
    assert all(lines_on_phone(text) <= ONE_SCREEN for text in seen)
    assert "[Find a GPU…] [What is idle] [My settings…]" in "\n".join(seen)


def test_the_welcome_survives_a_restart(newcomer):
    newcomer.types("newt", "/gpu status")
    newcomer.restart()
    newcomer.types("newt", "/gpu status")

    assert len([text for text in newcomer.slack.sees("newt", "@newt") if text.startswith(WELCOME)]) == 1


def test_its_buttons_lead_on(newcomer):
    newcomer.reports("train-7", 0.0)
    newcomer.types("newt", "/gpu status")

    assert "train-7" in newcomer.presses("newt", "What is idle", "@newt")
    newcomer.presses("newt", "Find a GPU…", "@newt")
    assert newcomer.opens("newt").startswith("# Find a GPU")
    newcomer.closes("newt")
    newcomer.presses("newt", "My settings…", "@newt")
    assert "Quiet from" in newcomer.opens("newt")


def test_whoever_used_valet_before_is_no_newcomer(office):
    office.types("ada", "/gpu claim train-7")

    assert [text for text in office.slack.sees("ada", "@ada") if text.startswith(WELCOME)] == []


def test_a_stranger_is_not_welcomed(newcomer):
    newcomer.slack.add_person(Person("U0STR0001", "mallory", "Mallory", team_id="T0OTHER"))
    newcomer.slack.join("mallory", "#gpus")
    newcomer.slack.open_home("mallory")
    newcomer.settle()

    assert newcomer.slack.sees("mallory", "@mallory") == []


def test_a_channel_that_valet_was_added_to_hears_in_three_lines_what_it_is(office):
    office.slack.add_channel("research", ["ada", "bob"])
    office.slack.join(BOT_USER, "#research")
    office.settle()

    seen = office.sees("ada", "#research")

    assert len(seen.splitlines()) == 4, "three lines and the buttons"
    assert "\nMy admin is @Bob.\n" in seen
    office.slack.join(BOT_USER, "#research")
    office.settle()
    assert len(office.slack.sees("ada", "#research")) == 1


def test_others_who_join_a_channel_are_left_alone(office):
    office.slack.add_channel("research", ["ada", BOT_USER])
    office.slack.join("cy", "#research")
    office.settle()

    assert office.slack.sees("ada", "#research") == []


def test_a_workspace_without_admins_is_told_how_to_name_one(office_with):
    from tests.stories.conftest import SETTINGS

    office = office_with(SETTINGS | {"slack": {"channel": SETTINGS["slack"]["channel"]}})
    office.slack.add_channel("research", ["ada"])
    office.slack.join(BOT_USER, "#research")
    office.settle()

    assert "Nobody is my admin yet: `[slack] admins` in valet.toml names them." in office.sees("ada", "#research")


def test_those_who_used_valet_before_there_was_a_welcome_get_none(office):
    store = office.valet.ctx.store
    office.types("ada", "/gpu claim train-7")
    with store.writing() as db:
        changed(db, "DELETE FROM welcomes")
        from store import welcome as stored_welcome

        for statement in stored_welcome.SCHEMA[1:]:
            changed(db, statement)

    office.types("ada", "/gpu status")

    assert [text for text in office.slack.sees("ada", "@ada") if text.startswith(WELCOME)] == []
