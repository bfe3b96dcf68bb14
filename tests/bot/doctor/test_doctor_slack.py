"""Slack as the doctor sees it: a real Web API on loopback."""

import json
import socket
from dataclasses import asdict

from bot.sandbox.slack.people import ADA, BOB, GPUS, ML_PLATFORM
from handlers.manifest import optional_scopes


def test_all_is_well(patient):
    patient.look()

    assert patient.errors == []
    assert patient.said("V301") == [("ok", "Valet is @valet in the workspace Valet Sandbox.")]
    assert patient.said("V302") == [("ok", "The bot token has every scope it needs.")]
    assert patient.said("V303") == [("ok", "Socket Mode can be opened.")]
    assert patient.said("V305") == [("ok", f"Valet is in the channel {GPUS}.")]
    assert patient.said("V306") == [("ok", "Slack knows everybody who decides (2).")]


def test_missing_scopes_are_named(patient, slack):
    slack.missing_scopes |= {"chat:write", "usergroups:read"}

    patient.look()

    assert patient.said("V302") == [("error", "The bot token lacks scopes: chat:write, usergroups:read.")]


def test_what_may_be_left_out_is_a_warning_that_says_what_is_missed(patient, slack):
    slack.missing_scopes |= set(optional_scopes())

    patient.look()

    assert patient.errors == []
    assert patient.said("V308") == [
        ("warning", "Without channels:history and groups:history one message may appear twice after a crash."),
        ("warning", "Without files:write Valet sends no CSV files."),
        ("warning", "Without im:history Valet hears nothing that people write to it in person."),
    ]
    assert patient.said("V305") == [("ok", f"Valet is in the channel {GPUS}.")]


def test_scopes_without_a_use_are_a_warning(patient):
    patient.look()

    assert patient.said("V304")[0][0] == "warning"
    assert "files:read" in patient.said("V304")[0][1]


def test_a_wrong_bot_token_is_an_error_and_is_not_shown(patient):
    patient.environment["SLACK_BOT_TOKEN"] = "xoxb-wrong-secret"

    patient.look()

    assert patient.errors == ["V301"]
    assert patient.said("V301") == [("error", "The bot token is refused: Slack says invalid_auth.")]


def test_a_wrong_app_token_is_an_error(patient):
    patient.environment["SLACK_APP_TOKEN"] = "xapp-wrong-secret"

    patient.look()

    assert patient.said("V303") == [("error", "Socket Mode can't be opened: Slack says invalid_auth.")]


def test_no_token_is_ever_in_a_finding(patient, slack):
    patient.look()
    slack.fault("auth.test", http_status=502)
    shown = json.dumps([asdict(each) for each in [*patient.findings, *patient.look().findings]])

    patient.environment |= {"SLACK_BOT_TOKEN": "xoxb-one\r\ntwo", "SLACK_APP_TOKEN": "xapp-ü"}
    shown += json.dumps([asdict(each) for each in patient.look().findings])

    assert not [
        secret for secret in ("xoxb-sandbox", "xapp-sandbox", "xoxb-one", "xapp-ü", "ticket") if secret in shown
    ]


def test_socket_mode_is_not_tried_where_requests_come_by_http(patient):
    patient.environment |= {"SLACK_SIGNING_SECRET": "5ecre7", "SLACK_APP_TOKEN": ""}

    patient.look()

    assert patient.errors == []
    assert patient.said("V303")[0][1].startswith("A signing secret is set")


def test_no_network_is_one_error(patient):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    patient.environment["SLACK_API_URL"] = f"http://127.0.0.1:{port}/api/"

    patient.look()

    url = f"http://127.0.0.1:{port}/api/"
    assert patient.errors == ["V301"]
    assert patient.said("V301") == [("error", f"Slack does not answer at {url}: Connection refused.")]


def test_something_that_is_not_slack_is_one_error(patient, slack):
    patient.environment["SLACK_API_URL"] = f"{slack.url}/"

    patient.look()

    assert "V301" in patient.errors


def test_a_channel_valet_is_not_in_is_an_error_with_the_remedy(patient, slack):
    slack.leave("valet", "#ml-platform")
    patient.toml += f'[teams.nlp]\nchannel = "{ML_PLATFORM}"\napprovers = ["{ADA}", "{BOB}"]\n'

    patient.look()

    sentence = f"Valet can't use the channel {ML_PLATFORM}: Slack says not_in_channel."
    assert patient.said("V305") == [("ok", f"Valet is in the channel {GPUS}."), ("error", sentence)]
    assert [each.hint for each in patient.findings if each.sentence == sentence] == [
        "Invite Valet there: /invite @valet."
    ]


def test_a_mistyped_approver_is_an_error(patient):
    patient.toml += '[teams.nlp]\napprovers = ["U0NOBODY1"]\n'

    patient.look()

    assert patient.said("V306") == [
        ("error", "U0NOBODY1, who is to decide, can't be looked up: Slack says user_not_found.")
    ]


def test_user_groups_are_counted_or_missed(patient, slack):
    group = slack.add_group("vision", ["ada", "cy"])
    patient.toml += f'[teams.vision]\nusergroup = "{group.id}"\n[teams.nlp]\nusergroup = "S0NONE"\n'

    patient.look()

    assert sorted(patient.said("V307")) == [
        ("error", "The user group S0NONE can't be read: Slack says no_such_subteam."),
        ("ok", f"The user group {group.id} has 2 members."),
    ]
