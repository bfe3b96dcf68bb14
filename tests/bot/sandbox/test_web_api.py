"""The Web API, called by Slack's own client."""

import json
import urllib.error
import urllib.request

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from bot.sandbox.slack.people import ADA, BOB, CY, FINANCE, GPUS, ML_PLATFORM


def refusal(call, *args, **kwargs):
    with pytest.raises(SlackApiError) as caught:
        call(*args, **kwargs)
    return caught.value.response


def test_the_token_is_known_with_its_scopes(client):
    answer = client.auth_test()

    assert (answer["user"], answer["team_id"]) == ("valet", "T0VALET")
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


def test_wrong_tokens_are_refused(server):
    stranger = WebClient(token="xoxb-other", base_url=server.api_url)
    app_level = WebClient(token=server.slack.app_token, base_url=server.api_url)
    nobody = WebClient(base_url=server.api_url)

    assert refusal(stranger.auth_test)["error"] == "invalid_auth"
    assert refusal(app_level.auth_test)["error"] == "not_allowed_token_type"
    assert refusal(nobody.auth_test)["error"] == "not_authed"


def test_unknown_methods_are_refused(client):
    assert refusal(client.api_call, "chat.postMassage")["error"] == "unknown_method"


def test_a_missing_scope_is_named(client, slack):
    slack.missing_scopes.add("chat:write")

    answer = refusal(client.chat_postMessage, channel=GPUS, text="hello")

    assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write")


def test_a_post_is_seen_and_listed_with_its_metadata(client, slack):
    metadata = {"event_type": "digest", "event_payload": {"key": "d-1"}}

    posted = client.chat_postMessage(channel=GPUS, text="Three idle", metadata=metadata)
    listed = client.conversations_history(channel=GPUS, include_all_metadata=True)["messages"]
    plain = client.conversations_history(channel=GPUS)["messages"]

    assert slack.sees("ada", "#gpus") == ["Three idle"]
    assert (listed[0]["ts"], listed[0]["metadata"]) == (posted["ts"], metadata)
    assert "metadata" not in plain[0]


def test_forms_and_json_are_understood_alike(client, slack):
    blocks = [{"type": "divider"}]

    client.api_call("chat.postMessage", data={"channel": GPUS, "text": "form", "blocks": json.dumps(blocks)})
    client.api_call("chat.postMessage", json={"channel": GPUS, "text": "json", "blocks": blocks})

    assert slack.sees("ada", "#gpus") == ["---", "---"]


def test_timestamps_grow_while_the_clock_stands_still(client):
    stamps = [client.chat_postMessage(channel=GPUS, text=str(number))["ts"] for number in range(3)]

    assert stamps == ["1763971200.000100", "1763971200.000200", "1763971200.000300"]


def test_posting_to_a_person_opens_the_direct_channel(client, slack):
    posted = client.chat_postMessage(channel=ADA, text="for you")
    opened = client.conversations_open(users=ADA)

    assert posted["channel"] == opened["channel"]["id"] == "D0ADA0001"
    assert slack.latest("ada", "@ada") == "for you"


def test_replies_stay_in_their_thread(client):
    parent = client.chat_postMessage(channel=GPUS, text="parent")["ts"]
    first = client.chat_postMessage(channel=GPUS, text="first", thread_ts=parent)["ts"]
    client.chat_postMessage(channel=GPUS, text="second", thread_ts=first)

    history = client.conversations_history(channel=GPUS)["messages"]
    replies = client.conversations_replies(channel=GPUS, ts=parent)["messages"]

    assert [message["text"] for message in history] == ["parent"]
    assert history[0]["reply_count"] == 2
    assert [message["text"] for message in replies] == ["parent", "first", "second"]


def test_history_is_read_page_by_page(client):
    for number in range(5):
        client.chat_postMessage(channel=GPUS, text=str(number))

    pages = [page["messages"] for page in client.conversations_history(channel=GPUS, limit=2)]

    assert [[message["text"] for message in page] for page in pages] == [["4", "3"], ["2", "1"], ["0"]]


