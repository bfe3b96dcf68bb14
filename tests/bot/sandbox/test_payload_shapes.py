"""What the app is sent has the keys of Slack's own samples."""

import json

import pytest

from bot.sandbox.slack.people import GPUS
from tests.data import data_file

BUTTON = {"type": "button", "text": {"type": "plain_text", "text": "Stop"}, "action_id": "stop"}
FORM = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Claim"},
    "submit": {"type": "plain_text", "text": "Claim"},
    "notify_on_close": True,
    "blocks": [{"type": "divider"}],
}
# Keys of features that are not here: link unfurling, workflow steps, whole organisations, user tokens.
ABSENT = {
    *("app_unfurl", "bot_access_token", "function_data", "interactivity", "enterprise_id", "enterprise_name"),
    *("authed_users", "authed_teams", "view"),
}


@pytest.fixture
def heard(slack):
    payloads = {}

    def deliver(kind, payload):
        payloads[payload.get("type", kind)] = payload

    slack.deliver = deliver
    return payloads


def sample(name):
    return json.loads(data_file(f"slack/samples/{name}.json").read_text())


def keys_missing(payload, example):
    return set(example) - set(payload) - ABSENT


def test_commands(slack, heard):
    slack.command("ada", "#gpus", "/gpu status")

    assert keys_missing(heard["slash_commands"], sample("SlashCommandPayload")) == set()


def test_clicks_in_a_message(slack, heard, client):
    posted = client.chat_postMessage(channel=GPUS, text="x", blocks=[{"type": "actions", "elements": [BUTTON]}])
    slack.press("ada", posted["ts"], "stop")

    payload, example = heard["block_actions"], sample("BlockActionPayload")

    assert keys_missing(payload, example) == set()
    assert set(payload["user"]) == set(example["user"])
    assert set(payload["container"]) <= set(example["container"])
    assert set(payload["actions"][0]) <= set(example["actions"][0])
    assert set(payload["message"]) <= set(example["message"])


def test_clicks_in_a_private_message_bring_no_message(slack, heard, client):
    blocks = [{"type": "actions", "elements": [BUTTON]}]
    private = client.chat_postEphemeral(channel=GPUS, user="U0ADA0001", text="x", blocks=blocks)["message_ts"]
    slack.press("ada", private, "stop")

    payload = heard["block_actions"]

    assert "message" not in payload
    assert payload["container"]["is_ephemeral"]


def test_submissions_and_closings(slack, heard, client):
    slack.command("ada", "#gpus", "/gpu claim")
    client.views_open(trigger_id=heard["slash_commands"]["trigger_id"], view=FORM)
    slack.submit("ada", slack.modal("ada"))
    slack.command("ada", "#gpus", "/gpu claim")
    client.views_open(trigger_id=heard["slash_commands"]["trigger_id"], view=FORM)
    slack.close("ada", slack.modal("ada"))

    assert heard["view_closed"]["is_cleared"] is False
    for kind, name in (("view_submission", "ViewSubmissionPayload"), ("view_closed", "ViewClosedPayload")):
        example = sample(name)
        assert keys_missing(heard[kind], example) <= {"is_cleared"}
        assert set(example["view"]) - set(heard[kind]["view"]) == set()


def test_mentions_and_opened_home_tabs(slack, heard):
    slack.mention("ada", "#gpus", "status")
    mention = heard["event_callback"]
    slack.open_home("ada")
    opened = heard["event_callback"]

    assert keys_missing(mention, sample("AppMentionPayload")) == set()
    assert {"type", "user", "text", "ts", "team", "blocks", "channel", "event_ts"} <= set(mention["event"])
    assert keys_missing(opened, sample("AppHomeOpenedPayload")) == set()
    assert keys_missing(opened["event"], sample("AppHomeOpenedPayload")["event"]) == set()


def test_every_method_exists_at_slack_and_needs_the_scope_we_ask_for():
    from bot.sandbox.slack.methods import METHODS

    known = json.loads(data_file("slack/web-api-methods.json").read_text())

    for name, (_, scope) in METHODS.items():
        if name == "api.test":
            continue
        scopes = known[name]["scopes"].get("bot", [])
        assert scope in scopes if scope else not scopes, name
