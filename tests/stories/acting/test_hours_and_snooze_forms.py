"""On-hours, snoozes and drains by forms."""

from dataclasses import replace

import pytest

from bot.domain.clock import HOUR_MS, WEEK_MS
from bot.domain.money.rates import Charge
from bot.services.acting import hours as hours_service
from bot.services.context import exactly
from store import audit
from store.money import ledger as stored_ledger
from tests.stories.conftest import SETTINGS, opened


def test_bob_sets_on_hours_by_a_form_that_says_what_they_would_have_saved(office):
    office.types("bob", "/gpu hours")
    seen = office.fills("bob", machine="train-7")
    sent = office.submits("bob", days=["Mon", "Tue"], begins="08:00", ends="12:00", stop_only=["stop_only"])

    assert "It has no on-hours now." in seen
    assert "in the last 4 weeks" in seen
    assert "They count as soon as you set them." in seen
    assert sent == ""
    assert "on Mon-Tue 08:00-12:00 (UTC), set by @Bob." in office.sees("bob")
    assert "never started by itself" in office.sees("bob")


def test_whoever_may_not_set_them_asks_by_the_same_form(office):
    office.types("ada", "/gpu hours")

    assert "Those who may set them are asked." in office.fills("ada", machine="train-7")
    assert office.submits("ada") == ""
    assert office.sees("ada").startswith("Asked in #ml-platform: Mon-Fri 08:00-19:00.")


def test_hours_that_begin_when_they_end_are_refused_beside_their_field(office):
    office.types("bob", "/gpu hours")

    assert "begins when it ends" in office.submits("bob", machine="train-7", begins="09:00", ends="09:00")
    assert office.submits("bob", ends="00:00") == ""
    assert "on Mon-Fri 09:00-24:00" in office.sees("bob")


def test_an_owned_machine_has_none(office):
    office.types("bob", "/gpu hours")
    office.slack.modal("bob")

    assert "dgx-1" not in office.options("bob", "machine", "dgx")


def test_what_hours_would_have_saved_is_the_idle_part_of_the_ledger_outside_them(office):
    ctx, machine = office.valet.ctx, office.machine("train-7")
    listing = exactly(ctx, "train-7")
    began = (office.clock.now - WEEK_MS) // HOUR_MS * HOUR_MS
    rate = 20_000_000
    charges = [
        Charge(machine.id, at, at + HOUR_MS, HOUR_MS, rate, rate, "nlp", exact=True, idle_ms=idle)
        for at, idle in ((began, HOUR_MS), (began + 12 * HOUR_MS, HOUR_MS // 2), (began + 13 * HOUR_MS, 0))
    ]
    with ctx.store.writing() as db:
        stored_ledger.add(db, charges)
    hours = hours_service.as_on_hours(ctx, listing, "Mon-Sun 08:00-12:00")

    assert hours is not None
    assert hours_service.would_have_saved(ctx, listing, hours) == 10_000_000


def test_a_snooze_of_more_than_a_day_is_asked_for_its_reason_beside_that_field(office):
    office.types("ada", "/gpu snooze")
    in_two_days = office.clock.now // 1000 + 2 * 86_400

    seen = office.submits("ada", machine="train-7", until=in_two_days)

    assert "For more than a day, say why" in seen
    assert office.submits("ada", note="the demo at the fair") == ""
    assert "*train-7* is left alone until Wed 09:00 UTC: @Ada keeps it (the demo at the fair)." in office.sees("ada")


def test_a_bare_drain_asks_which_owned_machine_and_drained_ones_can_go_free(office):
    office.reports("dgx-1", 0.0)
    office.types("bob", "/gpu drain")
    assert office.submits("bob", machine="dgx-1", note="new power supply") == ""
    drained = office.sees("bob")
    office.types("bob", "/gpu drain")

    assert drained.startswith("@Bob drains *dgx-1* (new power supply)")
    assert "[End the drain of dgx-1]" in office.fills("bob", machine="dgx-1")


WORDS_AND_FORM = (
    ("bob", "hours train-7 Mon-Tue 08:00-12:00", {"days": ["Mon", "Tue"], "begins": "08:00", "ends": "12:00"}),
    ("ada", "hours train-7 Mon-Fri 08:00-19:00 stop-only", {"stop_only": ["stop_only"]}),
    ("ada", "snooze train-7 4h", {"length": "4 h"}),
    ("ada", "snooze train-7 1h the run is late", {"length": "1 h", "note": "the run is late"}),
    ("bob", "drain dgx-1 new power supply", {"machine": "dgx-1", "note": "new power supply"}),
    ("ada", "drain dgx-1", {"machine": "dgx-1"}),
)


@pytest.mark.parametrize(("who", "words", "fields"), WORDS_AND_FORM, ids=[words for _, words, _ in WORDS_AND_FORM])
def test_words_and_form_of_one_request_give_the_same_answer_audit_and_state(tmp_path, clock, who, words, fields):
    began, said = clock.now, []
    for by_form in (False, True):
        clock.now = began
        (tmp_path / str(by_form)).mkdir()
        with opened(tmp_path / str(by_form) / "valet.db", clock, SETTINGS) as office:
            said.append(outcome(office, who, words, {"machine": "train-7"} | fields if by_form else None))

    assert said[0] == said[1]


def outcome(office, who, words, fields):
    """The answer, and what holds of the machine afterwards, with what the audit says of it."""
    office.reports("dgx-1", 0.0)
    office.tick()
    seen = office.types(who, f"/gpu {words if fields is None else words.split()[0]}")
    if fields is not None:
        seen = office.submits(who, fields) or office.sees(who)
    ctx = office.valet.ctx
    listing = exactly(ctx, words.split()[1])
    kept = audit.entries_about(ctx.store.reading(), listing.instance.id)
    entries = [replace(entry, id=0, hash="") for entry in kept]
    own = hours_service.own_hours(ctx, listing.instance.id)
    answer = next((line[2:] for line in seen.splitlines() if line.startswith("! ")), seen)
    answer = answer.rpartition(":warning: ")[2].partition("\n")[0] if ":warning: " in answer else answer
    return answer, listing.snooze, own, bool(listing.drain), entries
