"""The edge: whatever comes in is acknowledged, nothing escapes, and the person is always answered."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_bolt import App, BoltRequest
from slack_bolt.authorization import AuthorizeResult

from bot.sandbox.slack.people import ADA, GPUS
from handlers import listen
from handlers.blocks.buttons import CLAIM_BUTTON, RELEASE_BUTTON
from handlers.blocks.parts import section
from handlers.people import Identity
from tests.examples import examples
from tests.handlers.pieces import objections
from tests.neighbours import CLAIM


def speaks_through(office, **parts):
    """Let the same bot listen with some parts of its context replaced; returns its face."""
    valet = office.valet
    valet.slack_app.executor.shutdown(wait=True)
    valet.slack_app = listen.build_slack_app(
        replace(valet.ctx, newest=None, **parts), valet.client, valet.identity, valet.people.profiles
    )
    office.waits_for(valet.slack_app.executor)
    return valet.slack_app


def broken():
    raise ZeroDivisionError("a service with a bug")


def commands(text="status", **fields):
    body = {"command": "/gpu", "text": text, "user_id": ADA, "channel_id": GPUS, "team_id": "T0VALET"}
    return body | {"response_url": "", "trigger_id": "1.2.3", "type": "command"} | fields


def dispatched(app, body):
    return app.dispatch(BoltRequest(body=json.dumps(body), mode="socket_mode")).status


def test_a_bug_in_a_service_is_told_with_a_reference_and_kept_from_bolt(office, caplog):
    speaks_through(office, clock=broken)

    seen = office.types("ada", "/gpu status")

    assert seen.startswith("Something broke here, so I can't say whether it was done")
    reference = seen.rpartition(": ")[2].rstrip(".")
    assert f"reference {reference}" in caplog.text
    assert "a service with a bug" in caplog.text


def test_a_press_that_breaks_is_answered_too(office):
    office.types("ada", "/gpu claim train-7")
    speaks_through(office, clock=broken)

    office.slack.click("ada", "#gpus", "Release train-7")
    office.settle()

    assert "Something broke here" in office.sees("ada")


def test_a_home_tab_that_breaks_says_so_in_the_tab(office):
    speaks_through(office, roster=broken)

    office.slack.open_home("ada")
    office.settle()

    assert "Something broke here" in office.slack.sees_home("ada")


def test_a_rate_limited_answer_is_waited_out(office):
    office.slack.fault("response_url", retry_after=1, times=2)

    assert office.types("ada", "/gpu help").startswith("Ask in plain words: `who has")


@pytest.mark.parametrize("status", [500, 503])
def test_an_answer_that_slack_stumbles_over_is_sent_again(office, status):
    office.slack.fault("response_url", http_status=status)

    assert office.types("ada", "/gpu help").startswith("Ask in plain words: `who has")


def test_a_response_url_that_is_over_sends_the_answer_to_the_person(office):
    office.slack.fault("response_url", "used_url", http_status=404)

    office.types("ada", "/gpu help")

    assert office.sees("ada", "@ada").startswith("Ask in plain words: `who has")


@pytest.mark.parametrize("stumble", [{"http_status": 503}, {"error": "internal_error"}])
def test_an_answer_that_slack_stumbles_over_on_the_way_to_the_person_is_sent_again(office, stumble):
    office.slack.fault("response_url", "expired_url", http_status=404)
    office.slack.fault("chat.postMessage", **stumble)

    office.types("ada", "/gpu help")

    assert office.sees("ada", "@ada").startswith("Ask in plain words: `who has")


def test_an_answer_whose_chart_slack_refuses_comes_without_it(office):
    office.slack.fault("response_url", "invalid_blocks", http_status=400)

    seen = office.types("ada", "/cost forecast")

    assert "expected" in seen
    assert "(chart" not in seen
    assert "\nMachine | Type | USD a day | Runs\n" in seen


def test_an_answer_whose_blocks_slack_refuses_comes_as_text(office):
    office.slack.fault("response_url", "invalid_blocks", http_status=400, times=4)

    seen = office.types("ada", "/cost forecast")

    assert "expected" in seen
    assert office.slack.last("ada", "#gpus").blocks == ()


def test_a_button_of_another_version_is_answered(office):
    button = {"type": "button", "text": {"type": "plain_text", "text": "Old"}, "action_id": "old_thing", "value": "1"}
    office.valet.client.chat_postMessage(
        channel=GPUS, text="Of before.", blocks=[section("Of before."), {"type": "actions", "elements": [button]}]
    )

    assert office.presses("ada", "Old").startswith("This button is from another version of Valet")


def test_a_command_of_another_name_is_told_the_right_ones(office):
    office.slack.commands = [{"command": "/gpus"}]  # an app from before the commands were renamed

    assert office.types("ada", "/gpus status") == "Valet is set to answer `/gpu` and `/cost`, not `/gpus`."


@pytest.mark.parametrize("kind", ["command", "press", "mention"])
def test_people_of_another_workspace_are_refused(office, kind):
    office.types("ada", "/gpu claim train-7")
    inner = office.slack.deliver

    def foreign(what, payload):
        """As Slack Connect brings a stranger's doings."""
        payload = json.loads(
            json.dumps(payload).replace("T0VALET", "T0OTHER") if kind != "mention" else json.dumps(payload)
        )
        if kind == "mention":
            payload["event"]["user_team"] = "T0OTHER"
        return inner(what, payload)

    office.slack.deliver = foreign
    if kind == "command":
        office.types("ada", "/gpu release train-7")
    elif kind == "press":
        office.presses("ada", "Release train-7")
    else:
        office.types("ada", "@valet release train-7")

    assert office.sees("ada") == "Valet only answers people of its own workspace."
    still_open = "SELECT count(*) FROM claims WHERE ended_at IS NULL AND id <> ?"
    assert office.valet.ctx.store.reading().execute(still_open, [CLAIM]).fetchone()[0] == 1


