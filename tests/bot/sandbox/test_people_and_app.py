"""People type, press, choose and submit; a real Bolt app answers over a real Socket Mode connection."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.errors import NotFound, Refused
from bot.sandbox.slack.people import ADA, GPUS


def section(words):
    return {"type": "section", "text": {"type": "mrkdwn", "text": words}}


def button(label, action_id, **more):
    return {"type": "button", "text": {"type": "plain_text", "text": label}, "action_id": action_id, **more}


CARD = [section("Stop *train-7*?"), {"type": "actions", "elements": [button("Stop", "stop", value="a-1")]}]
FORM = {
    "type": "modal",
    "callback_id": "claim",
    "title": {"type": "plain_text", "text": "Claim"},
    "submit": {"type": "plain_text", "text": "Claim"},
    "blocks": [
        {
            "type": "input",
            "block_id": "hours",
            "label": {"type": "plain_text", "text": "Hours"},
            "element": {"type": "plain_text_input", "action_id": "hours"},
        },
        {
            "type": "input",
            "block_id": "gpu",
            "optional": True,
            "label": {"type": "plain_text", "text": "GPU"},
            "element": {
                "type": "static_select",
                "action_id": "gpu",
                "options": [{"text": {"type": "plain_text", "text": name}, "value": name} for name in ("a1", "a2")],
            },
        },
    ],
}


class ClosingHandler(SocketModeHandler):
    """Slack's handler, which says when it is connected and leaves no thread behind."""

    def __enter__(self):
        ready = threading.Event()
        self.client.message_listeners.append(
            lambda _client, message, _raw: ready.set() if message.get("type") == "hello" else None
        )
        self.connect()
        assert ready.wait(5)
        return self

    def __exit__(self, *_error):
        self.close()


@pytest.fixture
def app(client):
    with ThreadPoolExecutor(5) as pool:
        yield App(client=client, token_verification_enabled=False, signing_secret="unused", listener_executor=pool)


@pytest.fixture
def connected(server, app):
    """Connects the app once its listeners are there."""
    web_client = WebClient(token=server.slack.app_token, base_url=server.api_url)
    handler = ClosingHandler(app, app_token=server.slack.app_token, web_client=web_client)
    with handler:
        yield handler
        # Slack's client listens with a lock held for three seconds, and closing twice at once trips it:
        # so we hang up first and wait until it noticed.
        handler.client.auto_reconnect_enabled = False
        server.link.disconnect(reason="")
        deadline = time.monotonic() + 5
        while handler.client.is_connected() and time.monotonic() < deadline:
            time.sleep(0.01)


def test_a_command_is_answered_privately(slack, app, connected):
    heard = {}

    @app.command("/gpu")
    def gpu(ack, command, respond):
        heard.update(command)
        ack()
        respond(f"free: {command['text']}")

    slack.command("ada", "#gpus", "/gpu status  --all")
    app.listener_runner.listener_executor.shutdown(wait=True)

    assert (heard["user_id"], heard["channel_name"], heard["text"]) == (ADA, "gpus", "status  --all")
    assert slack.sees("ada", "#gpus") == ["free: status  --all"]
    assert slack.sees("bob", "#gpus") == []


def test_an_acknowledgement_may_carry_the_answer(slack, app, connected):
    app.command("/gpu")(lambda ack: ack("right away"))

    slack.command("ada", "#gpus", "/gpu help")

    assert slack.sees("ada", "#gpus") == ["right away"]


def test_mentions_are_heard_in_channels_and_words_in_direct_messages(slack, app, connected):
    heard = []
    app.event("app_mention")(lambda event: heard.append(("mention", event["text"], event.get("thread_ts"))))
    app.event("message")(lambda event: heard.append((event["channel_type"], event["text"], event["channel"])))

    said = slack.mention("ada", "#gpus", "status")
    slack.mention("ada", "#gpus", "@valet why <train-7>", thread_ts=said.ts)
    slack.message("ada", "#gpus", "just chatting")
    slack.message("ada", "@ada", "status")
    app.listener_runner.listener_executor.shutdown(wait=True)

    assert sorted(heard) == [
        ("im", "status", "D0ADA0001"),
        ("mention", "<@U0VALET01> status", None),
        ("mention", "<@U0VALET01> why &lt;train-7&gt;", said.ts),
    ]


def test_a_click_carries_its_message_and_may_replace_it(slack, client, app, connected):
    heard = {}

    @app.action("stop")
    def stop(ack, body, respond):
        ack()
        heard.update(body)
        respond("Stopped.", replace_original=True, blocks=[section("Stopped by <@U0BOB0001>.")])

    posted = client.chat_postMessage(channel=GPUS, text="Stop?", blocks=CARD)
    slack.click("bob", "#gpus", "Stop")
    app.listener_runner.listener_executor.shutdown(wait=True)

    assert heard["actions"][0]["value"] == "a-1"
    assert heard["message"]["blocks"][0]["text"]["text"] == "Stop *train-7*?"
    assert heard["container"]["message_ts"] == posted["ts"]
    assert slack.sees("ada", "#gpus") == ["Stopped by @Bob."]


