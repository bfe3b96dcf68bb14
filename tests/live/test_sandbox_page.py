"""The sandbox's page in a real browser."""

import pytest

from bot.domain.clock import system_clock
from bot.sandbox.slack import Person, SandboxServer, SandboxSlack
from bot.sandbox.slack.methods import call
from tests.live.browser import Browser

HOSTILE = "<img src=x onerror=window.hacked=1>"


def plain(words):
    return {"type": "plain_text", "text": words}


def mrkdwn(words):
    return {"type": "section", "text": {"type": "mrkdwn", "text": words}}


def button(label, action, **more):
    return {"type": "button", "text": plain(label), "action_id": action, **more}


CONFIRM = {
    "title": plain("Sure?"),
    "text": plain("Disks are lost."),
    "confirm": plain("Stop it"),
    "deny": plain("Keep it"),
}
CARD = [mrkdwn("*Stop train-7?*"), {"type": "actions", "elements": [button("Stop", "stop", confirm=CONFIRM)]}]
FORM = {
    "type": "modal",
    "title": plain("Claim"),
    "submit": plain("Claim it"),
    "blocks": [
        {
            "type": "input",
            "block_id": "hours",
            "label": plain("Hours"),
            "element": {"type": "plain_text_input", "action_id": "h"},
        }
    ],
}


@pytest.fixture(scope="module")
def browser():
    with Browser() as opened:
        yield opened


@pytest.fixture
def slack():
    sandbox = SandboxSlack(system_clock)
    sandbox.deliver = lambda _kind, _payload: None
    sandbox.shortcuts = [{"name": "Claim a GPU", "type": "global", "callback_id": "claim", "description": "Take one"}]
    sandbox.commands = [{"command": "/gpu", "description": "GPUs", "usage_hint": "status | stop <instance>"}]
    with SandboxServer(sandbox):
        yield sandbox


@pytest.fixture
def page(slack, browser):
    browser.complaints.clear()
    browser.go(f"{slack.url}/#ada/gpus")
    browser.until("document.querySelector('#title')?.textContent === '# gpus'")
    yield browser
    browser.go("about:blank")  # before the server goes, or the page would complain of that


def last_message(browser, words):
    browser.until(f"[...document.querySelectorAll('.message')].at(-1)?.innerText.includes({words!r})")


def test_a_command_is_completed_as_far_as_slack_does_and_answered(slack, page):
    slack.deliver = lambda _kind, payload: {"text": f"you asked for *{payload['text']}*"}

    page.type("#composer", "/g", enter=False)
    page.until("document.querySelector('.suggestions li b')?.textContent === '/gpu'")
    page.key("Tab")
    page.until("document.querySelector('.usage-hint').textContent === '/gpu status | stop <instance>'")
    page.type("#composer", "sta", enter=False)
    assert page.run("document.querySelectorAll('.suggestions li').length") == 0
    page.key("Enter")

    last_message(page, "you asked for sta")
    last_message(page, "Only visible to you")


def test_a_button_asks_first_and_the_card_changes_in_place(slack, page):
    def deliver(_kind, payload):
        where = {"channel": payload["channel"]["id"], "ts": payload["message"]["ts"]}
        call(slack, "chat.update", where | {"text": "Stopped by Ada", "blocks": []}, token=slack.bot_token)

    slack.deliver = deliver
    call(slack, "chat.postMessage", {"channel": "C0GPUS001", "text": "x", "blocks": CARD}, token=slack.bot_token)
    page.press("Stop")
    page.press("Keep it")
    page.press("Stop")
    page.press("Stop it")

    last_message(page, "Stopped by Ada")
    assert page.run("document.querySelectorAll('.message').length") == 1


def test_a_form_shows_what_was_refused_and_goes_away(slack, page):
    def deliver(kind, payload):
        if kind == "slash_commands":
            call(slack, "views.open", {"trigger_id": payload["trigger_id"], "view": FORM}, token=slack.bot_token)
            return None
        hours = payload["view"]["state"]["values"]["hours"]["h"]["value"]
        return None if hours == "4" else {"response_action": "errors", "errors": {"hours": "A number, please."}}

    slack.deliver = deliver
    page.type("#composer", "/gpu claim")
    page.type("dialog input", "x")
    page.until("document.querySelector('dialog .error')?.textContent === 'A number, please.'")
    page.run("document.querySelector('dialog input').select()")
    page.type("dialog input", "4")

    page.until("!document.querySelector('dialog')")