def test_before_slack_has_said_who_we_are_nobody_is_trusted(office):
    office.valet.identity = Identity()
    speaks_through(office)

    assert office.types("ada", "/gpu claim train-7").startswith("Valet is still getting through to Slack.")


def test_an_event_delivered_twice_acts_once(office):
    inner = office.slack.deliver
    office.slack.deliver = lambda kind, payload: [inner(kind, payload) for _ in range(3)][-1]

    office.types("ada", "@valet claim train-7 for 2h")

    assert len([one for one in office.slack.sees("ada", "#gpus") if one.startswith("*train-7* is @Ada's")]) == 1


def test_a_mention_by_another_bot_is_left_alone(office):
    event = {"type": "app_mention", "user": "U0OTHER", "bot_id": "B0OTHER", "text": "<@U0VALET01> status", "ts": "1.1"}
    body = {"type": "event_callback", "event_id": "Ev1", "team_id": "T0VALET", "event": event | {"channel": GPUS}}

    status = dispatched(office.valet.slack_app.app, body)
    office.settle()

    assert status == 200
    assert office.sees("ada") == ""


def test_a_mention_in_a_thread_is_answered_in_the_thread(office):
    said = office.slack.message("ada", "#gpus", "who has train-7?")

    office.slack.mention("bob", "#gpus", "status train-7", thread_ts=said.ts)
    office.settle()

    thread = office.slack.sees("bob", "#gpus", said.ts)
    assert len(thread) == 3
    assert "*train-7*" in thread[-1]


@pytest.mark.parametrize("line", ["help stop", "stop help", "stop --help"])
def test_help_of_one_verb_is_just_that(office, line):
    seen = office.types("ada", f"/gpu {line}").splitlines()

    assert [row.partition(" <")[0].partition(" idle")[0] for row in seen[:-1]] == ["`/gpu stop", "`/gpu stop"]
    assert seen[-1].startswith("[Look] [Share]")


@pytest.mark.parametrize("name", ["train-7.", "`train-7`", "'train-7'"])
def test_a_name_as_it_stands_in_a_sentence_is_found(office, name):
    assert "*train-7*" in office.types("ada", f"/gpu status {name}")


def test_a_bare_mention_gets_ones_desk_which_nobody_else_sees(office):
    seen = office.types("ada", "@valet")

    assert seen.startswith("*You hold* nothing just now.\n*Free now*")
    assert "You hold" not in office.sees("bob")


