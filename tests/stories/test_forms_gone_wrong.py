"""Forms while something goes wrong: nothing that was filled in is lost, and everybody hears what was done."""

from dataclasses import replace

import pytest

from bot.sandbox.slack.people import ADA, CY, GPUS
from handlers import forms, modals
from handlers.blocks.parts import FormCall, Reply, filled
from tests.handlers.pieces import objections


def form_of(office, name, **given):
    return forms.drawn(office.valet.ctx, FormCall(name, filled(**given)), ADA, GPUS)


def test_a_form_that_cant_be_written_down_stays_as_it_was_filled_in(office):
    office.types("ada", "/gpu claim")
    office.fills("ada", machine="train-7", length="4 h", note="fine-tune")
    writer = office.valet.ctx.store._writer
    writer.execute("PRAGMA query_only=1")
    office.slack.submit("ada", office.slack.modal("ada"))
    writer.execute("PRAGMA query_only=0")

    seen = office.opens("ada")

    assert "Valet's database can't be used now: it may not be written. Nothing was changed." in seen
    assert "[4 h v]" in seen
    assert office.submits("ada") == ""
    assert office.sees("ada").startswith("*train-7* is @Ada's until Mon 13:00 UTC (fine-tune).")


def test_who_is_no_colleague_any_more_learns_nothing_by_a_form_left_open(office):
    office.types("ada", "/gpu wait")
    office.fills("ada", machine="train-7")
    office.types("bob", "/gpu claim train-7")
    office.slack.people[ADA] = replace(office.slack.people[ADA], team_id="T0OTHER")

    seen = office.fills("ada", count="2")

    assert "only answers people of its own workspace" in seen
    assert "You'd be" not in seen


def test_a_refusal_of_before_does_not_stay_beside_the_next(office):
    office.types("ada", "/gpu claim train-7")
    office.types("ada", "/gpu hand train-7")
    office.slack.people[CY] = replace(office.slack.people[CY], is_gone=True)
    assert "@Cy is nobody here" in office.submits("ada", person=CY)

    seen = office.submits("ada", person=ADA)

    assert "train-7 is yours already" in seen
    assert "nobody here" not in seen


def test_whoever_closed_a_form_hears_in_the_channel_what_its_button_did(office):
    office.types("ada", "/gpu claim")
    office.types("bob", "/gpu claim train-7")
    office.submits("ada", machine="train-7")
    office.slack.fault("views.update", error="not_found")

    assert "You're first in line for *train-7*" in office.presses("ada", "Wait in line")


def test_a_form_that_slack_does_not_stack_replaces_the_one_below(office):
    office.types("ada", "/gpu claim train-7")
    office.types("ada", "/gpu stop")
    office.slack.fault("views.push", error="push_limit_reached")
    body = {"trigger_id": "1", "user": {"id": ADA}, "view": {"type": "modal", "id": office.slack.modal("ada").id}}

    modals.answer_press(office.valet.client, body, Reply("Extend", view=form_of(office, "extend")))

    assert office.opens("ada").startswith("# Extend a claim")


@pytest.mark.parametrize("name", ["claim", "extend", "find", "snooze", "start"])
def test_an_end_that_no_calendar_has_is_drawn_and_refused(office, name):
    for length in ("u999999999999999", "l999999999999999", "u", "l-5", "nope"):
        given = {"machine": office.machine("train-7").id, "length": length}
        assert objections(Reply("a form", form_of(office, name, **given)["blocks"]), "modal") == []


def test_a_machine_with_fewer_gpus_than_when_the_form_was_opened_is_asked_about_anew(office):
    office.types("ada", "/gpu claim")
    office.fills("ada", machine="train-7", count="6", length="4 h")
    office.fleet.change("train-7", gpu_count=4)
    office.tick()

    seen = office.submits("ada")

    assert "It has 4 GPUs" in seen
    assert "[4 h v]" in seen
    assert office.submits("ada", count="3") == ""
    assert office.sees("ada").startswith("GPUs 0-2 of *train-7* are @Ada's until Mon 13:00 UTC.")


def test_a_button_in_a_form_that_comes_to_nothing_leaves_the_form(office):
    office.types("ada", "/gpu claim")
    office.types("bob", "/gpu claim train-7")
    office.submits("ada", machine="train-7", note="fine-tune")
    office.types("cy", "/gpu claim train-9")

    office.presses("ada", "Claim train-9")

    assert "*train-9* is @Cy's until" in office.opens("ada")
    assert "Note (optional): [fine-tune_]" in office.opens("ada")
    assert office.submits("ada", machine="nb-2") == ""


def test_a_refusal_that_comes_late_can_be_mended_in_the_form_as_it_was(office):
    office.types("ada", "/gpu claim")
    office.fills("ada", machine="train-7", note="fine-tune")
    office.types("bob", "/gpu claim train-7")
    with office.valet.ctx.store.writing():
        office.slack.submit("ada", office.slack.modal("ada"))
    office.settle()
    office.closes("ada")

    assert office.sees("ada").startswith("That was not done.\n*train-7* is @Bob's until")
    office.presses("ada", "Open it again…")
    assert "Note (optional): [fine-tune_]" in office.opens("ada")