def test_history_is_cut_at_oldest(client):
    first = client.chat_postMessage(channel=GPUS, text="first")["ts"]
    client.chat_postMessage(channel=GPUS, text="second")

    after = client.conversations_history(channel=GPUS, oldest=first)["messages"]
    with_it = client.conversations_history(channel=GPUS, oldest=first, inclusive=True)["messages"]

    assert [message["text"] for message in after] == ["second"]
    assert [message["text"] for message in with_it] == ["second", "first"]


def test_an_update_keeps_what_it_leaves_out(client, slack):
    blocks = [{"type": "header", "text": {"type": "plain_text", "text": "Head"}}]
    posted = client.chat_postMessage(channel=GPUS, text="old", blocks=blocks)

    client.chat_update(channel=GPUS, ts=posted["ts"], text="new")
    kept = slack.latest("ada", "#gpus")
    client.chat_update(channel=GPUS, ts=posted["ts"], text="new", blocks=[])

    assert kept == "Head"
    assert slack.latest("ada", "#gpus") == "new"


def test_only_own_messages_can_be_changed_or_deleted(client, slack):
    said = slack.message("ada", "#gpus", "mine")

    assert refusal(client.chat_update, channel=GPUS, ts=said.ts, text="x")["error"] == "cant_update_message"
    assert refusal(client.chat_delete, channel=GPUS, ts=said.ts)["error"] == "cant_delete_message"
    assert refusal(client.chat_update, channel=GPUS, ts="1.000000", text="x")["error"] == "message_not_found"


def test_a_deleted_message_is_gone_for_everybody(client, slack):
    posted = client.chat_postMessage(channel=GPUS, text="oops")

    client.chat_delete(channel=GPUS, ts=posted["ts"])

    assert slack.sees("ada", "#gpus") == []


def test_channels_that_cannot_take_a_message_say_why(client, slack):
    slack.leave("valet", "#finance")
    slack.archive("#ml-platform")

    assert refusal(client.chat_postMessage, channel="C0NOWHERE", text="x")["error"] == "channel_not_found"
    assert refusal(client.chat_postMessage, channel=FINANCE, text="x")["error"] == "not_in_channel"
    assert refusal(client.chat_postMessage, channel=ML_PLATFORM, text="x")["error"] == "is_archived"


def test_a_message_needs_words_but_not_too_many(client):
    posted = client.chat_postMessage(channel=GPUS, text="short")["ts"]

    assert refusal(client.api_call, "chat.postMessage", json={"channel": GPUS})["error"] == "no_text"
    assert refusal(client.chat_postMessage, channel=GPUS, text="x" * 40_001)["error"] == "msg_too_long"
    assert refusal(client.chat_update, channel=GPUS, ts=posted, text="x" * 4_001)["error"] == "msg_too_long"


def test_bad_blocks_are_refused_with_a_pointer(client):
    blocks = [{"type": "divider"}, {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]

    answer = refusal(client.chat_postMessage, channel=GPUS, text="x", blocks=blocks)

    assert answer["error"] == "invalid_blocks"
    assert answer["errors"] == ["must be less than 3001 characters [json-pointer:/blocks/1/text/text]"]
    assert answer["response_metadata"]["messages"] == [f"[ERROR] {answer['errors'][0]}"]


def test_too_much_text_over_all_blocks_is_refused(client):
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}} for _ in range(5)]

    answer = refusal(client.chat_postMessage, channel=GPUS, text="x", blocks=blocks)

    assert answer["error"] == "msg_blocks_too_long"


def test_only_the_reader_sees_a_private_message(client, slack):
    client.chat_postEphemeral(channel=GPUS, user=ADA, text="between us")

    assert slack.sees("ada", "#gpus") == ["between us"]
    assert slack.sees("bob", "#gpus") == []
    assert client.conversations_history(channel=GPUS)["messages"] == []


def test_a_private_message_cannot_be_updated_or_answered(client):
    private = client.chat_postEphemeral(channel=GPUS, user=ADA, text="between us")["message_ts"]

    assert refusal(client.chat_update, channel=GPUS, ts=private, text="x")["error"] == "message_not_found"
    reply = refusal(client.chat_postMessage, channel=GPUS, text="x", thread_ts=private)
    assert reply["error"] == "thread_not_found"


