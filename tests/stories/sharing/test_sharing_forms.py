"""The forms of sharing: found, waited for, booked, extended, released, handed over, asked for and run without words."""

import pytest

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.sandbox.slack.people import BOB
from store.sql import rows
from tests.stories.conftest import SETTINGS, opened

RUNS = {"nightly-eval": {"command": "python eval.py", "user": "runner"}}


@pytest.fixture
def lab(office_with):
    return office_with({**SETTINGS, "runs": RUNS})


def test_a_bare_wait_asks_for_what_and_says_when_it_would_be_ones_turn(office):
    office.types("bob", "/gpu claim train-7 for 4h")
    office.types("ada", "/gpu wait")

    assert "You'd be first; expected around 13:00 UTC." in office.fills("ada", machine="train-7")
    assert office.submits("ada", length="8 h", note="eval") == ""
    assert office.sees("ada").startswith("You're first in line for *train-7*, for 8 h; expected around 13:00 UTC.")


def test_a_kind_of_gpu_can_be_waited_for_by_the_form(office):
    for name in ("nb-2", "nb-5", "scratch"):
        office.types("bob", f"/gpu claim {name} for 4h")
    office.types("ada", "/gpu wait for 1h")

    assert "Any A10G" in office.options("ada", "machine", "a10")
    assert office.submits("ada", machine="kind:A10G") == ""
    assert "in line for *1x A10G" in office.sees("ada")


def test_what_is_free_is_not_waited_for_and_the_form_says_so(office):
    office.types("ada", "/gpu wait")

    seen = office.submits("ada", machine="train-7")

    assert "*train-7* is unclaimed now, so there is nothing to wait for." in seen
    assert "[Claim train-7]" in seen


def test_a_bare_book_opens_a_form_with_the_calendars_machine(office):
    office.types("ada", "/gpu calendar train-7")
    office.presses("ada", "Book…")

    assert "train-7" in office.opens("ada")
    office.submits("ada", day="2026-11-24", time="20:00", length="6 h", note="sweep")
    assert office.sees("bob").startswith("@Ada booked *train-7* from Tue 24 Nov 20:00 UTC to Wed 02:00 UTC (sweep).")


@pytest.mark.parametrize(
    ("day", "hour", "said"),
    [
        ("2026-11-22", "20:00", "That day is over. Choose a later one."),
        ("1999-01-01", "20:00", "That day is over. Choose a later one."),
        ("2199-01-01", "20:00", "That day is too far ahead. Choose an earlier one."),
        ("2026-11-23", "09:00", "That time is over. Choose a later one."),
        ("2027-05-01", "09:00", "You can book at most 28 days ahead. Ask again nearer the time."),
    ],
)
def test_a_day_or_time_that_cant_be_booked_is_said_as_of_a_form(office, day, hour, said):
    office.types("ada", "/gpu book train-7")

    assert f"! {said}" in office.submits("ada", day=day, time=hour)


def test_in_the_night_the_form_begins_with_the_next_evening(office):
    office.passes(13 * HOUR_MS, step=HOUR_MS)
    office.types("ada", "/gpu book train-7")

    assert "Day: [2026-11-24 v]" in office.opens("ada")
    assert office.submits("ada") == ""


def test_a_conflict_is_named_with_its_holder_below_the_time(office):
    office.types("bob", "/gpu book train-7 tomorrow 20:00 for 6h")
    office.types("ada", "/gpu book train-7")

    seen = office.submits("ada", day="2026-11-24", time="22:00", length="4 h")

    assert "@Bob booked it from Tue 24 Nov 20:00 UTC to Wed 02:00 UTC." in seen
    assert "[Book from Wed 25 Nov 02:00, for 4 h]" in seen
    seen = office.submits("ada", day="2026-11-22")
    assert "That day is over. Choose a later one." in seen, seen.replace("\n", " / ")
    assert "@Bob booked it" not in seen


