"""Ada claims by a form what she does not know how to type."""

from dataclasses import replace

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.sandbox.slack.people import ADA
from bot.services.context import exactly
from handlers.blocks.forms import call_of
from store import audit


def idle(office, *names):
    for name in names:
        office.reports(name, 0)
    office.tick()


def test_a_bare_claim_opens_a_form_and_what_it_says_is_done(office):
    office.types("ada", "/gpu claim")

    assert office.submits("ada", machine="train-7", length="4 h", note="fine-tune") == ""

    assert office.sees("bob").startswith("*train-7* is @Ada's until Mon 13:00 UTC (fine-tune).")


def test_the_menu_offers_free_machines_first_and_finds_what_is_typed(office):
    idle(office, "train-7")
    office.types("ada", "/gpu claim nb-2")
    office.types("ada", "/gpu claim")

    offered = office.options("ada", "machine").split("\n")
    assert offered[0] == "(Free now)"
    assert offered[1].startswith("train-7 · 8 x A100")
    assert offered[2] == "(Yours)"
    assert offered[3].startswith("nb-2 ")
    assert offered[4] == "(Others)"
    assert office.options("ada", "machine", "TRAIN-9").split("\n")[1].startswith("train-9")
    assert office.options("ada", "machine", "no such thing") == ""


def test_choosing_a_machine_shows_how_it_stands_and_which_gpus_it_has(office):
    idle(office, "dgx-1")
    office.types("bob", "/gpu claim dgx-1 gpus:2")
    office.types("ada", "/gpu claim")

    seen = office.fills("ada", machine="dgx-1")

    assert "@Bob has GPUs 0-1 to" in seen
    office.submits("ada", which=["GPU 4", "GPU 5"])
    assert office.sees("ada").startswith("GPUs 4-5 of *dgx-1* are @Ada's until")


def test_what_was_typed_stands_in_the_form(office):
    office.types("ada", "/gpu claim for 4h fine-tune")

    office.submits("ada", machine="train-7")

    assert office.sees("ada").startswith("*train-7* is @Ada's until Mon 13:00 UTC (fine-tune).")


def test_a_machine_taken_meanwhile_is_said_in_the_form_with_what_could_be_done(office):
    office.types("ada", "/gpu claim")
    office.types("bob", "/gpu claim train-7 for 4h")

    seen = office.submits("ada", machine="train-7", note="fine-tune")

    assert "*train-7* is @Bob's until Mon 13:00 UTC." in seen
    assert "Note (optional): [fine-tune_]" in seen
    assert office.submits("ada", machine="train-9") == ""
    assert office.sees("ada").startswith("*train-9* is @Ada's until")


def test_a_button_of_what_could_be_done_answers_in_the_form(office):
    office.types("ada", "/gpu claim")
    office.types("bob", "/gpu claim train-7 for 4h")
    office.submits("ada", machine="train-7")

    office.presses("ada", "Ask its holder")

    assert "@Bob" in office.opens("ada")
    assert "[Claim]" not in office.opens("ada")


def test_a_form_that_is_sent_twice_counts_once(office):
    office.types("ada", "/gpu claim")
    view = office.slack.modal("ada")
    office.submits("ada", machine="train-7", length="1 h")
    office.types("ada", "/gpu release train-7")
    office.slack.modals[view.user] = [view]

    seen = office.submits("ada", machine="train-7", length="1 h")

    assert "sent already" in seen
    assert office.types("ada", "/gpu claim train-7").startswith("*train-7* is @Ada's")


