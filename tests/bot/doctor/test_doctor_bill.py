"""What the doctor says about the bill, without paying for anything."""

import pytest

from bot.errors import Unreachable
from store.money import bill as stored_bill
from tests.bot.billing.exports import charge, write_csv
from tests.opening import open_store

pytest.importorskip("duckdb", reason="the extra focus is not installed")


@pytest.fixture
def export(patient):
    folder = patient.folder / "focus"
    patient.toml += f'\n[bill]\nsource = "focus"\npath = "{folder}"\n'
    write_csv(folder / "export.csv", [charge()])
    return folder


def look_at(patient, do):
    store = open_store(patient.database)
    with store.writing() as db:
        do(db)
    store.close()
    return patient.look()


def test_where_no_bill_is_set_up_nothing_is_said(patient):
    assert not [each for each in patient.look().findings if each.id.startswith("V8")]


def test_files_that_can_be_read_are_fine_though_nobody_has_yet(patient, export):
    patient.look()

    assert patient.said("V801") == [("ok", "FOCUS: 1 file has the columns that are needed.")]
    assert patient.said("V802") == [
        ("ok", "The bill has not been read by FOCUS files yet; a running Valet does it within the hour.")
    ]


def test_a_missing_column_and_missing_files_are_errors(patient, export):
    write_csv(export / "export.csv", [charge()], names={"BilledCost": "cost"})
    [(level, sentence)] = patient.look().said("V801")
    (export / "export.csv").unlink()
    [(gone, there)] = patient.look().said("V801")

    assert level == gone == "error"
    assert "The export has no column BilledCost." in sentence
    assert "There are no CSV or Parquet files at" in there


def test_a_look_that_failed_is_a_warning_and_an_old_bill_another(patient, export):
    def failed(db):
        stored_bill.keep_look(db, _look(as_of=1_790_000_000_000), 1_790_000_000_000)
        stored_bill.note_failed_look(
            db, "FOCUS files", str(export), 1_790_000_060_000, str(Unreachable("The disk is gone"))
        )

    look_at(patient, failed)

    assert patient.said("V802") == [
        ("warning", "The newest look at the bill (2026-09-21 14:14 UTC) failed: The disk is gone.")
    ]
    [(level, sentence)] = patient.said("V803")
    assert (level, "as of 2026-09-21 14:13 UTC" in sentence) == ("warning", True)


def _look(as_of):
    from bot.domain.money.bill import BillLook

    return BillLook("FOCUS files", "folder", as_of, ("2026-09",), ())


def test_cost_explorer_is_not_asked(patient):
    patient.toml += '\n[bill]\nsource = "cost-explorer"\nrole_arn = "arn:aws:iam::111122223333:role/billing"\n'

    [(level, sentence)] = patient.look().said("V801")

    assert level == "ok"
    assert sentence.startswith("Cost Explorer of account 111122223333 was not asked: each answer costs $0.01")