def test_several_claims_are_asked_about_with_a_button_each(office):
    for name in ("scratch", "dgx-1"):
        office.reports("dgx-1", 0.0)
        office.types("ada", f"/gpu claim {name} for 4h")

    assert office.types("ada", "/gpu release") == "Which one?\n[dgx-1] [scratch]"
    assert office.types("ada", "/gpu extend 2h") == "Which one?\n[dgx-1] [scratch]"
    assert office.presses("ada", "dgx-1").startswith("*dgx-1* is @Ada's until Mon 15:00 UTC")
    assert office.types("ada", "/gpu extend scratch tomorrow").startswith("At what time tomorrow?")
    assert office.presses("ada", "Tue 24 Nov 09:00").startswith("*scratch* is @Ada's until Tue 09:00 UTC")


def test_more_claims_than_buttons_are_chosen_from_a_menu(office):
    office.reports("dgx-1", 0.0)
    for name in ("scratch", "dgx-1", "train-7", "train-9", "train-3", "nb-2"):
        office.types("ada", f"/gpu claim {name} for 4h")
    office.types("ada", "/gpu release")

    assert office.options("ada", "machine", "train").split("\n")[0] == "(Yours)"
    office.submits("ada", machine="train-9")
    assert office.sees("ada").startswith("@Ada released *train-9*, 4 h early. Thanks.")


def test_a_claim_is_extended_by_the_form_of_its_reminder(office):
    office.types("ada", "/gpu claim train-7 for 1h")
    office.passes(31 * MINUTE_MS)
    office.presses("ada", "Extend…", "@ada")

    assert "It is yours until Mon 10:00 UTC." in office.opens("ada")
    office.submits("ada", length="4 h")
    assert "@Ada to Mon 14:00 UTC" in office.types("bob", "/gpu status train-7")


def test_a_claim_is_handed_over_by_a_form_filled_in_with_what_was_said(office):
    office.types("ada", "/gpu claim train-7 for 4h")
    office.types("ada", "/gpu hand <@U0BOB0001>")

    assert "train-7" in office.opens("ada"), "the only one she holds"
    assert office.submits("ada") == ""
    assert office.sees("ada").startswith("Asked @Bob to take *train-7* over.")
    office.types("ada", "/gpu hand train-7")
    assert "! " in office.submits("ada"), "nobody is chosen"


def test_a_holder_is_asked_for_some_gpus_by_the_form(office):
    office.reports("dgx-1", [90.0] * 6 + [0.0] * 2, minutes=292)
    office.types("ada", "/gpu claim dgx-1 for 8h")
    office.types("bob", "/gpu request")

    office.submits("bob", machine="dgx-1", count="2", length="4 h", note="eval")

    assert office.sees("bob").startswith("I asked @Ada for GPUs 6-7 of *dgx-1*, idle for 4 h 52 m.")
    office.types("cy", "/gpu request")
    assert "Nobody holds train-9" in office.submits("cy", machine="train-9")


def test_a_bare_run_opens_a_form_and_starts_it(lab):
    lab.types("ada", "/gpu claim train-7 for 4h")
    lab.types("ada", "/gpu run")

    assert lab.submits("ada", template="nightly-eval") == ""

    assert "Starting `nightly-eval` on *train-7*. I'll message you when it starts and ends." in lab.sees("ada")


def test_a_form_left_open_while_the_claim_ended_is_refused(office):
    office.types("ada", "/gpu claim train-7 for 30m")
    office.types("ada", "/gpu hand train-7")
    office.passes(45 * MINUTE_MS)

    seen = office.submits("ada", person=BOB)

    assert "You hold nothing there to hand over." in seen


@pytest.mark.parametrize("name", ["мой сервер", "box :fire: 7", "a < b & c", "train 7 gpus:2"])
def test_names_of_any_kind_are_booked_waited_for_and_given_back(office, name):
    machine = office.machine("train-7").id
    office.fleet.change("train-7", name=name)
    office.tick()
    office.types("ada", "/gpu book")
    assert office.submits("ada", machine=machine, day="2026-11-24", time="20:00") == ""
    office.types("bob", "/gpu claim")
    office.submits("bob", machine=machine, length="1 h")
    office.types("cy", "/gpu wait")
    assert office.submits("cy", machine=machine, length="1 h") == ""
    assert "in line for" in office.sees("cy")