CHOICES = [
    {
        "label": plain("Free now"),
        "options": [{"text": plain(name), "value": name} for name in ("train-3", "nb-2", HOSTILE)],
    }
]
WIDE_FORM = {
    "type": "modal",
    "title": plain("Claim"),
    "submit": plain("Claim it"),
    "blocks": [
        {
            "type": "input",
            "block_id": block_id,
            "label": plain(block_id.title()),
            "element": {"action_id": block_id, **element},
        }
        for block_id, element in {
            "machine": {"type": "external_select", "min_query_length": 0},
            "gpus": {"type": "number_input", "is_decimal_allowed": False},
            "until": {"type": "datetimepicker", "initial_date_time": 1_763_985_600},
            "team": {"type": "multi_static_select", "option_groups": CHOICES},
            "who": {"type": "users_select", "initial_user": "U0BOB0001"},
        }.items()
    ],
}


def plays_forms(slack, heard):
    """An app that opens a form by command or shortcut, and keeps what it hears."""

    def deliver(kind, payload):
        heard.append(payload)
        if payload.get("type") == "block_suggestion":
            options = [option for option in CHOICES[0]["options"] if payload["value"] in option["value"]]
            return {"option_groups": [{**CHOICES[0], "options": options}]} if options else {"options": []}
        if kind == "slash_commands" or payload.get("type") == "shortcut":
            trigger = {"trigger_id": payload["trigger_id"], "view": WIDE_FORM}
            assert call(slack, "views.open", trigger, token=slack.bot_token)["ok"]
        return None

    slack.deliver = deliver


def pick(page, block, typed, label):
    """Choose in a menu of the form by what is typed in it."""
    page.until(f"Boolean(document.querySelector('[data-block={block}] .menu-button-of'))")
    page.run(f"document.querySelector('[data-block={block}] .menu-button-of').click()")
    page.type(f"[data-block={block}] input[type=search]", typed, enter=False)
    options = f"[...document.querySelectorAll('[data-block={block}] li[role=option]')]"
    page.until(f"{options}.map((one) => one.innerText.replace('✓', '').trim()).join() === {label!r}")
    page.key("Enter")


def test_a_form_is_filled_in_by_its_menus_and_submitted(slack, page):
    heard = []
    plays_forms(slack, heard)
    page.type("#composer", "/gpu claim")
    pick(page, "machine", "train", "train-3")
    pick(page, "team", "nb", "nb-2")
    page.type("[data-block=gpus] input", "4", enter=False)
    page.press("Claim it")
    page.until("!document.querySelector('dialog')")

    values = {block: next(iter(held.values())) for block, held in heard[-1]["view"]["state"]["values"].items()}
    assert values["machine"]["selected_option"]["value"] == "train-3"
    assert (values["gpus"]["value"], values["until"]["selected_date_time"]) == ("4", 1_763_985_600)
    assert [option["value"] for option in values["team"]["selected_options"]] == ["nb-2"]
    assert values["who"]["selected_user"] == "U0BOB0001"
    assert page.run("window.hacked") is None
    assert page.complaints == []


def test_a_shortcut_opens_its_form_from_the_menu_of_the_field(slack, page):
    heard = []
    plays_forms(slack, heard)
    page.type("#composer", "/cla", enter=False)
    page.until("document.querySelector('.suggestions li b')?.textContent === 'Claim a GPU'")
    page.key("Tab")

    page.until("document.querySelector('dialog h2')?.textContent === 'Claim'")
    assert heard[-1]["callback_id"] == "claim"


def test_a_data_table_is_sorted_by_a_press_and_leafed_through(slack, page):
    rows = [
        [{"type": "raw_text", "text": f"box-{n}"}, {"type": "raw_number", "value": n % 7, "text": f"${n % 7}"}]
        for n in range(12)
    ]
    head = [{"type": "raw_text", "text": "Machine"}, {"type": "raw_text", "text": "USD/h"}]
    table = {"type": "data_table", "caption": "What runs", "page_size": 10, "rows": [head, *rows]}
    given = {"channel": "C0GPUS001", "text": "x", "blocks": [table]}
    assert call(slack, "chat.postMessage", given, token=slack.bot_token)["ok"]
    last_message(page, "1 to 10 of 12")
    page.run("[...document.querySelectorAll('.sort')].at(-1).click()")
    page.run("[...document.querySelectorAll('.sort')].at(-1).click()")

    assert page.run("document.querySelector('tbody tr').innerText.replace(/\\s+/g, ' ')") == "box-6 $6"
    page.run("document.querySelector('[aria-label=\"Next rows\"]').click()")
    assert page.run("document.querySelectorAll('tbody tr').length") == 2
    assert page.run("document.querySelector('caption').innerText") == "What runs"


