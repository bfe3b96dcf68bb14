"""Cy has left, and is to be forgotten: no row holds him any more, every row is still there, and the audit holds."""

import copy
from dataclasses import replace

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.errors import NotFound, Refused
from bot.sandbox.slack.people import ADA, CY
from bot.services import audit, forget, people
from bot.settings import parse
from store import audit as stored_audit
from store.sql import rows
from tests.stories import conftest
from tests.stories.conftest import Office

WORDS = ("zebrafish", "quokka", "wombat", "narwhal")
"""What he wrote, and nobody else does."""


@pytest.fixture
def lab(office_with):
    """Valet's settings name Cy nowhere."""
    settings = copy.deepcopy(conftest.SETTINGS)
    settings["teams"]["vision"] = {"members": [ADA], "approvers": [ADA]}
    return office_with(settings)


def has_a_day(office: Office) -> None:
    """He claims, extends, waits, books, asks, answers and snoozes, and all of it ends."""
    office.types("cy", "/gpu claim train-7 for 2h zebrafish run")
    office.types("ada", "/gpu wait train-7 for 2h")
    office.types("cy", "/gpu snooze nb-2 for 1d quokka")
    office.types("cy", "/gpu book nb-5 tomorrow 10:00 for 1h wombat")
    office.types("cy", "/gpu start eval-2 narwhal")
    office.passes(3 * MINUTE_MS)
    office.types("cy", "/gpu settings quiet 21:00-07:00")
    office.opens("cy")
    office.types("cy", "/gpu unbook nb-5")
    office.types("cy", "/gpu release train-7")
    people.learn(office.valet.ctx, office.valet.people.called)
    office.passes(30 * HOUR_MS, step=HOUR_MS)


def cells(office: Office) -> list[tuple[str, str]]:
    db = office.valet.ctx.store.reading()
    names = [row["name"] for row in rows(db, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    return [(name, str(value)) for name in names for row in rows(db, f"SELECT * FROM {name}") for value in row.values()]


def test_no_cell_holds_somebody_forgotten_and_no_row_of_others_is_lost(lab):
    has_a_day(lab)
    ctx, db = lab.valet.ctx, lab.valet.ctx.store.reading()
    spent = rows(db, "SELECT sum(micros) AS n FROM shares")
    entries = [entry for entry, _ in audit.entries(ctx, 0)]
    assert all(any(word in value for _, value in cells(lab)) for word in WORDS)

    done = forget.forget(ctx, CY, who="command line")

    left = [(table, value) for table, value in cells(lab) if CY in value or any(word in value for word in WORDS)]
    assert left == []
    assert rows(db, "SELECT sum(micros) AS n FROM shares") == spent
    assert [(e.id, e.at, e.did, e.hash) for e, _ in audit.entries(ctx, 0)][:-1] == [
        (e.id, e.at, e.did, e.hash) for e in entries
    ]
    assert stored_audit.verify(db) is None
    newest = stored_audit.last_entry(db)
    assert newest is not None
    assert (newest.did, newest.subject) == ("forgot a person", done.pseudonym)
    assert "somebody forgotten" in lab.types("ada", "/gpu history train-7")
    with pytest.raises(NotFound):
        forget.forget(ctx, CY, who="command line")


def test_an_entry_that_is_changed_besides_is_still_found(lab):
    has_a_day(lab)
    ctx = lab.valet.ctx
    forget.forget(ctx, CY, who="command line")
    db = ctx.store.reading()
    of_ada = next(entry for entry, _ in audit.entries(ctx, 0) if entry.erased_by is None)
    with ctx.store.writing() as writing:
        writing.execute("DROP TRIGGER audit_stands")
        writing.execute("UPDATE audit SET erased_by = 99999, detail = 'other' WHERE id = ?", [of_ada.id])

    broken = stored_audit.verify(db)

    assert broken is not None
    assert broken.what == (
        f"Entry {of_ada.id} is marked as one in which somebody was forgotten, and no later entry says so."
    )


def test_the_ledger_and_the_audit_refuse_changes_again_afterwards(lab):
    has_a_day(lab)
    ctx = lab.valet.ctx
    before = rows(ctx.store.reading(), "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name")

    forget.forget(ctx, CY, who="command line")

    assert (
        rows(ctx.store.reading(), "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name") == before
    )


def test_nobody_is_forgotten_who_holds_waits_has_booked_or_is_in_the_settings(lab):
    lab.types("cy", "/gpu claim train-7 for 2h")
    lab.types("cy", "/gpu book nb-5 tomorrow 10:00 for 1h")

    with pytest.raises(Refused, match="still has a claim and a booking"):
        forget.forget(lab.valet.ctx, CY, who="command line")
    with pytest.raises(Refused, match=r"still names U0ADA0001 under \[teams.nlp\] and \[teams.vision\]"):
        forget.forget(lab.valet.ctx, ADA, who="command line")


def test_an_id_that_begins_like_another_is_another(lab):
    lab.types("ada", "/gpu claim train-3 for 1h")
    with lab.valet.ctx.store.writing() as db:
        stored_audit.add(db, lab.clock.now, CY + "X", "claimed", subject="i-1", detail=f"after {CY}")

    forget.forget(lab.valet.ctx, CY, who="command line")

    assert [e.who for e, _ in audit.entries(lab.valet.ctx, 0) if e.subject == "i-1"] == [CY + "X"]


def test_who_left_long_ago_is_forgotten_by_itself_where_that_is_set(lab):
    has_a_day(lab)
    gone = lab.slack.people
    gone[CY] = replace(gone[CY], is_gone=True)
    lab.clock.forward(DAY_MS + MINUTE_MS)
    people.learn(lab.valet.ctx, lab.valet.people.called)
    settings = {**lab.settings, "retention": {"leavers_days": 60}}
    ctx = replace(lab.valet.ctx, settings=parse(settings, {}))

    lab.clock.forward(59 * DAY_MS)
    forget.keep_to_retention(ctx)
    assert any(CY in value for _, value in cells(lab))

    lab.clock.forward(2 * DAY_MS)
    forget.keep_to_retention(ctx)
    assert [table for table, value in cells(lab) if CY in value] == []


def test_notes_are_emptied_two_years_after_what_they_are_about(lab):
    has_a_day(lab)
    lab.types("ada", "/gpu claim train-3 for 1h zebrafish of mine")
    lab.clock.forward(729 * DAY_MS)
    forget.keep_to_retention(lab.valet.ctx)
    assert any("quokka" in value for _, value in cells(lab))

    lab.clock.forward(3 * DAY_MS)
    forget.keep_to_retention(lab.valet.ctx)

    notes = {row["note"] for row in rows(lab.valet.ctx.store.reading(), "SELECT note FROM claims WHERE holder = ?", CY)}
    assert notes == {""}
    assert any("zebrafish of mine" in value for table, value in cells(lab) if table == "claims"), "it never ended"
