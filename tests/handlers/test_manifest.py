"""Slack grants just what the code needs, and sends just what it handles."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from slack_sdk import WebClient

import bot
import handlers
from bot.doctor.slack import WITHOUT
from bot.sandbox.slack.people import ADA, GPUS
from bot.settings import parse
from bot.settings.company import SlackSettings
from handlers import cost, gpu, http, topics
from handlers.manifest import EVENTS_PATH, bot_scopes, manifest, optional_scopes
from handlers.parsing.text import split_words
from handlers.verbs import Ask
from tests import house
from tests.data import data_file

EVENT_SCOPES = {
    "app_mention": {"app_mentions:read"},
    "message.im": {"im:history"},
    "member_joined_channel": {"channels:read", "groups:read"},
}
ANYWHERE = {"channels:history", "groups:history", "im:history"}
"""Valet posts to public channels, private channels and people, and looks its posts up there."""


@cache
def nodes() -> list[ast.AST]:
    """All of the code that talks to a real Slack; the sandbox is the other side."""
    roots = [Path(handlers.__path__[0]), Path(bot.__path__[0])]
    files = [file for root in roots for file in root.rglob("*.py") if "sandbox" not in file.parts]
    return [node for file in files for node in ast.walk(house.tree_of(file))]


def calls() -> Iterator[ast.Call]:
    """Every call in it."""
    return (node for node in nodes() if isinstance(node, ast.Call))


def methods_called() -> set[str]:
    """Web API methods, by WebClient's method (called or passed on) or by api_call("name")."""
    of_client = {name for name in dir(WebClient) if "_" in name.strip("_") and not name.startswith("_")} - {"api_call"}
    called = {node.attr for node in nodes() if isinstance(node, ast.Attribute) and node.attr in of_client}
    for call in calls():
        if isinstance(call.func, ast.Attribute) and re.fullmatch(r"super\(.*\)\.api_call", ast.unparse(call.func)):
            continue  # handed on by our own client
        if isinstance(call.func, ast.Attribute) and call.func.attr == "api_call":
            called.add(ast.literal_eval(call.args[0]).replace(".", "_"))
    return called


def listened_to(kind: str) -> set[str]:
    """What is registered by app.command(...) or app.event(...); names from the settings by their default."""
    usual = SlackSettings()
    found = set()
    for call in calls():
        if not isinstance(call.func, ast.Attribute) or call.func.attr != kind or ast.unparse(call.func.value) != "app":
            continue
        match call.args[0]:
            case ast.Attribute(attr=setting):
                found.add(getattr(usual, setting))
            case ast.Constant(value=name):
                found.add(name)
            case ast.Name(id="ANYTHING"):
                pass  # the catch-all for commands that Valet was not made for
            case other:
                found.add(ast.unparse(other))
    return found


@pytest.fixture
def scopes_by_method() -> dict[str, set[str]]:
    """WebClient's method -> the scopes any one of which is enough."""
    table = json.loads(data_file("slack/web-api-methods.json").read_text())
    return {name.replace(".", "_"): set(method["scopes"].get("bot", ())) for name, method in table.items()}


@pytest.mark.parametrize("http_url", [None, "https://valet.example.com"])
def test_slack_takes_the_manifest(http_url):
    schema = json.loads(data_file("slack/manifest.schema.2.0.0.json").read_text())
    Draft7Validator.check_schema(schema)

    faults = list(Draft7Validator(schema).iter_errors(manifest(parse({}), http_url=http_url)))

    assert faults == []


@pytest.mark.slow
def test_every_method_we_call_is_granted(scopes_by_method):
    granted = set(bot_scopes())

    denied = {name for name in methods_called() if scopes_by_method[name] and not scopes_by_method[name] & granted}

    assert denied == set()
    assert granted >= ANYWHERE


def test_what_may_be_left_out_is_asked_for_and_the_doctor_says_what_is_missed():
    assert set(optional_scopes()) <= set(bot_scopes())
    assert set(optional_scopes()) == WITHOUT.keys()


def test_nothing_is_granted_that_we_do_not_need(scopes_by_method):
    needed = set().union(*(scopes_by_method[name] for name in methods_called()))

    spare = set(bot_scopes()) - needed - {"commands"} - set().union(*EVENT_SCOPES.values())

    assert spare == set()


def test_commands_in_it_are_those_we_handle():
    named = {command["command"] for command in manifest(parse({}))["features"]["slash_commands"]}

    assert named == listened_to("command") == {"/gpu", "/cost"}


def test_events_in_it_are_those_we_handle():
    named = set(manifest(parse({}))["settings"]["event_subscriptions"]["bot_events"])

    assert named == {"message.im" if event == "message" else event for event in listened_to("event")}
    assert named == {"app_home_opened", *EVENT_SCOPES}
    assert set().union(*EVENT_SCOPES.values()) <= set(bot_scopes())


@pytest.mark.parametrize(("place", "run"), [(0, gpu.run), (1, cost.run)])
def test_usage_hints_are_five_things_that_people_can_type(ctx, place, run):
    hint = manifest(parse({}))["features"]["slash_commands"][place]["usage_hint"]

    typed = hint.split(" | ")
    assert len(typed) == 5
    replies = [run(Ask(ctx, ADA, GPUS, split_words(words))) for words in typed]
    assert [reply.text for reply in replies if re.search("I can't read|I don't know", reply.text)] == []


def test_shortcuts_open_forms_of_ours():
    shortcuts = manifest(parse({}))["features"]["shortcuts"]

    assert [each["name"] for each in shortcuts] == ["Find a GPU", "Claim a GPU"]
    assert {each["callback_id"] for each in shortcuts} <= topics.FORMS.keys()


def test_commands_go_by_the_names_in_the_settings():
    settings = parse({"slack": {"gpu_command": "/gpus", "cost_command": "/gpu-cost"}})

    made = manifest(settings)

    assert [command["command"] for command in made["features"]["slash_commands"]] == ["/gpus", "/gpu-cost"]


def test_socket_mode_is_on_and_no_address_is_in_it():
    made = manifest(parse({}))

    assert made["settings"]["socket_mode_enabled"] is True
    assert "https://" not in json.dumps(made)


def test_over_http_every_request_goes_to_the_one_address():
    made = manifest(parse({}), http_url="https://valet.example.com/")

    url = "https://valet.example.com/slack/events"
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["event_subscriptions"]["request_url"] == url
    assert made["settings"]["interactivity"]["request_url"] == url
    assert {command["url"] for command in made["features"]["slash_commands"]} == {url}


def test_names_of_people_in_commands_come_as_ids():
    assert all(command["should_escape"] for command in manifest(parse({}))["features"]["slash_commands"])


def test_the_address_in_it_is_the_one_that_is_served():
    assert http.SLACK_PATH == EVENTS_PATH
