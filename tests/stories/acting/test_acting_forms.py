"""Stops, starts, launches, clones and resizes by forms: what they show, what they refuse, and that they do the same."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.acting.actions import Action
from bot.domain.clock import MINUTE_MS
from store import audit
from store.acting import actions
from tests.conftest import Clock
from tests.stories.acting.test_batches import NLP
from tests.stories.acting.test_launch import BOX, H100
from tests.stories.conftest import SETTINGS, Office, opened

DECIDE = "#ml-platform"
WITH_ALL = {
    **SETTINGS,
    "teams": SETTINGS["teams"] | {"nlp": NLP},
    "launch": [BOX, H100],
    "actions": {"clone": True, "most_stops": 10},
}


@pytest.fixture
def office(tmp_path: Path, clock: Clock) -> Iterator[Office]:
    with opened(tmp_path / "valet.db", clock, WITH_ALL) as office:
        yield office


@pytest.fixture
def idle(office: Office) -> Office:
    for name in ("nb-2", "nb-5", "train-3"):
        office.fleet.change(name, tags=dict(office.machine(name).tags) | {"team": "nlp"})
    office.tick()
    for name in ("train-7", "nb-2", "nb-5"):
        office.reports(name, 0.0)
    office.tick()
    return office


def test_a_bare_stop_asks_which_and_shows_what_it_saves_and_loses(idle):
    idle.types("ada", "/gpu stop")

    offered = idle.options("ada", "machine").splitlines()
    seen = idle.fills("ada", machine=["train-7"])
    sent = idle.submits("ada", note="the run is over")

    assert offered[0] == "(Idle)"
    assert offered[1].startswith("train-7 ")
    assert not any(option.startswith("dgx-1") for option in offered)
    assert "Stopping now saves about $505 by Tue 08:00 UTC, the next working morning." in seen
    assert "Lost for good: 8.0 TB of local NVMe and what is in memory." in seen
    assert sent == ""
    assert idle.sees("ada").startswith("Asked in #ml-platform. train-7 keeps running unless someone approves by")
    assert ">the run is over" in idle.sees("bob", DECIDE)


def test_several_machines_are_one_card_and_what_cannot_be_stopped_is_said_before(idle):
    idle.reports("train-3", 90.0)
    idle.types("ada", "/gpu stop")

    seen = idle.fills("ada", machine=["train-7", "nb-2", "train-3"])
    idle.submits("ada")

    assert "train-3 is left out: train-3 is working" in seen
    assert "Stop 2 machines of team nlp?" in idle.sees("bob", DECIDE)
    assert "Left out:" in idle.sees("ada")


def test_the_button_of_a_stop_opens_the_form_filled_in(idle):
    idle.types("ada", "/gpu status train-7")
    idle.presses("ada", "Stop train-7…")

    assert "train-7" in idle.opens("ada")
    assert idle.submits("ada") == ""
    assert idle.sees("bob", DECIDE).startswith("*Stop train-7? @Ada asks.")


def test_a_machine_that_began_to_work_while_the_form_was_open_is_refused_beside_it(idle):
    idle.types("ada", "/gpu stop")
    idle.fills("ada", machine=["train-7"])
    idle.clock.forward(10 * MINUTE_MS)
    idle.reports("train-7", 90.0, minutes=10)

    seen = idle.submits("ada")

    assert "train-7 is working" in seen
    assert "It takes 2 others to approve this" in idle.submits("ada", note="wrong data")


def test_a_machine_that_is_gone_is_said_beside_the_menu(idle):
    idle.types("ada", "/gpu stop")
    idle.fills("ada", machine=["train-7"])
    idle.fleet.terminate("train-7")
    idle.passes(75 * MINUTE_MS, step=5 * MINUTE_MS)

    assert "One of those machines is gone." in idle.submits("ada")


def test_a_no_counts_at_once_and_its_reason_goes_to_whoever_asked(idle):
    idle.types("ada", "/gpu stop train-7")
    idle.presses("bob", "Keep it running", DECIDE)
    kept = idle.sees("bob", DECIDE)

    assert idle.opens("bob").startswith("# Say why")
    assert idle.submits("bob", note="I need it for the demo") == ""

    assert kept.startswith("*train-7 keeps running.* @Bob decided that")
    assert "@Bob says: I need it for the demo" in idle.sees("ada", "@ada")
    assert any("@Bob says: I need it for the demo" in said for said in idle.slack.sees("bob", DECIDE))
    assert idle.fleet.stops == []


def test_only_who_said_no_says_why_and_once(idle):
    idle.types("ada", "/gpu stop train-7")
    idle.presses("bob", "Keep it running", DECIDE)
    view = idle.slack.modal("bob")
    idle.submits("bob", note="the demo")
    idle.slack.modals[view.user] = [view]

    assert "sent already" in idle.submits("bob", note="again")
    assert "says: the demo" in idle.sees("ada", "@ada")


def test_a_start_says_what_it_costs_and_what_stands_idle_instead(office):
    office.reports("nb-5", 0.0)
    office.types("ada", "/gpu start for 4h")

    seen = office.fills("ada", machine="eval-2")

    assert "For how long (optional): [4 h v]" in seen
    assert "stands idle, is free and would do as well" in seen
    assert "Costs about $4.85 for 4 h." in seen
    assert office.submits("ada", note="rerun") == ""
    assert office.sees("bob", DECIDE).startswith("*Start eval-2 for 4 h? @Ada asks.")


def test_a_launch_offers_the_templates_of_the_team_with_their_prices(office):
    office.types("ada", "/gpu launch")
    seen = office.fills("ada", template="a10g-dev", length="4 h")
    office.submits("ada", note="tests")
    office.types("cy", "/gpu launch")

    assert "g5.xlarge, us-west-2, about $1.01/h" in seen
    assert office.sees("bob", DECIDE).startswith("*Launch a10g-dev for 4 h? @Ada asks.")
    assert "h100-box" not in office.opens("cy")


def test_a_type_that_would_not_fit_is_refused_in_the_form(idle):
    idle.types("ada", "/gpu resize nb-5")

    assert "nb-5" in idle.opens("ada")
    assert "g5.12xlarge" in idle.options("ada", "type", "g5.12")
    assert "p4d" not in idle.options("ada", "type", "g5.12")
    assert "becomes g5.12xlarge" in idle.fills("ada", type="g5.12xlarge")
    assert idle.submits("ada", length="4 h") == ""
    assert "*Resize nb-5 to g5.12xlarge for 4 h? @Ada asks." in idle.sees("bob", DECIDE)


def test_asked_again_it_is_for_the_same_on_the_same_terms(office):
    office.types("ada", "/gpu start eval-2 for 2h rerun")
    office.passes(121 * MINUTE_MS, step=11 * MINUTE_MS)

    office.presses("ada", "Ask again to start eval-2", "@ada")

    assert office.sees("bob", DECIDE).startswith("*Start eval-2 for 2 h? @Ada asks.")
    assert ">rerun" in office.sees("bob", DECIDE)


def unnamed(said: str) -> str:
    """A new machine is named after its request, which is another one each time."""
    return re.sub(r"nb-5-[0-9a-f]{4}", "nb-5-0000", said)


WORDS_AND_FORM = (
    ("stop train-7", {"machine": ["train-7"]}),
    ("stop train-7 the run is over", {"machine": ["train-7"], "note": "the run is over"}),
    ("stop train-7 nb-2 nobody is here", {"machine": ["train-7", "nb-2"], "note": "nobody is here"}),
    ("stop old-3", {"machine": ["old-3"]}),
    ("start eval-2", {"machine": "eval-2"}),
    ("start eval-2 for 4h rerun", {"machine": "eval-2", "length": "4 h", "note": "rerun"}),
    ("launch h100-box for 8h a big one", {"template": "h100-box", "length": "8 h", "note": "a big one"}),
    ("clone nb-5 no-reboot for 4h", {"machine": "nb-5", "no_reboot": ["no_reboot"], "length": "4 h"}),
    ("clone nb-5 for 1h tests", {"machine": "nb-5", "length": "1 h", "note": "tests"}),
    ("resize nb-5 g5.12xlarge for 4h", {"machine": "nb-5", "type": "g5.12xlarge", "length": "4 h"}),
)


@pytest.mark.parametrize(("words", "fields"), WORDS_AND_FORM, ids=[words for words, _ in WORDS_AND_FORM])
def test_words_and_form_of_one_request_give_the_same_answer_audit_and_state(tmp_path, clock, words, fields):
    def outcome(folder: str, do) -> tuple[str, list[Action], list[object]]:
        clock.now = began
        (tmp_path / folder).mkdir()
        with opened(tmp_path / folder / "valet.db", clock, WITH_ALL) as office:
            # what stands free is named first by words, and in the form while it is filled in
            for name in () if words.startswith("start") else ("train-7", "nb-2", "nb-5"):
                office.reports(name, 0.0)
            office.tick()
            answer = do(office)
            db = office.valet.ctx.store.reading()
            asked = [
                replace(each, id="", batch="") for each in actions.in_state(db, "pending") if each.requester[0] == "U"
            ]
            entries = [
                replace(entry, id=0, hash="", detail="")
                for name in ("train-7", "nb-2", "nb-5", "eval-2", "old-3")
                for entry in audit.entries_about(db, office.machine(name).id)
            ]
            return answer, asked, entries

    def by_form(office: Office) -> str:
        office.types("ada", f"/gpu {words.split()[0]}")
        seen = office.submits("ada", fields)
        return seen or office.sees("ada")

    began = clock.now
    said, asked, entries = outcome("words", lambda office: office.types("ada", f"/gpu {words}"))
    form_said, form_asked, form_entries = outcome("form", by_form)

    assert unnamed(form_said) == unnamed(said) or said.replace("`", "") in form_said
    assert (form_asked, form_entries) == (asked, entries)


def test_a_no_from_the_home_tab_counts_and_asks_why_as_well(idle):
    idle.types("ada", "/gpu stop train-7")
    idle.slack.open_home("bob")
    idle.settle()

    idle.presses("bob", "Keep it running", "home")

    assert idle.opens("bob").startswith("# Say why")
    assert idle.submits("bob", note="the demo") == ""
    assert "Keep it running" not in idle.slack.sees_home("bob")
    assert "@Bob says: the demo" in idle.sees("ada", "@ada")


def test_a_no_counts_even_where_no_form_can_be_opened(idle):
    idle.types("ada", "/gpu stop train-7")
    idle.slack.fault("views.open", error="expired_trigger_id")

    seen = idle.presses("bob", "Keep it running", DECIDE)

    assert "Do you want to say why? @Ada will be told.\n[Fill in…]" in seen
    assert any("*train-7 keeps running.* @Bob decided that" in said for said in idle.slack.sees("bob", DECIDE))