def test_an_end_that_is_over_is_said_beside_its_field(office):
    office.types("ada", "/gpu claim")

    seen = office.submits("ada", machine="train-7", until=office.clock.now // 1000 - 60)

    assert "! That is over already. Choose a later time." in seen
    assert office.submits("ada", until=None) == ""


def test_a_form_left_open_past_its_evening_says_so(office):
    office.types("ada", "/gpu claim")
    office.fills("ada", machine="train-7", length="Until tonight 20:00")
    office.passes(12 * HOUR_MS, step=HOUR_MS)

    assert "! That is over already. Choose a later time." in office.submits("ada")


def test_a_machine_that_is_gone_is_said_beside_the_menu(office):
    office.types("ada", "/gpu claim")
    office.fills("ada", machine="scratch")
    office.fleet.terminate("scratch")
    office.passes(75 * MINUTE_MS)

    assert "! That machine is gone. Choose another." in office.submits("ada")


def test_without_a_trigger_a_button_leads_to_the_form(office):
    assert office.types("ada", "@valet claim") == "Which machine do you want to claim?\n[Fill in…]"

    office.presses("ada", "Fill in…")

    assert office.opens("ada").startswith("# Claim a machine")


def test_a_trigger_that_has_expired_is_answered_with_the_button(office):
    office.slack.fault("views.open", error="expired_trigger_id")

    assert office.types("ada", "/gpu claim for 2h") == "Which machine do you want to claim?\n[Fill in…]"

    office.presses("ada", "Fill in…")
    assert "For how long (optional): [2 h v]" in office.opens("ada")


def test_a_form_of_the_shortcut_answers_in_person(office):
    office.slack.shortcuts = [{"name": "Claim a GPU", "type": "global", "callback_id": "claim"}]
    office.shortcut("ada", "Claim a GPU")

    office.submits("ada", machine="train-7", length="4 h")

    assert office.sees("ada", "@ada").startswith("*train-7* is @Ada's until Mon 13:00 UTC.")


def test_somebody_of_another_workspace_gets_nothing_by_a_form(office):
    office.types("ada", "/gpu claim")
    office.fills("ada", machine="train-7")
    office.slack.people[ADA] = replace(office.slack.people[ADA], team_id="T0OTHER")

    assert "only answers people of its own workspace" in office.submits("ada")
    assert office.types("bob", "/gpu claim train-7").startswith("*train-7* is @Bob's")


@pytest.mark.parametrize("name", ["мой сервер", "box :fire: 7", "a < b & c", "x" * 120])
def test_names_of_any_kind_are_offered_and_claimed(office, name):
    office.fleet.change("train-7", name=name)
    office.tick()
    office.types("ada", "/gpu claim")

    assert office.submits("ada", machine=office.machine("train-7").id) == ""
    assert "@Ada's until" in office.sees("ada")


@pytest.mark.parametrize("value", ["claim|[1]", 'claim|{"a":1}', "claim|" + "[" * 900, "claim|nope", "nothing|{}"])
def test_a_button_that_was_tampered_with_fills_nothing_in(value):
    assert dict(call_of(value).given.values) == {}


def test_a_slow_answer_is_promised_and_then_written(office):
    """Slack waits three seconds, so the form is answered before the database is free again."""
    office.types("ada", "/gpu claim")
    office.fills("ada", machine="train-7", length="4 h")
    with office.valet.ctx.store.writing():
        office.slack.submit("ada", office.slack.modal("ada"))
        assert "I'll write to you as soon as it is done" in office.opens("ada")
    office.settle()

    assert office.sees("bob").startswith("*train-7* is @Ada's until Mon 13:00 UTC.")


ASKED = (
    ("train-7 for 4h fine-tune", {"length": "4 h", "note": "fine-tune"}),
    ("train-7", {}),
    ("train-7 gpus:2", {"count": "2"}),
    ("train-7 gpus:0,3 for 1h", {"count": "4", "which": ["GPU 0", "GPU 3"], "length": "1 h"}),
    ('train-7 until 18:00 "for 2h, or so"', {"until": 9 * HOUR_MS, "note": "for 2h, or so"}),
    ("train-7 for 8h <@U0BOB0001> asked", {"length": "8 h", "note": "@U0BOB0001 asked"}),
)


@pytest.mark.parametrize(("words", "fields"), ASKED)
def test_words_and_form_of_one_request_give_the_same_answer_audit_and_state(office, words, fields):
    ctx = office.valet.ctx

    def outcome():
        answer = office.sees("bob")
        [claim] = exactly(ctx, "train-7").claims
        entry = audit.entries_about(ctx.store.reading(), claim.instance_id)[-1]
        office.types("ada", "/gpu release train-7")
        return answer, replace(claim, id=""), replace(entry, id=0, hash="")

    office.types("ada", f"/gpu claim {words}")
    by_words = outcome()
    office.types("ada", "/gpu claim")
    until = {"until": (office.clock.now + fields["until"]) // 1000} if "until" in fields else {}
    assert office.submits("ada", machine="train-7", **(fields | until)) == ""

    assert outcome() == by_words
