"""Slack's requests over signed HTTP, on the door's own address: the right ones act, the others get nowhere."""

import http.client
import json
import time
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
from slack_sdk.signature import SignatureVerifier

from bot.sandbox.machines import SandboxFleet
from bot.sandbox.slack import SandboxServer, SandboxSlack
from bot.sandbox.slack.people import ADA, GPUS
from bot.sandbox.slack.records import ResponseUrl
from bot.services.machines import fleet
from bot.settings import Secrets, parse
from bot.wiring import build_valet
from handlers.http import SLACK_PATH
from tests.opening import open_store
from tests.stories.conftest import SETTINGS

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def slack(clock):
    made = SandboxSlack(clock)
    with SandboxServer(made):
        yield made


def opened(tmp_path, clock, slack):
    secrets = Secrets(slack.bot_token, "", SECRET, f"{slack.url}/api/")
    store = open_store(tmp_path / "valet.db")
    made = build_valet(
        parse(SETTINGS, {}), secrets, store, clock=clock, providers={"ec2": SandboxFleet(clock)}, pace_s=0
    )
    made.identity.learn(made.client)
    fleet.sweep(made.ctx)
    made.door.start()
    return made


@contextmanager
def reopened(valet, slack, tmp_path):
    made = opened(tmp_path, valet.ctx.clock, slack)
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def valet(tmp_path, clock, slack):
    """The bot in HTTP mode, its door open."""
    made = opened(tmp_path, clock, slack)
    yield made
    if not made.over.is_set():
        made.stop()


@pytest.fixture
def caller(valet):
    return caller_of(valet)


def caller_of(valet):
    def call(body, headers=None, *, at=None, secret=SECRET):
        """Post to where Slack posts, signed unless the headers say otherwise."""
        stamp = str(int(time.time()) if at is None else at)
        signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body) or ""
        signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
        connection = http.client.HTTPConnection("127.0.0.1", valet.door.port, timeout=10)
        connection.request("POST", SLACK_PATH, body, {**FORM, **signed, **(headers or {})})
        response = connection.getresponse()
        answer = response.status, response.read().decode()
        connection.close()
        return answer

    return call


def command(slack, text):
    url = slack.response_address(ResponseUrl(ADA, GPUS, slack.clock()))
    fields = {"command": "/gpu", "text": text, "user_id": ADA, "channel_id": GPUS, "team_id": "T0VALET"}
    return urlencode(fields | {"response_url": url, "trigger_id": "1.2.3", "api_app_id": "A0VALET01"})


def settle(valet):
    valet.slack_app.executor.shutdown(wait=True)
    valet.slack_app.executor.__init__(50)


def open_claims(valet):
    return valet.ctx.store.reading().execute("SELECT count(*) FROM claims WHERE ended_at IS NULL").fetchone()[0]


def test_a_signed_command_is_acknowledged_and_answered(valet, slack, caller):
    status, body = caller(command(slack, "claim train-7 for 4h"))
    settle(valet)

    assert (status, body) == (200, "")
    assert slack.latest("ada", "#gpus").startswith("*train-7* is @Ada's until")


def test_a_signed_press_is_answered(valet, slack, caller):
    caller(command(slack, "claim train-7"))
    settle(valet)
    inner = slack.deliver
    slack.deliver = lambda _kind, payload: caller(urlencode({"payload": json.dumps(payload)})) and None

    slack.click("ada", "#gpus", "Release train-7")
    settle(valet)
    slack.deliver = inner

    assert open_claims(valet) == 0


def test_slacks_question_when_the_address_is_entered_is_answered(caller):
    body = json.dumps({"type": "url_verification", "challenge": "c0ffee", "token": "t"})

    status, said = caller(body, {"Content-Type": "application/json"})

    assert status == 200
    assert json.loads(said) == {"challenge": "c0ffee"}


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": "v1=" + "0" * 64},
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": "v0=\u00fc\u00e9"},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Request-Timestamp": "now"},
        {"X-Slack-Request-Timestamp": "-1"},
        {"X-Slack-Request-Timestamp": "1.5"},
        {"X-Slack-Request-Timestamp": "1_0"},
        {"X-Slack-Request-Timestamp": "\u00b2"},
        {"X-Slack-Request-Timestamp": "9" * 5000},
        {"X-Slack-Request-Timestamp": "0"},
        {"X-Slack-Request-Timestamp": "999999999999"},
    ],
    ids=lambda headers: "{}={}".format(*next(iter(headers.items())))[:40],
)
def test_what_slack_did_not_sign_is_refused_in_one_line(valet, slack, caller, caplog, headers):
    coded = {name: value.encode("latin-1") for name, value in headers.items()}

    status, said = caller(command(slack, "claim train-7"), coded)

    assert (status, said) == (401, "not signed by Slack")
    assert open_claims(valet) == 0
    assert [record.getMessage() for record in caplog.records if "127.0.0.1" in record.getMessage()] == [
        "a request from 127.0.0.1 was not signed by Slack"
    ]
    assert "Traceback" not in caplog.text
    assert "train-7" not in caplog.text, "nothing of the body is logged"