WAYS = (
    (
        "request dgx-1 gpus:2 for 4h eval",
        "request",
        {"machine": "dgx-1", "count": "2", "length": "4 h", "note": "eval"},
    ),
    ("request dgx-1", "request", {"machine": "dgx-1"}),
    ("wait dgx-1 gpus:2 for 4h eval", "wait", {"machine": "dgx-1", "count": "2", "length": "4 h", "note": "eval"}),
    ("wait 1xA10G for 1h", "wait", {"machine": "kind:A10G", "length": "1 h"}),
    (
        "book train-7 gpus:2 2026-11-24 20:00 for 6h sweep",
        "book",
        {"machine": "train-7", "count": "2", "day": "2026-11-24", "time": "20:00", "length": "6 h", "note": "sweep"},
    ),
    (
        "book train-7 every tue 20:00 for 6h",
        "book",
        {"machine": "train-7", "day": "2026-11-24", "time": "20:00", "length": "6 h", "weekly": "Every week"},
    ),
)
OF_HER_OWN = (
    ("extend train-7 4h", "extend", {"length": "4 h"}),
    ("extend train-7 until 18:00", "extend", {"until": 9 * HOUR_MS}),
    ("release train-7", "release", {}),
    ("hand train-7 <@U0BOB0001>", "hand", {"person": BOB}),
    ("run nightly-eval train-7", "run", {"template": "nightly-eval"}),
)
TABLES = ("requests", "waiters", "bookings", "slots", "claims", "handovers", "audit")
OWN = {"id", "hash", "booking_id", "claim_id", "shown"}


def state(office) -> dict[str, list[dict[str, object]]]:
    db = office.valet.ctx.store.reading()
    told = {table: rows(db, f"SELECT * FROM {table} ORDER BY rowid") for table in TABLES}
    return {table: [{key: row[key] for key in row.keys() - OWN} for row in kept] for table, kept in told.items()}


@pytest.mark.parametrize(("words", "verb", "given"), WAYS)
def test_words_and_form_of_one_request_give_the_same_answer_audit_and_state(tmp_path, clock, words, verb, given):
    by_words = outcome(tmp_path / "words.db", clock, f"/gpu {words}")
    by_form = outcome(tmp_path / "form.db", clock, f"/gpu {verb}", given)

    assert by_form == by_words


@pytest.mark.parametrize(("words", "name", "given"), OF_HER_OWN)
def test_words_and_form_about_ones_own_claim_give_the_same(tmp_path, clock, words, name, given):
    assert own_outcome(tmp_path / "form.db", clock, name, given) == own_outcome(tmp_path / "words.db", clock, words)


def own_outcome(path, clock, typed, given=None):
    with opened(path, clock, {**SETTINGS, "runs": RUNS}) as office:
        office.types("ada", "/gpu claim train-7 for 2h")
        if given is None:
            office.types("ada", f"/gpu {typed}")
        else:
            office.types("ada", "/gpu status")
            office.slack.shortcuts = [{"name": typed, "type": "global", "callback_id": typed}]
            office.shortcut("ada", typed)
            until = {"until": (clock.now + given["until"]) // 1000} if "until" in given else {}
            assert office.submits("ada", given | until) == ""
        return state(office)


def test_whoever_may_not_release_it_is_refused_beside_the_machine(office):
    office.types("ada", "/gpu claim train-7")
    office.types("cy", "/gpu claim train-9")
    office.slack.shortcuts = [{"name": "release", "type": "global", "callback_id": "release"}]
    office.shortcut("cy", "release")
    office.types("cy", "/gpu hand train-9 <@U0ADA0001>")
    office.presses("ada", "Take it over", "@ada")

    assert "only they or an approver can release it" in office.submits("cy")


def outcome(path, clock, typed, given=None):
    with opened(path, clock, SETTINGS) as office:
        office.reports("dgx-1", [90.0] * 6 + [0.0] * 2)
        for name in ("dgx-1", "nb-2", "nb-5", "scratch"):
            office.types("bob", f"/gpu claim {name} for 8h")
        office.types("ada", typed)
        assert given is None or office.submits("ada", given) == ""
        return office.sees("ada"), state(office)
