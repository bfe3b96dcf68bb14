"""Every form of the product, looked at by judges that we did not write."""

import os
from pathlib import Path

import pytest
from slack_sdk.models.views import View

from bot.sandbox.slack import SandboxServer
from bot.sandbox.slack.methods import call
from bot.sandbox.slack.people import ADA, GPUS
from handlers import forms, topics
from handlers.blocks.forms import call_of, call_value
from handlers.blocks.parts import FormCall, Reply, filled
from tests.handlers.pieces import objections
from tests.live.browser import Browser

HOSTILE = "<!channel> & `x` *y* мой :fire: " + "n" * 90


def drawn(office, name, **given):
    return forms.drawn(office.valet.ctx, FormCall(name, filled(**given)), ADA, GPUS)


@pytest.mark.parametrize("name", topics.FORMS)
def test_a_form_is_taken_by_every_judge_empty_and_filled_in(office, name):
    office.fleet.change("train-7", name=HOSTILE)
    office.reports("dgx-1", [0, 95] * 4)
    office.tick()
    machine = office.machine("train-7").id

    for given in ({}, {"machine": machine}, {"machine": "dgx-1", "note": HOSTILE * 9, "length": "l3600000"}):
        view = drawn(office, name, **given)
        assert objections(Reply("a form", view["blocks"]), "modal") == []
        View(**view).validate_json()
        assert len(view["private_metadata"]) < 3000
        assert len(view["blocks"]) <= 100


@pytest.mark.parametrize("name", topics.FORMS)
def test_every_menu_of_a_form_offers_what_slack_takes(office, name):
    view = drawn(office, name) | {"state": {"values": {}}}

    for block in view["blocks"]:
        element = block.get("element", {})
        if element.get("type", "").endswith("external_select"):
            offered = forms.options(office.valet.ctx, view, element["action_id"], ADA, "")
            options = [each for group in offered.get("option_groups", [offered]) for each in group["options"]]
            assert len(options) <= 100
            assert len({each["value"] for each in options}) == len(options)
            assert all(0 < len(each["text"]["text"]) <= 75 and 0 < len(each["value"]) <= 150 for each in options)
            assert element["action_id"] in topics.FORMS[name].menus


@pytest.mark.parametrize("name", topics.FORMS)
def test_a_form_comes_back_from_its_button_as_it_was(name):
    call = FormCall(name, filled(machine="i-0abc", note='a "note" with | and {'))

    assert call_of(call_value(call)) == call


def test_a_form_that_asks_for_nothing_can_only_be_closed(office):
    view = drawn(office, "launch")

    assert "There is nothing to launch" in view["blocks"][0]["text"]["text"]
    assert "submit" not in view


def test_a_form_of_a_verb_is_a_form_of_its_topic():
    of_verbs = {verb.form.name for verb in (*topics.GPU_VERBS, *topics.COST_VERBS) if verb.form}

    assert of_verbs <= topics.FORMS.keys()


def test_the_menu_of_machines_is_answered_for_gone_and_unknown_forms(office):
    assert forms.options(office.valet.ctx, {"callback_id": "of an older version"}, "machine", ADA, "x") == {
        "options": []
    }


@pytest.mark.parametrize(
    ("verb", "machine", "told"),
    [
        ("why", "train-7", "*train-7 has been"),
        ("history", "train-7", "Nobody has done anything to train-7"),
        ("adopt", "dgx-1", "I don't know which unix user you are on dgx-1"),
        ("count", "dgx-1", "*dgx-1* has 8 GPUs, and its agent sees all of them."),
        ("retire", "dgx-1", "The agent of dgx-1 still reports"),
    ],
)
def test_a_verb_without_its_machine_asks_for_it_in_a_form(office, verb, machine, told):
    office.reports("train-7", [0] * 8)
    office.reports("dgx-1", [0, 95] * 4)
    office.tick()

    office.types("bob", f"/gpu {verb}")

    assert told in (office.submits("bob", machine=machine) or office.sees("bob"))


def test_no_bare_verb_tells_people_to_type_its_machine(office):
    for verb in dict.fromkeys(verb.name for verb in topics.GPU_VERBS):
        office.types("ada", f"/gpu {verb}")
        asked = office.opens("ada") or office.sees("ada")
        assert "Which instance? Try" not in asked, verb
        if office.opens("ada"):
            office.closes("ada", all_of_them=True)


def test_an_owned_machine_is_renamed_by_the_form(office):
    office.reports("dgx-1", [0] * 8)
    office.tick()
    office.types("bob", "/gpu rename")

    assert "! What should dgx-1 be called?" in office.submits("bob", machine="dgx-1", name="two words")
    assert office.submits("bob", machine="dgx-1", name="dgx-one") == ""
    assert "*dgx-one*" in office.types("bob", "/gpu dgx-one")


@pytest.mark.slow
@pytest.mark.parametrize(("width", "height"), [(1400, 900), (390, 844)])
def test_every_form_is_drawn_by_the_page_and_fits(office, tmp_path, width, height):
    """Pictures of them are left in VALET_PICTURES, where that names a folder."""
    folder = Path(os.environ.get("VALET_PICTURES") or tmp_path)
    office.reports("dgx-1", [0, 95] * 4)
    office.tick()

    with SandboxServer(office.slack), Browser(width, height) as browser:
        browser.go(f"{office.slack.url}/#ada/gpus")
        browser.until("document.querySelector('#title')?.textContent === '# gpus'")
        for name in topics.FORMS:
            view = drawn(office, name, machine="dgx-1")
            opening = {"trigger_id": office.slack.new_trigger(ADA), "view": view}
            call(office.slack, "views.open", opening, token=office.slack.bot_token)
            browser.until(f"document.querySelector('dialog')?.innerText.includes({view['title']['text']!r})")
            browser.picture(folder / f"{name}-{width}.png")
            assert browser.run("document.querySelector('dialog').scrollWidth") <= width
            office.closes("ada")
            browser.until("!document.querySelector('dialog')")
        assert browser.complaints == []
