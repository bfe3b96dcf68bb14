"""Response URLs: how an app answers an interaction, five times within half an hour."""

import pytest
from slack_sdk.webhook import WebhookClient

from bot.sandbox.slack.people import ADA, GPUS

CARD = [
    {
        "type": "actions",
        "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Stop"}, "action_id": "stop"}],
    }
]


@pytest.fixture
def from_command(server, slack):
    return WebhookClient(_address(slack, lambda: slack.command("ada", "#gpus", "/gpu status")))


def _address(slack, act):
    heard = []
    slack.deliver = lambda _kind, payload: heard.append(payload["response_url"])
    act()
    return heard[0]


def test_answers_are_private_unless_they_say_otherwise(slack, from_command):
    from_command.send(text="for you")
    from_command.send(text="for all", response_type="in_channel")

    assert slack.sees("ada", "#gpus") == ["for you", "for all"]
    assert slack.sees("bob", "#gpus") == ["for all"]


def test_the_sixth_use_is_refused(from_command):
    answers = [from_command.send(text=str(number)) for number in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert "used_url" in answers[-1].body


def test_after_half_an_hour_it_is_dead(from_command, clock):
    clock.skip(30 * 60 + 1)

    answer = from_command.send(text="late")

    assert (answer.status_code, "expired_url" in answer.body) == (404, True)


def test_a_private_message_is_replaced_and_removed_through_it(slack, client):
    private = client.chat_postEphemeral(channel=GPUS, user=ADA, text="Stop?", blocks=CARD)["message_ts"]
    url = WebhookClient(_address(slack, lambda: slack.press("ada", private, "stop")))

    url.send(text="Stopping", replace_original=True)
    replaced = slack.sees("ada", "#gpus")
    url.send(delete_original=True)

    assert replaced == ["Stopping"]
    assert slack.sees("ada", "#gpus") == []


def test_bad_blocks_are_refused_there_too(slack, from_command):
    answer = from_command.send(text="x", blocks=[{"type": "marquee"}])

    assert (answer.status_code, "invalid_blocks" in answer.body) == (400, True)
    assert slack.sees("ada", "#gpus") == []


def test_it_works_where_the_bot_is_not_a_member(slack, server):
    slack.leave("valet", "#gpus")
    url = WebhookClient(_address(slack, lambda: slack.command("ada", "#gpus", "/gpu status")))

    url.send(text="here anyway")

    assert slack.latest("ada", "#gpus") == "here anyway"


def test_it_can_be_made_to_fail(slack, from_command):
    slack.fault("response_url", http_status=500)

    assert from_command.send(text="x").status_code == 500
    assert from_command.send(text="x").status_code == 200