def test_where_slack_has_no_field_there_is_none(slack, page):
    slack.can_be_written_to = False
    slack.changed()
    page.run("document.querySelector('#directs button').click()")

    page.until("document.querySelector('.no-field')?.innerText.includes('has been turned off')")
    assert page.run("document.querySelector('.composer').offsetParent === null")


def test_the_guide_takes_to_person_and_channel_with_the_words_unsent(slack, page):
    step = {"topic": "Stop", "title": "Ask", "who": "bob", "where": "#ml-platform", "what": "/gpu status"}
    slack.guide = [step]
    slack.changed()
    page.until("Boolean(document.querySelector('#guide-steps button'))")
    page.run("document.querySelector('#guide-steps button').click()")

    page.until("document.title.startsWith('#ml-platform · Bob')")
    page.until("document.querySelector('#composer').value === '/gpu status'")
    assert slack.messages == {}


def test_moments_are_drawn_in_the_zone_of_whoever_reads(slack, page):
    slack.add_person(Person("U0TOK0001", "tok", "Tok", timezone="Asia/Tokyo"))
    slack.join("tok", "#gpus")
    given = {"channel": "C0GPUS001", "text": "until <!date^1763985600^{date_num} {time}|later>"}
    call(slack, "chat.postMessage", given, token=slack.bot_token)
    last_message(page, "until 2025-11-24 12:00")
    page.run("[...document.querySelectorAll('.person')].find((one) => one.innerText.includes('Tok')).click()")

    last_message(page, "until 2025-11-24 21:00")


def test_hostile_text_stays_text(slack, page):
    slack.add_person(Person("U0EVE0001", "eve", HOSTILE))
    slack.join("eve", "#gpus")
    blocks = [mrkdwn(f"{HOSTILE} <javascript:window.hacked=1|click> <data:text/html,x|here> <@U0EVE0001>")]
    blocks.append({"type": "markdown", "text": f"{HOSTILE} [click](javascript:window.hacked=1)"})
    blocks.append({"type": "table", "rows": [[{"type": "raw_text", "text": HOSTILE}]]})
    blocks.append({"type": "image", "image_url": "https://example.invalid/x", "alt_text": HOSTILE})
    slack.message("eve", "#gpus", f"<script>window.hacked=1</script> {HOSTILE} javascript:window.hacked=1")
    call(slack, "chat.postMessage", {"channel": "C0GPUS001", "text": "x", "blocks": blocks}, token=slack.bot_token)

    last_message(page, "click (javascript:window.hacked=1)")

    assert page.run("window.hacked") is None
    assert page.run("document.querySelectorAll('script').length") == 1
    assert page.run("[...document.querySelectorAll('a')].map((one) => one.protocol)") in ([], ["http:"])
    assert page.run("document.querySelectorAll('.message img').length") == 1


def test_another_person_sees_other_things(slack, page):
    slack.say_privately("U0ADA0001", "C0GPUS001", "for ada alone")
    slack.message("bob", "#gpus", "for all")
    last_message(page, "for all")
    adas = page.run("document.querySelector('#messages').innerText")

    page.run("[...document.querySelectorAll('.person')].find((one) => one.innerText.includes('Cy')).click()")
    page.until("document.title.includes('Cy')")
    cys = page.run("document.querySelector('#messages').innerText")

    assert "for ada alone" in adas
    assert "for ada alone" not in cys
    assert page.run("[...document.querySelectorAll('#channels .name')].map((one) => one.textContent)") == ["gpus"]


def test_it_fits_a_phone_and_the_dark(slack, tmp_path):
    slack.message("bob", "#gpus", "hello " * 30)

    with Browser(400, 800, dark=True) as phone:
        phone.go(f"{slack.url}/#ada/gpus")
        last_message(phone, "hello")
        phone.picture(tmp_path / "phone.png")

        assert phone.run("document.documentElement.scrollWidth") == 400
        assert phone.run("getComputedStyle(document.body).backgroundColor") == "rgb(26, 29, 33)"
        assert phone.complaints == []


def test_nothing_on_the_page_goes_wrong(slack, page):
    slack.message("bob", "#gpus", "hello *there* `code` :tada: https://example.org")
    last_message(page, "hello there")
    page.run("document.querySelector('.reply-button').click()")
    page.type("#thread-composer", "in the thread")
    page.until("document.querySelector('#thread-messages').innerText.includes('in the thread')")
    page.run("document.querySelector('#directs button').click()")
    page.press("Home")
    page.until("document.querySelector('#home').innerText.includes('has not published')")

    assert page.complaints == []
