"""Forms, menus that ask while one types, shortcuts and direct messages, as Slack plays and refuses them."""

import pytest
from slack_sdk.errors import SlackApiError

from bot.errors import NotFound, Refused, Unreachable
from bot.sandbox.slack import options_text
from bot.sandbox.slack.people import ADA, GPUS
from bot.sandbox.slack.views import TROUBLE


def plain(words):
    return {"type": "plain_text", "text": words}


def option(name, value=""):
    return {"text": plain(name), "value": value or name}


def asked(block_id, element, **more):
    return {"type": "input", "block_id": block_id, "label": plain(block_id.title()), "element": element, **more}


def form(*blocks, title="Claim", **more):
    return {"type": "modal", "title": plain(title), "submit": plain("Go"), "blocks": list(blocks), **more}


MACHINE = {"type": "external_select", "action_id": "machine", "min_query_length": 0}
GPUS_OF_IT = {"type": "number_input", "action_id": "gpus", "is_decimal_allowed": False, "max_value": "8"}
UNTIL = {"type": "datetimepicker", "action_id": "until"}
FORM = form(asked("machine", MACHINE), asked("gpus", GPUS_OF_IT), asked("until", UNTIL, optional=True))
FLEET = {"option_groups": [{"label": plain("Free now"), "options": [option("train-3", "i-3"), option("nb-2", "i-2")]}]}


class App:
    """An app whose answers a test gives: payload's type -> answer; it keeps what it heard."""

    def __init__(self):
        self.heard, self.answers = [], {}

    def __call__(self, kind, payload):
        self.heard.append(payload)
        answer = self.answers.get(payload.get("type", kind))
        return answer(payload) if callable(answer) else answer

    @property
    def last(self):
        return self.heard[-1]


@pytest.fixture
def app(slack):
    slack.deliver = App()
    return slack.deliver


@pytest.fixture
def opened(slack, app, client):
    """Opens a form by a command; returns how often one likes."""

    def open_form(view=FORM):
        slack.command("ada", "#gpus", "/gpu claim")
        client.views_open(trigger_id=app.last["trigger_id"], view=view)
        return slack.modal("ada")

    app.answers["block_suggestion"] = FLEET
    return open_form


def test_a_trigger_is_good_once_and_for_three_seconds(slack, app, client, elapsed):
    slack.command("ada", "#gpus", "/gpu claim")
    client.views_open(trigger_id=app.last["trigger_id"], view=FORM)
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        client.views_open(trigger_id=app.last["trigger_id"], view=FORM)

    slack.command("ada", "#gpus", "/gpu claim")
    elapsed.skip(3.1)
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        client.views_open(trigger_id=app.last["trigger_id"], view=FORM)


def test_what_is_filled_in_stands_in_the_form_and_is_submitted(slack, app, opened):
    view = opened()
    slack.fill("ada", view, {"machine": "train-3", "Gpus": "4", "until": 1_763_985_600})

    assert slack.sees_modal("ada").splitlines() == [
        "# Claim",
        "Machine: [train-3 v]",
        "Gpus: [4_]",
        "Until (optional): [2025-11-24 12:00 v]",
        "[Go]",
    ]
    assert slack.submit("ada", view) == {}
    values = app.last["view"]["state"]["values"]
    assert values["machine"]["machine"]["selected_option"]["value"] == "i-3"
    assert values["until"]["until"]["selected_date_time"] == 1_763_985_600
    assert slack.modal("ada") is None


def test_slack_itself_refuses_what_is_left_out_or_no_number(slack, app, opened):
    view = opened()

    assert slack.submit("ada", view, {"gpus": "many"}) == {
        "machine": "Please complete this required field.",
        "gpus": "Please enter a whole number.",
    }
    assert slack.submit("ada", view, {"machine": "nb-2", "gpus": "9"}) == {"gpus": "Please enter 8 or less."}
    with pytest.raises(Refused, match="takes a moment in seconds"):
        slack.fill("ada", view, {"until": "tomorrow"})