def test_a_form_is_opened_refused_and_accepted(slack, app, connected):
    app.command("/gpu")(lambda ack, client, body: (ack(), client.views_open(trigger_id=body["trigger_id"], view=FORM)))
    taken = []

    @app.view("claim")
    def claim(ack, view):
        hours = view["state"]["values"]["hours"]["hours"]["value"]
        if not hours.isdigit():
            ack(response_action="errors", errors={"hours": "Give a number of hours."})
            return
        taken.append(view["state"]["values"]["gpu"]["gpu"]["selected_option"]["value"])
        ack()

    slack.command("ada", "#gpus", "/gpu claim")
    app.listener_runner.listener_executor.shutdown(wait=True)
    app.listener_runner.listener_executor = ThreadPoolExecutor(1)
    form = slack.modal("ada")
    empty = slack.submit("ada", form)
    wrong = slack.submit("ada", form, {"hours": "many"})
    shown = slack.sees_modal("ada")
    right = slack.submit("ada", form, {"hours": "4", "gpu": "a2"})
    app.listener_runner.listener_executor.shutdown(wait=True)

    assert empty == {"hours": "Please complete this required field."}
    assert wrong == {"hours": "Give a number of hours."}
    assert shown.splitlines() == [
        "# Claim",
        "Hours: [many_]",
        "! Give a number of hours.",
        "GPU (optional): [Select v]",
        "[Claim]",
    ]
    assert right == {}
    assert taken == ["a2"]
    assert slack.modal("ada") is None


def test_the_home_tab_is_published_when_opened(slack, app, connected):
    home = {"type": "home", "blocks": [section("Your claims: none")]}
    app.event("app_home_opened")(lambda event, client: client.views_publish(user_id=event["user"], view=home))

    slack.open_home("ada")
    app.listener_runner.listener_executor.shutdown(wait=True)

    assert slack.sees_home("ada") == "Your claims: none"
    assert slack.sees_home("bob") == ""


def test_the_app_comes_back_when_slack_hangs_up(server, slack, app, connected):
    app.command("/gpu")(lambda ack: ack("still here"))
    again = threading.Event()
    connected.client.message_listeners.append(
        lambda _client, message, _raw: again.set() if message.get("type") == "hello" else None
    )

    server.link.disconnect()
    assert again.wait(10)
    slack.command("ada", "#gpus", "/gpu help")

    assert slack.latest("ada", "#gpus") == "still here"


def test_nobody_connected_is_told_to_the_person(server, slack):
    slack.command("ada", "#gpus", "/gpu status")

    assert slack.sees("ada", "#gpus") == ['/gpu failed with the error "dispatch_failed"']


def test_no_acknowledgement_in_time_is_told_to_the_person(server, slack, app, connected):
    server.link.seconds = 0.05
    app.command("/gpu")(lambda: None)

    slack.command("ada", "#gpus", "/gpu status")

    assert slack.sees("ada", "#gpus") == ['/gpu failed with the error "operation_timeout"']
    assert slack.sees("bob", "#gpus") == []


def test_commands_are_only_what_the_app_registered(slack):
    slack.commands = [{"command": "/gpu", "description": "GPUs"}]

    slack.command("ada", "#gpus", "/gpus status")
    slack.command("ada", "#gpus", "/gpu status", thread_ts="1.0")

    assert slack.sees("ada", "#gpus") == ["/gpus is not a valid command.", "/gpu is not supported in threads. Sorry!"]


def test_people_are_resolved_in_a_commands_text(slack):
    heard = []
    slack.deliver = lambda _kind, payload: heard.append(payload["text"])

    slack.command("ada", "#gpus", "/gpu hand a-1 @bob in #gpus & <b>")

    assert heard == ["hand a-1 <@U0BOB0001> in <#C0GPUS001|gpus> &amp; &lt;b&gt;"]


def test_nobody_presses_what_they_do_not_see(slack, client):
    posted = client.chat_postMessage(channel="C0MLPLAT1", text="Stop?", blocks=CARD)
    private = client.chat_postEphemeral(channel=GPUS, user=ADA, text="Stop?", blocks=CARD)["message_ts"]

    with pytest.raises(NotFound):
        slack.press("cy", posted["ts"], "stop")
    with pytest.raises(NotFound):
        slack.press("bob", private, "stop")
    with pytest.raises(NotFound):
        slack.press("bob", posted["ts"], "launch")
    with pytest.raises(Refused):
        slack.message("cy", "#ml-platform", "hello")