def test_another_persons_mention_is_kept_as_a_word(office):
    assert "I don't know" in office.types("ada", "@valet claim @bob")


def test_a_press_on_the_home_tab_is_answered_and_the_tab_drawn_anew(office):
    office.types("ada", "/gpu claim train-7")
    office.slack.open_home("ada")
    office.settle()
    home = office.slack.homes[ADA]

    office.slack.press("ada", home, RELEASE_BUTTON)
    office.settle()

    assert "[Release train-7]" not in office.slack.sees_home("ada")
    assert "released *train-7*" in office.sees("ada", "@ada")


def test_the_home_tab_is_not_published_for_its_messages_tab(office):
    event = {"type": "app_home_opened", "user": ADA, "channel": "D0ADA0001", "tab": "messages", "event_ts": "1.1"}

    dispatched(
        office.valet.slack_app.app, {"type": "event_callback", "event_id": "E", "team_id": "T0VALET", "event": event}
    )
    office.settle()

    assert office.slack.sees_home("ada") == ""


def test_a_crowded_home_tab_is_fit_to_publish(office):
    from handlers import home

    for name in ("train-7", "train-3", "nb-2"):
        office.types("ada", f"/gpu claim {name} for 4h {'&' * 300}")

    assert objections(home.opened(office.valet.ctx, ADA), "home") == []


@settings(max_examples=examples(80), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["text", "user_id", "channel_id", "team_id", "command"]),
        st.one_of(st.none(), st.text(max_size=40)),
        max_size=5,
    )
)
def test_no_form_of_a_command_escapes(office, fields):
    body = commands(**(fields | {"command": "/gpu"}))
    body = {key: value for key, value in body.items() if value is not None}

    assert dispatched(office.valet.slack_app.app, body) == 200


@pytest.mark.parametrize("missing", ["user", "actions", "team", "channel", "container", "response_url"])
def test_a_press_with_something_missing_is_acknowledged(office, missing):
    body = {
        "type": "block_actions",
        "team": {"id": "T0VALET"},
        "user": {"id": ADA, "team_id": "T0VALET"},
        "channel": {"id": GPUS},
        "container": {"type": "message"},
        "actions": [{"type": "button", "action_id": CLAIM_BUTTON, "block_id": "b", "value": "i-none"}],
        "response_url": f"{office.slack.url}/none",
    }
    del body[missing]
    if missing == "actions":
        body["actions"] = [{"type": "button", "action_id": "", "block_id": "b"}]

    assert dispatched(office.valet.slack_app.app, body) == 200


@pytest.mark.slow
def test_sixty_commands_at_once_are_all_acknowledged_however_slow_the_services(office):
    """Bolt's own five threads leave the sixth command unacknowledged; ours are acknowledged before any work."""
    gate, stock = threading.Event(), ThreadPoolExecutor(5)
    face = speaks_through(office, clock=lambda: gate.wait(60) and office.clock())
    bolt = App(
        client=office.valet.client,
        authorize=lambda: AuthorizeResult(enterprise_id=None, team_id="T0VALET", bot_token="xoxb-sandbox"),
        signing_secret="unused",
        token_verification_enabled=False,
        listener_executor=stock,
    )

    @bolt.command("/gpu")
    def slow(ack):
        ack()
        gate.wait(60)

    with ThreadPoolExecutor(10) as sockets:
        ours = list(sockets.map(lambda _: dispatched(face.app, commands()), range(60)))
        bolts = list(sockets.map(lambda _: dispatched(bolt, commands()), range(6)))
    gate.set()
    stock.shutdown(wait=True)

    assert ours == [200] * 60
    assert sorted(bolts) == [200] * 5 + [404]


@pytest.mark.slow
def test_whoever_waited_is_answered_in_the_end(office):
    gate = threading.Event()
    speaks_through(office, clock=lambda: gate.wait(60) and office.clock())
    for _ in range(60):
        office.slack.command("ada", "#gpus", "/gpu status")

    gate.set()
    office.settle()

    assert len(office.slack.sees("ada", "#gpus")) == 60