def test_a_menu_asks_for_what_is_typed_and_only_its_options_can_be_chosen(slack, app, opened):
    view = opened()

    assert options_text(slack.suggest("ada", view, "Machine", "tr")) == "(Free now)\ntrain-3\nnb-2"
    assert (app.last["value"], app.last["action_id"], app.last["view"]["id"]) == ("tr", "machine", view.id)
    with pytest.raises(Refused, match="no option 'dgx-9' in machine, but 'train-3', 'nb-2'"):
        slack.fill("ada", view, {"machine": "dgx-9"})


def test_a_menu_waits_for_three_letters_unless_told_otherwise(slack, app, opened):
    view = opened(form(asked("machine", {"type": "external_select", "action_id": "machine"})))
    heard = len(app.heard)

    assert slack.suggest("ada", view, "machine", "tr") == {"options": []}
    assert len(app.heard) == heard
    assert slack.suggest("ada", view, "machine", "tra") == FLEET


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {"text": "none"},
        {"options": [option("x" * 76)]},
        {"options": [option("x", "v" * 151)]},
        {"options": [option(str(number)) for number in range(101)]},
        {
            "option_groups": [
                {"label": plain(side), "options": [option(f"{side}{n}") for n in range(51)]} for side in "ab"
            ]
        },
        {"option_groups": [{"label": plain("empty"), "options": []}]},
        {"options": [option("a")], "option_groups": FLEET["option_groups"]},
    ],
)
def test_options_that_slack_cannot_take_are_not_shown(slack, app, opened, answer):
    view = opened()
    app.answers["block_suggestion"] = answer

    with pytest.raises(Refused, match="could not be loaded"):
        slack.suggest("ada", view, "machine", "")
    assert len(slack.refusals) == 1


def test_options_that_come_late_are_not_shown(slack, app, opened, elapsed):
    view = opened()
    app.answers["block_suggestion"] = lambda _payload: (elapsed.skip(3.1), FLEET)[1]

    with pytest.raises(Refused, match="could not be loaded: The app did not acknowledge in 3 s"):
        slack.suggest("ada", view, "machine", "")


def test_a_late_answer_to_a_submission_leaves_the_form_open(slack, app, opened, elapsed):
    view = opened(form(asked("gpus", GPUS_OF_IT)))
    app.answers["view_submission"] = lambda _payload: elapsed.skip(3.1)

    assert slack.submit("ada", view, {"gpus": "1"}) == {"": TROUBLE}
    assert slack.sees_modal("ada").splitlines()[1] == f"! {TROUBLE}"


def test_errors_stand_beside_their_fields(slack, app, opened):
    view = opened()
    app.answers["view_submission"] = {"response_action": "errors", "errors": {"machine": "Bob has it until 18:00."}}

    slack.submit("ada", view, {"machine": "train-3", "gpus": "1"})

    assert slack.sees_modal("ada").splitlines()[1:3] == ["Machine: [train-3 v]", "! Bob has it until 18:00."]


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"nowhere": "No."}},
        {"response_action": "errors", "errors": {"words": "No."}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "errors", "errors": {"gpus": ""}},
        {"response_action": "errors"},
        {"response_action": "close"},
        {"response_action": "update", "view": form({"type": "marquee"})},
        {"response_action": "push", "view": form(title="x" * 25)},
    ],
)
def test_an_answer_that_slack_cannot_take_is_trouble_for_whoever_submits(slack, app, opened, answer):
    words = {"type": "section", "block_id": "words", "text": plain("words")}
    view = opened(form(words, asked("gpus", GPUS_OF_IT)))
    app.answers["view_submission"] = answer

    assert slack.submit("ada", view, {"gpus": "1"}) == {"": TROUBLE}
    assert len(slack.refusals) == 1


def test_three_forms_lie_on_top_of_each_other_and_clear_closes_all(slack, app, client, opened):
    opened(form(asked("gpus", GPUS_OF_IT), title="First"))
    for title in ("Second", "Third"):
        app.answers["view_submission"] = {
            "response_action": "push",
            "view": form(asked("gpus", GPUS_OF_IT), title=title),
        }
        slack.submit("ada", slack.modal("ada"), {"gpus": "1"})
    assert [view.content["title"]["text"] for view in slack.modals[slack.person("ada").id]] == [
        "First",
        "Second",
        "Third",
    ]
    assert slack.submit("ada", slack.modal("ada"), {"gpus": "1"}) == {"": TROUBLE}  # a fourth
    slack.close("ada", slack.modal("ada"))
    assert slack.sees_modal("ada").startswith("# Second")

    app.answers["view_submission"] = {"response_action": "clear"}
    slack.submit("ada", slack.modal("ada"))
    assert slack.modal("ada") is None