def test_a_choice_is_carried_as_slack_carries_it(slack, client):
    heard = []
    slack.deliver = lambda _kind, payload: heard.append(payload)
    options = [{"text": {"type": "plain_text", "text": "4 hours"}, "value": "4h"}]
    elements = [
        {"type": "static_select", "action_id": "long", "options": options},
        {"type": "users_select", "action_id": "who"},
        {"type": "datepicker", "action_id": "day"},
        {"type": "overflow", "action_id": "more", "options": options},
    ]
    posted = client.chat_postMessage(
        channel=GPUS, text="x", blocks=[{"type": "actions", "block_id": "b", "elements": elements}]
    )

    slack.choose("ada", posted["ts"], "long", "4 hours")
    slack.choose("ada", posted["ts"], "who", ADA)
    slack.choose("ada", posted["ts"], "day", "2025-11-24")
    slack.choose("ada", posted["ts"], "more", "4h")

    assert [payload["actions"][0]["type"] for payload in heard] == [
        "static_select",
        "users_select",
        "datepicker",
        "overflow",
    ]
    assert heard[0]["actions"][0]["selected_option"]["value"] == "4h"
    assert heard[0]["state"]["values"]["b"]["long"]["selected_option"]["value"] == "4h"
    assert heard[1]["actions"][0]["selected_user"] == ADA
    assert heard[2]["actions"][0]["selected_date"] == "2025-11-24"
    assert heard[3]["actions"][0]["selected_option"]["value"] == "4h"


def refused(call, **arguments):
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    return caught.value.response["error"]


def trigger_of(slack, user="ada"):
    heard = []
    slack.deliver = lambda _kind, payload: heard.append(payload["trigger_id"])
    slack.command(user, "#gpus", "/gpu claim")
    return heard[0]


def test_a_trigger_is_good_once_and_for_three_seconds(slack, client, elapsed):
    once, late = trigger_of(slack), trigger_of(slack)

    client.views_open(trigger_id=once, view=FORM)
    elapsed.skip(3.1)

    assert refused(client.views_open, trigger_id=once, view=FORM) == "exchanged_trigger_id"
    assert refused(client.views_open, trigger_id=late, view=FORM) == "expired_trigger_id"
    assert refused(client.views_open, trigger_id="1.2.3", view=FORM) == "invalid_trigger_id"


def test_an_outdated_hash_is_refused(slack, client):
    view = client.views_open(trigger_id=trigger_of(slack), view=FORM)["view"]
    client.views_update(view_id=view["id"], view=FORM, hash=view["hash"])

    assert refused(client.views_update, view_id=view["id"], view=FORM, hash=view["hash"]) == "hash_conflict"
    assert refused(client.views_update, view_id="V0NOTHING", view=FORM) == "not_found"


def test_views_that_are_too_large_or_wrong_are_refused(slack, client):
    long = {**FORM, "title": {"type": "plain_text", "text": "x" * 25}}
    huge = {**FORM, "blocks": [section("x" * 2900) for _ in range(90)]}

    assert refused(client.views_open, trigger_id=trigger_of(slack), view=long) == "invalid_arguments"
    assert refused(client.views_open, trigger_id=trigger_of(slack), view=huge) == "view_too_large"
    assert slack.modal("ada") is None


def test_three_modals_are_the_most(slack, client):
    client.views_open(trigger_id=trigger_of(slack), view=FORM)
    client.views_push(trigger_id=trigger_of(slack), view=FORM)
    client.views_push(trigger_id=trigger_of(slack), view=FORM)

    assert refused(client.views_push, trigger_id=trigger_of(slack), view=FORM) == "push_limit_reached"


def test_a_submission_may_update_push_and_clear(slack, client):
    client.views_open(trigger_id=trigger_of(slack), view=FORM)
    answers = [
        {"response_action": "update", "view": {**FORM, "title": {"type": "plain_text", "text": "Sure?"}}},
        {"response_action": "push", "view": {**FORM, "title": {"type": "plain_text", "text": "Really?"}}},
        {"response_action": "clear"},
    ]
    slack.deliver = lambda _kind, _payload: answers.pop(0)

    titles = []
    for _ in range(3):
        slack.submit("ada", slack.modal("ada"), {"hours": "4"})
        titles.append(slack.sees_modal("ada").split("\n")[0])

    assert titles == ["# Sure?", "# Really?", ""]


def test_closing_a_modal_is_told_where_asked_for(slack, client):
    heard = []
    client.views_open(trigger_id=trigger_of(slack), view={**FORM, "notify_on_close": True})
    slack.deliver = lambda kind, payload: heard.append((kind, payload["type"], payload["is_cleared"]))

    slack.close("ada", slack.modal("ada"))

    assert heard == [("interactive", "view_closed", False)]
    assert slack.modal("ada") is None


def test_typing_and_pressing_return_what_came_of_it(slack, client):
    def answer(kind, payload):
        if kind == "slash_commands":
            return {"text": "card", "blocks": CARD}
        client.chat_postMessage(channel=GPUS, text="Stopped.")
        return None

    slack.deliver = answer

    assert slack.types("ada", "/gpu stop train-7") == "Stop *train-7*?\n[Stop]"
    assert slack.presses("ada", "Stop") == "Stopped."
    assert slack.types("bob", "just chatting") == ""
