"""The doctor looks at the backups and follows the audit."""

import pytest

from bot.domain.clock import HOUR_MS
from bot.services import backups
from bot.services.context import Context
from bot.settings import Settings
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.sql import rows, sqlite3
from tests.conftest import MONDAY
from tests.opening import open_store


@pytest.fixture
def lived(patient, clock):
    """A patient whose Valet has made a backup this morning, and noted one thing."""
    patient.clock = clock
    store = open_store(patient.database)
    with store.writing() as db:
        stored_audit.add(db, MONDAY, "U0ADA", "claimed", subject="i-1")
    settings = Settings(database=str(patient.database))
    backups.back_up(Context(store, clock, settings, {}, settings.roster))
    store.close()
    return patient


def test_a_fresh_backup_and_a_whole_audit_are_well(lived):
    lived.look()

    level, said = lived.said("V108")[0]
    assert level == "ok"
    assert said == f"The newest backup is 0 h old: {lived.folder}/backups/valet-2026-11-23.db."
    assert lived.said("V109") == [("ok", "The audit is as it was written: 1 entry.")]


def test_a_missed_night_and_a_backup_that_is_gone_are_warned_of(lived, clock):
    clock.forward(40 * HOUR_MS)
    old = lived.look().said("V108")
    (lived.folder / "backups" / "valet-2026-11-23.db").unlink()
    gone = lived.look().said("V108")

    assert old == [("warning", "The newest backup is 40 h old.")]
    assert gone[0][0] == "warning"
    assert "is not there any more" in gone[0][1]


def test_no_backup_yet_and_backups_switched_off_are_warned_of(patient):
    open_store(patient.database).close()
    none = patient.look().said("V108")
    patient.toml += "[backup]\nenabled = false\n"
    off = patient.look().said("V108")

    assert none == [("warning", "No nightly backup has been made yet.")]
    assert off == [("warning", "Nightly backups are switched off.")]


def test_a_changed_audit_is_an_error(lived):
    with sqlite3.connect(lived.database) as db:
        db.execute("DROP TRIGGER audit_stands")
        db.execute("UPDATE audit SET who = 'U0EVE'")
    db.close()

    lived.look()

    assert "V109" in lived.errors
    assert "Entry 1 does not match its hash" in lived.said("V109")[0][1]


def test_before_the_first_start_there_is_nothing_to_say(patient):
    patient.look()

    assert patient.said("V108") == patient.said("V109") == []


def test_messages_that_could_not_be_posted_are_counted_with_where_and_why(lived):
    none = lived.look().said("V110")
    store = open_store(lived.database)
    with store.writing() as db:
        stored_outbox.tell(db, "C0GPUS", "digest:1", kind="digest", subject="C0GPUS|2026-11-23", now=MONDAY)
        stored_outbox.bury(db, rows(db, "SELECT * FROM outbox")[0], "is_archived")
    store.close()

    assert none == [("ok", "No message is kept that could not be posted.")]
    assert lived.look().said("V110") == [("warning", "Messages that could not be posted: 1, to C0GPUS (is_archived).")]
