"""What the page asks the sandbox for, and how the server starts and ends."""

import json
import threading
import urllib.error
import urllib.request

import pytest

from bot.errors import Unreachable
from bot.sandbox.slack import Control, SandboxServer
from bot.sandbox.slack.people import ADA, GPUS, ML_PLATFORM

BUTTON = {"type": "button", "text": {"type": "plain_text", "text": "Stop"}, "action_id": "stop", "value": "a-1"}


@pytest.fixture
def page(server):
    return Page(server.url)


class Page:
    def __init__(self, url):
        self.url = url

    def state(self, user="ada", channel=GPUS, since=0):
        with urllib.request.urlopen(f"{self.url}/sandbox/state?user={user}&channel={channel}&since={since}") as answer:
            return json.load(answer)

    def act(self, content_type="application/json", **what):
        body = json.dumps(what).encode()
        request = urllib.request.Request(f"{self.url}/sandbox/act", body, {"Content-Type": content_type})
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return json.load(error)


def test_the_page_may_run_only_its_own_scripts(server):
    with urllib.request.urlopen(f"{server.url}/") as answer:
        policy, body = answer.headers["Content-Security-Policy"], answer.read().decode()

    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert '<script type="module" src="/page/app.js">' in body


@pytest.mark.parametrize("name", ["app.js", "blocks.js", "style.css", "icon.svg"])
def test_its_files_are_served_with_their_types(server, name):
    kinds = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
    with urllib.request.urlopen(f"{server.url}/page/{name}") as answer:
        assert answer.headers.get_content_type() == kinds[name.rpartition(".")[2]]


@pytest.mark.parametrize("name", ["../slack/server.py", "..%2f..%2ferrors.py", "nothing.js"])
def test_nothing_else_is_served(server, name):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{server.url}/page/{name}")

    assert refused.value.code == 404
    refused.value.close()


def test_a_person_gets_what_that_person_sees(page, client):
    client.chat_postMessage(channel=GPUS, text="for all")
    client.chat_postEphemeral(channel=GPUS, user=ADA, text="for ada")

    adas, bobs = page.state("ada"), page.state("bob")

    assert [(message["text"], message["is_private"]) for message in adas["messages"]] == [
        ("for all", False),
        ("for ada", True),
    ]
    assert [message["text"] for message in bobs["messages"]] == ["for all"]
    assert [channel["name"] for channel in page.state("cy")["channels"]] == ["gpus", "cy"]


def test_a_channel_of_others_is_not_shown(page, client):
    client.chat_postMessage(channel=ML_PLATFORM, text="internal")

    state = page.state("cy", ML_PLATFORM)

    assert state["channel"] == GPUS
    assert state["messages"] == []


def test_a_question_is_answered_at_the_next_change(page, slack):
    version = page.state()["version"]
    answers = []
    asking = threading.Thread(target=lambda: answers.append(page.state(since=version)))

    asking.start()
    slack.message("bob", "#gpus", "hello")
    asking.join(5)

    assert [message["text"] for message in answers[0]["messages"]] == ["hello"]


def test_unread_messages_are_counted_until_read(page, slack):
    slack.message("bob", "#gpus", "hello @ada")
    before = page.state()
    page.act(act="read", user="ada", channel=GPUS)
    after = page.state()

    assert [channel["unread"] for channel in before["channels"][:2]] == [1, 0]
    assert next(person["waiting"] for person in before["people"] if person["id"] == ADA) == 1
    assert after["channels"][0]["unread"] == 0


def test_what_people_do_there_reaches_the_app(page, slack, client):
    heard = []
    slack.deliver = lambda kind, payload: heard.append(
        (kind, payload.get("text") or payload.get("actions", [{}])[0].get("value"))
    )
    posted = client.chat_postMessage(channel=GPUS, text="x", blocks=[{"type": "actions", "elements": [BUTTON]}])

    page.act(act="command", user="ada", channel=GPUS, text="/gpu status")
    page.act(act="press", user="ada", target=posted["ts"], action_id="stop", value="a-1")
    page.act(act="message", user="ada", channel=GPUS, text="<script>")

    assert heard == [("slash_commands", "status"), ("interactive", "a-1")]
    assert page.state()["messages"][-1]["text"] == "&lt;script&gt;"


@pytest.mark.parametrize(
    "what",
    [
        {"act": "press", "user": "bob", "target": "1.0", "action_id": "x"},
        {"act": "message", "user": "cy", "channel": ML_PLATFORM, "text": "hi"},
        {"act": "command", "user": "ada", "channel": GPUS},
        {"act": "control", "user": "ada", "number": 3},
        {"act": "rm", "user": "ada"},
        {"user": "nobody"},
    ],
)
def test_what_makes_no_sense_is_refused(page, what):
    answer = page.act(**what)

    assert not answer["ok"]
    assert answer["error"]


def test_a_form_of_another_site_is_refused(page):
    assert not page.act(content_type="text/plain", act="message", user="ada", channel=GPUS, text="x")["ok"]
    assert page.state()["messages"] == []


def test_the_top_bar_shows_what_the_demo_puts_there(page, slack):
    pressed = []
    slack.controls.append(Control("Skip 1 hour", lambda: pressed.append("skip")))
    slack.now_text = lambda: "Mon 24 Nov, 09:00"

    page.act(act="control", user="ada", number=0)
    state = page.state()

    assert pressed == ["skip"]
    assert (state["controls"], state["now"]) == (["Skip 1 hour"], "Mon 24 Nov, 09:00")


def test_the_server_stops_while_a_page_is_waiting(slack):
    server = SandboxServer(slack).start()
    page = Page(server.url)
    version = page.state()["version"]
    waiting = threading.Thread(target=page.state, kwargs={"since": version})
    waiting.start()
    while not server._waiting._futures and waiting.is_alive():
        waiting.join(0.001)

    server.stop()
    waiting.join(5)

    assert not waiting.is_alive()
    with pytest.raises(urllib.error.URLError):
        page.state()


def test_a_port_in_use_is_said_at_the_start(slack, server):
    port = int(server.url.rpartition(":")[2])

    with pytest.raises(Unreachable, match="it is in use"):
        SandboxServer(slack, port).start()