def test_missing_headers_are_refused(valet):
    connection = http.client.HTTPConnection("127.0.0.1", valet.door.port, timeout=10)
    connection.request("POST", SLACK_PATH, "command=/gpu", FORM)

    assert connection.getresponse().status == 401
    connection.close()


def test_another_secret_and_an_old_signature_are_refused(slack, caller):
    assert caller(command(slack, "status"), secret="other")[0] == 401
    assert caller(command(slack, "status"), at=int(time.time()) - 301)[0] == 401
    assert caller(command(slack, "status"), at=int(time.time()) + 301)[0] == 401


def test_a_body_that_was_changed_on_the_way_is_refused(valet, slack):
    body, stamp = command(slack, "status"), str(int(time.time()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=body) or ""
    connection = http.client.HTTPConnection("127.0.0.1", valet.door.port, timeout=10)
    headers = {**FORM, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
    connection.request("POST", SLACK_PATH, body.replace(ADA, "U0BOB0001"), headers)

    assert connection.getresponse().status == 401
    connection.close()


def test_an_ssl_check_without_a_signature_gets_no_further(valet):
    connection = http.client.HTTPConnection("127.0.0.1", valet.door.port, timeout=10)
    connection.request("POST", SLACK_PATH, "ssl_check=1&command=/gpu&text=claim", FORM)

    assert connection.getresponse().status == 401
    connection.close()


def test_the_same_request_twice_has_one_effect(valet, slack, caller):
    body = command(slack, "claim train-7 for 4h")

    assert [caller(body)[0] for _ in range(3)] == [200] * 3
    settle(valet)

    assert open_claims(valet) == 1


def test_a_request_that_is_played_again_changes_nothing_and_one_that_is_made_again_counts(valet, slack, caller):
    caller(command(slack, "claim train-7 for 4h"))
    settle(valet)
    extend = command(slack, "extend train-7 2h")
    at = int(time.time())

    for _ in range(3):
        assert caller(extend, at=at)[0] == 200
        settle(valet)
    once = slack.latest("ada", "#gpus")
    caller(command(slack, "extend train-7 2h again"), at=at + 1)
    settle(valet)

    assert "until Mon 15:00 UTC" in once
    assert "until Mon 17:00 UTC" in slack.latest("ada", "#gpus")


def test_a_body_too_large_is_refused_before_it_is_read_whole(caller, valet):
    connection = http.client.HTTPConnection("127.0.0.1", valet.door.port, timeout=10)
    headers = {"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": "v0=x", "Content-Length": str(50 * 1024 * 1024)}
    connection.putrequest("POST", SLACK_PATH)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(b"x" * (1024 * 1024 + 1))

    assert connection.getresponse().status == 413
    connection.close()


def test_bytes_that_are_no_text_are_refused(valet):
    connection = http.client.HTTPConnection("127.0.0.1", valet.door.port, timeout=10)
    headers = {**FORM, "X-Slack-Request-Timestamp": str(int(time.time())), "X-Slack-Signature": "v0=x"}
    connection.request("POST", SLACK_PATH, b"\xff\xfe\x00" * 100, headers)

    assert connection.getresponse().status == 401
    connection.close()


def test_the_door_stands_at_the_same_address(valet):
    connection = http.client.HTTPConnection("127.0.0.1", valet.door.port, timeout=10)
    connection.request("GET", "/healthz")

    assert connection.getresponse().status == 200
    connection.close()


def test_only_posts_are_taken(valet):
    connection = http.client.HTTPConnection("127.0.0.1", valet.door.port, timeout=10)
    connection.request("GET", SLACK_PATH)

    assert connection.getresponse().status in {404, 405}
    connection.close()


def test_what_was_signed_before_a_restart_is_not_done_again_after_it(valet, slack, caller, tmp_path):
    stamp, claim = int(time.time()), command(slack, "claim train-7 for 4h")
    caller(claim, at=stamp)
    settle(valet)
    caller(command(slack, "release train-7"))
    settle(valet)
    valet.stop()

    with reopened(valet, slack, tmp_path) as again:
        replayed = caller_of(again)(claim, at=stamp)
        settle(again)

        assert replayed == (200, "")
        assert open_claims(again) == 0


@pytest.mark.parametrize("path", ["/%0a", "/v1/minutes%0Ax", "/healthz%0d%0a", "/nothing", "/%00"])
def test_an_address_that_is_none_is_said_in_json_however_it_is_written(valet, path):
    connection = http.client.HTTPConnection("127.0.0.1", valet.door.port, timeout=10)
    connection.request("GET", path)
    response = connection.getresponse()
    answer = response.status, json.loads(response.read())
    connection.close()

    assert answer == (404, {"error": "There is nothing at this address."})