def test_a_private_message_needs_its_reader_in_the_channel(client):
    answer = refusal(client.chat_postEphemeral, channel=ML_PLATFORM, user=CY, text="x")

    assert answer["error"] == "user_not_in_channel"


def test_people_channels_and_groups_can_be_looked_up(client, slack):
    group = slack.add_group("gpu-approvers", ["bob"])

    assert client.users_info(user=BOB)["user"]["real_name"] == "Bob"
    assert {person["name"] for person in client.users_list()["members"]} >= {"ada", "bob", "cy", "valet"}
    assert client.conversations_info(channel=GPUS)["channel"]["name"] == "gpus"
    assert [channel["name"] for channel in client.conversations_list()["channels"]] == [
        "gpus",
        "ml-platform",
        "finance",
    ]
    assert ADA in client.conversations_members(channel=ML_PLATFORM)["members"]
    assert client.usergroups_list()["usergroups"][0]["handle"] == "gpu-approvers"
    assert client.usergroups_users_list(usergroup=group.id)["users"] == [BOB]
    assert refusal(client.users_info, user="U0NOBODY")["error"] == "user_not_found"


def test_a_link_to_a_message_can_be_had(client):
    posted = client.chat_postMessage(channel=GPUS, text="x")

    link = client.chat_getPermalink(channel=GPUS, message_ts=posted["ts"])["permalink"]

    assert link == "https://valet-sandbox.slack.com/archives/C0GPUS001/p1763971200000100"


def test_an_uploaded_image_can_be_shown_once_it_is_ready(client):
    file = client.files_upload_v2(filename="spend.png", content=b"\x89PNG\r\n\x1a\n")["file"]["id"]
    blocks = [{"type": "image", "slack_file": {"id": file}, "alt_text": "spend"}]

    early = refusal(client.chat_postMessage, channel=GPUS, text="x", blocks=blocks)
    looks = [client.files_info(file=file)["file"]["mimetype"] for _ in range(2)]
    client.chat_postMessage(channel=GPUS, text="x", blocks=blocks)

    assert early["errors"] == ["invalid slack file [json-pointer:/blocks/0/slack_file]"]
    assert looks == ["", "image/png"]


def test_an_upload_to_a_channel_is_a_message_there(client, slack):
    client.files_upload_v2(filename="spend.png", content=b"x", channel=GPUS, initial_comment="see here")

    assert slack.latest("ada", "#gpus") == "see here"


def test_a_rate_limit_tells_how_long_to_wait(client, slack):
    slack.fault("chat.postMessage", retry_after=7)

    answer = refusal(client.chat_postMessage, channel=GPUS, text="x")
    client.chat_postMessage(channel=GPUS, text="now it works")

    assert (answer.status_code, answer["error"], answer.headers["Retry-After"]) == (429, "ratelimited", "7")
    assert slack.latest("ada", "#gpus") == "now it works"


def test_the_clients_own_retries_get_through(server, slack):
    slack.fault("chat.postMessage", retry_after=0, times=2)
    patient = WebClient(
        token=slack.bot_token, base_url=server.api_url, retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=2)]
    )

    patient.chat_postMessage(channel=GPUS, text="at last")

    assert slack.latest("ada", "#gpus") == "at last"


def test_faults_of_slack_come_as_ordered(client, slack):
    slack.fault("chat.postMessage", http_status=500)
    slack.fault("chat.update", "internal_error")

    with pytest.raises(SlackApiError) as broken:
        client.chat_postMessage(channel=GPUS, text="x")
    named = refusal(client.chat_update, channel=GPUS, ts="1.0", text="x")

    assert broken.value.response.status_code == 500
    assert named["error"] == "internal_error"


def test_a_call_can_be_carried_out_and_its_answer_lost(client, slack):
    slack.fault("chat.postMessage", accept_then_drop=True)

    with pytest.raises((ConnectionError, urllib.error.URLError)):
        client.chat_postMessage(channel=GPUS, text="did it arrive?")

    assert slack.sees("ada", "#gpus") == ["did it arrive?"]


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_other_sites_are_kept_out(server, headers):
    request = urllib.request.Request(f"{server.url}/sandbox/state?user=ada", headers=headers)

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)

    assert refused.value.code == 403
    refused.value.close()
