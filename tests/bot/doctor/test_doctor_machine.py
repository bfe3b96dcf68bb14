"""Settings, database, disk, lock and time."""

import pytest

from bot.domain.clock import SECOND_MS, system_clock
from store import ProcessLock
from store.sql import changed
from tests.opening import open_store


@pytest.fixture
def kept(patient):
    """The patient with a database."""
    open_store(patient.database).close()
    return patient


def test_all_is_well_before_the_first_start(patient):
    patient.look()

    assert patient.errors == []
    assert [level for level, _ in patient.said("V104")] == ["ok"]
    assert not patient.database.exists()


def test_a_wrong_setting_is_named_and_slack_is_looked_at_all_the_same(patient):
    patient.toml = '[digest]\nat = "9"'

    patient.look()

    assert patient.errors == ["V101"]
    assert "digest.at" in patient.said("V101")[0][1]
    assert patient.said("V301")[0][0] == "ok"


def test_a_missing_token_is_an_error(patient):
    del patient.environment["SLACK_APP_TOKEN"]

    patient.look()

    assert patient.errors == ["V102"]
    assert "SLACK_APP_TOKEN is missing" in patient.said("V102")[0][1]


def test_a_sound_database_is_only_looked_at(kept):
    before = kept.database.read_bytes()

    kept.look()

    assert [level for number in ("V104", "V105") for level, _ in kept.said(number)] == ["ok", "ok"]
    assert kept.database.read_bytes() == before


def test_a_database_in_use_can_be_looked_at_and_its_holder_is_named(patient):
    lock, store = ProcessLock(patient.database), open_store(patient.database)

    patient.look()

    assert patient.errors == []
    assert patient.said("V107")[0][1].startswith("Valet runs on it: process ")
    store.close()
    lock.release()


def test_looking_at_the_lock_does_not_keep_it(kept):
    ProcessLock(kept.database).release()

    kept.look()

    assert kept.said("V107") == [("ok", "No Valet runs on it now.")]
    ProcessLock(kept.database).release()


def test_a_damaged_database_is_an_error(kept):
    content = bytearray(kept.database.read_bytes())
    content[4096 : 4096 * 6] = b"\xff" * 4096 * 5
    kept.database.write_bytes(content)

    kept.look()

    assert "V104" in kept.errors


def test_a_file_that_is_no_database_is_an_error(patient):
    patient.database.write_text("shopping list: milk, eggs, a DGX\n" * 100)

    patient.look()

    assert patient.errors == ["V104"]
    assert "file is not a database" in patient.said("V104")[0][1]


def test_a_database_of_a_newer_valet_is_an_error(kept):
    store = open_store(kept.database)
    with store.writing() as db:
        sql = "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('valet', '9999_later', 'then')"
        changed(db, sql)
    store.close()

    kept.look()

    assert kept.said("V105") == [("error", "A newer Valet has written it (step 9999_later).")]


def test_an_empty_file_is_a_database_to_be_filled_at_the_next_start(patient):
    patient.database.touch()

    patient.look()

    assert patient.said("V105") == [("ok", "Its schema is older; the next start brings it up to date.")]


@pytest.mark.parametrize(("ahead_s", "level"), [(0, "ok"), (90, "warning"), (400, "error")])
def test_a_clock_that_differs_from_slacks_is_told(patient, ahead_s, level):
    patient.clock = lambda: system_clock() + ahead_s * SECOND_MS

    patient.look()

    assert patient.said("V202")[0][0] == level