def test_a_changed_form_keeps_what_was_filled_in_and_an_old_hash_changes_nothing(slack, client, opened):
    view = opened(form(asked("gpus", GPUS_OF_IT)))
    slack.fill("ada", view, {"gpus": "3"})
    client.views_update(view_id=view.id, hash=view.hash, view=form(asked("gpus", GPUS_OF_IT), title="Later"))

    assert slack.sees_modal("ada").splitlines()[:2] == ["# Later", "Gpus: [3_]"]
    with pytest.raises(SlackApiError, match="hash_conflict"):
        client.views_update(view_id=view.id, hash=view.hash, view=FORM)
    slack.close("ada", view)
    with pytest.raises(SlackApiError, match="not_found"):
        client.views_update(view_id=view.id, view=FORM)


def test_a_field_tells_the_app_at_once_only_where_it_asks_to(slack, app, opened):
    boxes = {"type": "checkboxes", "action_id": "days", "options": [option("Mon"), option("Tue")]}
    view = opened(form(asked("days", boxes, dispatch_action=True), asked("gpus", GPUS_OF_IT)))
    heard = len(app.heard)
    slack.fill("ada", view, {"gpus": "2"})
    assert len(app.heard) == heard

    slack.fill("ada", view, {"days": ["Mon", "Tue"]})
    assert [one["value"] for one in app.last["actions"][0]["selected_options"]] == ["Mon", "Tue"]
    assert app.last["view"]["state"]["values"]["gpus"]["gpus"]["value"] == "2"
    assert app.last["trigger_id"]


def test_a_chosen_channel_answers_by_a_url_of_its_own(slack, app, opened):
    where = {"type": "conversations_select", "action_id": "to", "response_url_enabled": True}
    view = opened(form(asked("to", where | {"default_to_current_conversation": True})))
    slack.submit("ada", view)

    (url,) = app.last["response_urls"]
    assert (url["channel_id"], url["block_id"], url["action_id"]) == (GPUS, "to", "to")


def test_a_closed_form_is_told_of_where_it_asks_to_be(slack, app, opened):
    view = opened(form(asked("gpus", GPUS_OF_IT), notify_on_close=True))
    slack.close("ada", view)

    assert (app.last["type"], app.last["is_cleared"]) == ("view_closed", False)


def test_a_form_without_submit_cannot_be_submitted(slack, opened):
    view = opened({"type": "modal", "title": plain("Why"), "blocks": [{"type": "divider"}]})

    with pytest.raises(NotFound, match="no button to submit"):
        slack.submit("ada", view)


def test_a_modal_is_too_large_only_by_its_bytes(client, slack, app):
    texts = [{"type": "section", "text": plain("x" * 2900)} for _ in range(20)]
    slack.command("ada", "#gpus", "/gpu claim")
    client.views_open(trigger_id=app.last["trigger_id"], view=form(*texts))
    assert slack.modal("ada")

    slack.command("ada", "#gpus", "/gpu claim")
    with pytest.raises(SlackApiError, match="view_too_large"):
        client.views_open(trigger_id=app.last["trigger_id"], view=form(*texts * 5))


def test_shortcuts_come_from_the_manifest(slack, app, client):
    slack.shortcuts = [
        {"name": "Find a GPU", "type": "global", "callback_id": "find"},
        {"name": "Ask about it", "type": "message", "callback_id": "about"},
    ]
    slack.shortcut("ada", "Find a GPU")
    assert (app.last["type"], app.last["callback_id"]) == ("shortcut", "find")
    client.views_open(trigger_id=app.last["trigger_id"], view=FORM)

    said = slack.message("bob", "#gpus", "train-3 is slow")
    slack.shortcut("ada", "about", said)
    assert (app.last["type"], app.last["message"]["text"]) == ("message_action", "train-3 is slow")
    with pytest.raises(NotFound, match="no global shortcut Ask about it"):
        slack.shortcut("ada", "Ask about it")


