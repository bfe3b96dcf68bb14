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


def test_a_command_is_completed_sent_and_answered(slack, page):
    slack.deliver = lambda _kind, payload: {"text": f"you asked for *{payload['text']}*"}

    page.type("#composer", "/gpu sta", enter=False)
    page.until("document.querySelector('.suggestions li')?.textContent === '/gpu status'")
    page.key("Tab")
    page.key("Enter")

    last_message(page, "you asked for status")
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
