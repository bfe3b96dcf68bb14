"""Cy leaves the company while he waits, has booked and has asked: nothing begins in his name any more."""

import copy
from dataclasses import replace

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.sandbox.slack.people import ADA, CY
from tests.neighbours import CLAIM
from tests.stories import conftest
from tests.stories.conftest import Office


@pytest.fixture
def lab(office_with):
    settings = copy.deepcopy(conftest.SETTINGS)
    settings["runs"] = {"nightly-eval": {"command": "/srv/eval/run.sh", "user": "ml"}}
    settings["claims"] = {"gpus_per_person": 2, "at_limit": "ask"}
    return office_with(settings)


def leaves(office: Office, person: str) -> None:
    people = office.slack.people
    people[person] = replace(people[person], is_gone=True)


def claimers(office: Office) -> list[str]:
    store = office.valet.ctx.store.reading()
    return [row[0] for row in store.execute("SELECT holder FROM claims WHERE id <> ? ORDER BY from_at, rowid", [CLAIM])]


def test_the_next_in_line_is_offered_what_was_to_be_theirs(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("cy", "/gpu wait train-7 for 2h")
    office.types("bob", "/gpu wait train-7 for 2h")
    leaves(office, CY)

    office.presses("ada", "Release train-7", "@ada")

    assert office.sees("bob", "@bob").startswith("It's your turn: *train-7*, for 2 h.")
    assert office.types("ada", "/gpu line train-7").startswith("1 person waits for *train-7*")
    assert CY not in claimers(office)


def test_no_command_runs_in_their_name(lab):
    lab.types("bob", "/gpu claim nb-5 for 1h")
    lab.types("cy", "/gpu wait nb-5 for 2h then: run nightly-eval")
    leaves(lab, CY)

    lab.types("bob", "/gpu release nb-5")
    lab.passes(3 * MINUTE_MS)

    assert lab.runner.started == []
    assert CY not in claimers(lab)


def test_what_they_were_offered_runs_nothing_either(lab):
    lab.types("bob", "/gpu claim nb-5 for 1h")
    lab.types("cy", "/gpu wait nb-5 for 2h")
    lab.types("bob", "/gpu release nb-5")
    with lab.valet.ctx.store.writing() as db:
        db.execute("UPDATE waiters SET run = 'nightly-eval' WHERE ended_at IS NULL")
    leaves(lab, CY)

    lab.passes(2 * MINUTE_MS)

    assert lab.runner.started == []
    assert lab.types("ada", "/gpu line nb-5").startswith("Nobody waits")


@pytest.mark.slow
def test_their_bookings_begin_nothing_and_free_the_time(office):
    office.types("cy", "/gpu book train-7 today 10:00 for 6h")
    office.types("cy", "/gpu book train-9 every mon 10:00 for 6h")
    leaves(office, CY)

    office.passes(HOUR_MS + MINUTE_MS)

    assert claimers(office) == []
    assert office.types("ada", "/gpu bookings train-9").startswith("No bookings of train-9.")
    assert office.types("ada", "/gpu claim train-7 for 2h").startswith("*train-7* is @Ada's")


def test_what_was_let_pass_for_them_is_not_made(lab):
    lab.types("cy", "/gpu claim train-7 for 2h")
    lab.presses("cy", "Ask an approver")
    leaves(lab, CY)

    lab.presses("ada", "Let it pass")

    assert "could not be claimed: @Cy is no longer a member of this workspace." in " ".join(
        lab.slack.sees("ada", "#gpus")
    )
    assert claimers(lab) == []


def test_a_machine_that_comes_after_they_have_left_is_claimed_for_nobody(office):
    office.types("ada", "/gpu start eval-2 for 3h")
    office.presses("bob", "Start eval-2", "#ml-platform")
    leaves(office, ADA)

    office.passes(2 * MINUTE_MS)

    assert ADA not in claimers(office)
    told = "It is not claimed for @Ada, who is no longer a member of this workspace."
    assert told in office.slack.sees("bob", "#ml-platform")[-1]


def test_a_run_whose_turn_is_beyond_fair_use_is_told_and_passed_on(lab):
    lab.types("ada", "/gpu claim train-9 gpus:2 for 4h")
    lab.types("bob", "/gpu claim nb-5 for 1h")
    lab.types("ada", "/gpu wait nb-5 for 2h then: run nightly-eval")

    lab.types("bob", "/gpu release nb-5")
    lab.passes(MINUTE_MS)

    assert "Too much: you would have 3 GPUs, the limit is 2." in lab.sees("ada", "@ada")
    assert lab.types("ada", "/gpu line nb-5").startswith("Nobody waits")