MANIFEST = {
    "features": {"app_home": {"messages_tab_enabled": True, "messages_tab_read_only_enabled": False}},
    "oauth_config": {"scopes": {"bot": ["chat:write", "im:history"]}},
    "settings": {"event_subscriptions": {"bot_events": ["message.im"]}, "interactivity": {"is_enabled": True}},
}


def changed(manifest, *path, to):
    head, *rest = path
    return {**manifest, head: changed(manifest[head], *rest, to=to) if rest else to}


def test_a_direct_message_reaches_an_app_installed_for_it(slack, app):
    slack.install(MANIFEST)
    slack.message("ada", "@ada", "look", files={"usage.csv": b"a,b"})

    event = app.last["event"]
    assert (event["type"], event["channel_type"], event["text"]) == ("message", "im", "look")
    assert (event["subtype"], event["files"][0]["name"], event["files"][0]["size"]) == ("file_share", "usage.csv", 3)


@pytest.mark.parametrize(
    "manifest",
    [
        changed(MANIFEST, "settings", "event_subscriptions", "bot_events", to=[]),
        changed(MANIFEST, "oauth_config", "scopes", "bot", to=["chat:write"]),
    ],
)
def test_without_event_or_scope_a_direct_message_is_heard_by_nobody(slack, app, manifest):
    slack.install(manifest)
    slack.message("ada", "@ada", "hello")

    assert app.heard == []


def test_a_home_tab_that_is_off_is_neither_opened_nor_published(slack, app, client):
    slack.install(MANIFEST)
    slack.open_home("ada")

    assert app.heard == []
    with pytest.raises(SlackApiError, match="not_enabled"):
        client.views_publish(user_id=ADA, view={"type": "home", "blocks": [{"type": "divider"}]})


@pytest.mark.parametrize("key", ["messages_tab_enabled", "messages_tab_read_only_enabled"])
def test_a_messages_tab_that_is_off_has_no_field_to_type_in(slack, app, key):
    slack.install(changed(MANIFEST, "features", "app_home", key, to=key.endswith("only_enabled")))

    with pytest.raises(Refused, match="has been turned off"):
        slack.message("ada", "@ada", "hello")


def test_an_app_hears_its_own_direct_messages_and_their_changes(slack, app, client):
    posted = client.chat_postMessage(channel=slack.direct(slack.person("ada").id).id, text="Welcome.")
    client.chat_update(channel=posted["channel"], ts=posted["ts"], text="Welcome back.")
    said = slack.message("ada", "@ada", "thanks")
    slack.edit("ada", said, "thank you")

    events = [payload["event"] for payload in app.heard]
    assert [(event.get("bot_id", ""), event.get("subtype", "")) for event in events] == [
        ("B0VALET01", ""),
        ("", "message_changed"),
        ("", ""),
        ("", "message_changed"),
    ]
    assert events[3]["message"]["text"] == "thank you"


def test_a_click_that_the_app_cannot_take_is_told_of(slack, client):
    go = {"type": "button", "text": plain("Go"), "action_id": "go"}
    client.chat_postMessage(channel=GPUS, text="x", blocks=[{"type": "actions", "elements": [go]}])

    def nobody(_kind, _payload):
        raise Unreachable("The app answered with status 404.")

    slack.deliver = nobody
    assert slack.presses("ada", "Go") == 'Valet did not respond: your click failed with the error "operation_timeout"'
    slack.is_interactive = False
    slack.click("ada", "#gpus", "Go")
    assert slack.latest("ada", "#gpus") == "This app is not configured to handle interactive responses."


def test_what_is_chosen_in_a_message_stays_until_the_next_press(slack, app, client):
    menu = {"type": "static_select", "action_id": "sort", "placeholder": plain("Sort"), "options": [option("by price")]}
    go = {"type": "button", "text": plain("Go"), "action_id": "go"}
    client.chat_postMessage(
        channel=GPUS, text="x", blocks=[{"type": "actions", "block_id": "b", "elements": [menu, go]}]
    )
    slack.pick("ada", "#gpus", "Sort", "by price")
    slack.click("ada", "#gpus", "Go")

    assert app.last["state"]["values"]["b"]["sort"]["selected_option"]["value"] == "by price"
    slack.click("bob", "#gpus", "Go")
    assert app.last["state"]["values"]["b"]["sort"]["selected_option"] is None
