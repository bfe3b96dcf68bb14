"""`valet audit` and `valet verify-audit`: read beside a running Valet, and say what is wrong."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.domain.machines.fleet import Instance
from store import audit as stored_audit
from store import people as stored_people
from store.machines import fleet as stored_fleet
from store.sql import sqlite3
from tests.opening import open_store

AT = int(datetime(2024, 11, 23, 9, 0, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def database(tmp_path):
    opened = open_store(tmp_path / "valet.db")
    with opened.writing() as db:
        made = Instance(
            id="i-1", name="nb-2", provider="ec2", source="s", type="g5.xlarge", state="running", gpu_model="A10G"
        )
        stored_fleet.save(db, made, team="nlp", rate=None)
        stored_audit.add(db, AT, "U0ADA", "claimed", subject="i-1", detail="=HYPERLINK(1)")
        stored_audit.add(db, AT + 1000, "U0BOB", "approved", subject="i-1", before="pending", after="approved")
    yield opened
    opened.close()


@pytest.fixture
def run(tmp_path):
    (tmp_path / "valet.toml").write_text(f'database = "{tmp_path}/valet.db"\n')

    def call(*words):
        return CliRunner(env={"VALET_DB": ""}).invoke(main, [*words, "--config", str(tmp_path / "valet.toml")])

    return call


def tamper(database, statement):
    with sqlite3.connect(database.path) as db:
        for trigger in ("audit_keeps", "audit_stands"):
            db.execute(f"DROP TRIGGER {trigger}")
        db.execute(statement)
    db.close()


def test_the_audit_is_printed_line_by_line(run, database):
    assert run("audit").stdout.splitlines() == [
        "2024-11-23 09:00:00  U0ADA (name not known)  claimed  nb-2: =HYPERLINK(1)",
        "2024-11-23 09:00:01  U0BOB (name not known)  approved  nb-2 (pending -> approved)",
    ]


def test_people_are_printed_by_the_names_that_slack_last_told(run, database):
    with database.writing() as db:
        stored_audit.add(db, AT + 2000, "valet", "stopped", subject="i-1", detail="asked by U0ADA, approved by U0BOB")
        stored_people.learn(db, [("U0ADA", "Ada Byron", False), ("U0CY", "", False)], AT)

    lines = run("audit").stdout.splitlines()
    found = list(csv.DictReader(io.StringIO(run("audit", "--csv").stdout)))

    assert lines[0] == "2024-11-23 09:00:00  Ada Byron  claimed  nb-2: =HYPERLINK(1)"
    assert lines[2] == "2024-11-23 09:00:02  valet  stopped  nb-2: asked by Ada Byron, approved by U0BOB"
    assert [(each["who"], each["who_name"]) for each in found[:2]] == [("U0ADA", "Ada Byron"), ("U0BOB", "")]


def test_the_audit_as_csv_has_every_part_and_no_formula(run, database):
    found = list(csv.DictReader(io.StringIO(run("audit", "--csv").stdout)))

    assert found[0]["why"] == "'=HYPERLINK(1)"
    assert found[1] | {"hash": ""} == {
        "entry": "2",
        "at": "2024-11-23T09:00:01Z",
        "who": "U0BOB",
        "did": "approved",
        "subject": "i-1",
        "name": "nb-2",
        "why": "",
        "before": "pending",
        "after": "approved",
        "hash": "",
        "who_name": "",
    }


def test_the_audit_as_json_goes_on_after_an_entry(run, database):
    first, second = map(json.loads, run("audit", "--json").stdout.splitlines())

    assert (first["entry"], first["who"], first["why"]) == (1, "U0ADA", "=HYPERLINK(1)")
    assert [json.loads(line) for line in run("audit", "--json", "--after", "1").stdout.splitlines()] == [second]
    assert run("audit", "--json", "--after", "2").stdout == ""
    assert "Choose one" in run("audit", "--json", "--csv").stderr


def test_a_person_is_forgotten_by_name_once_it_is_confirmed(run, database):
    with database.writing() as db:
        stored_people.learn(db, [("U0ADA", "Ada Byron", False)], AT)

    assert run("forget", "--show", "ada byron").stdout.split() == ["audit", "1", "people_names", "1"]
    assert "Forget them for good?" in run("forget", "Ada Byron").stderr
    assert "U0ADA" in run("audit", "--csv").stdout
    done = run("forget", "Ada Byron", "--yes")

    assert done.stdout.startswith("Forgotten: 2 rows changed or deleted. In the audit they are UFORGOTTEN")
    assert "U0ADA" not in run("audit", "--csv").stdout
    assert "(forgotten)  claimed  nb-2" in run("audit").stdout
    assert "1 of them name people who were forgotten since" in run("verify-audit").stdout
    assert run("forget", "U0ADA", "--yes").stderr == "Error: Nothing is known of U0ADA.\n"
    assert "Nobody called" in run("forget", "Ada Byron", "--yes").stderr


def test_only_the_last_days_when_asked_for(run, database):
    with database.writing() as db:
        stored_audit.add(db, int(datetime.now(UTC).timestamp() * 1000), "U0CY", "released", subject="i-1")

    assert "released" in run("audit", "--days", "1").stdout
    assert len(run("audit", "--days", "1", "--csv").stdout.splitlines()) == 2


def test_an_untouched_audit_holds_and_gives_its_newest_hash(run, database):
    done = run("verify-audit")

    assert done.exit_code == 0
    assert done.stdout.startswith(
        "The audit holds: 2 entries, the newest written at 2024-11-23 09:00:01 UTC.\nIts hash: "
    )
    assert run("verify-audit", "--expect", done.stdout.split()[-1]).exit_code == 0


def test_a_changed_entry_is_named_with_its_time(run, database):
    tamper(database, "UPDATE audit SET who = 'U0EVE' WHERE id = 2")

    done = run("verify-audit")

    assert done.exit_code == 1
    assert done.stderr == (
        "Error: The audit is broken. Entry 2 does not match its hash: it, or the entry before it, was changed after it "
        "was written. It was written at 2024-11-23 09:00:01 UTC. Everything before entry 2 is as written.\n"
    )


def test_a_missing_entry_is_named(run, database):
    tamper(database, "DELETE FROM audit WHERE id = 1")

    done = run("verify-audit")

    assert done.exit_code == 1
    assert "Entry 1 is missing." in done.stderr


def test_an_audit_that_was_written_anew_is_found_by_a_hash_noted_before(run, database, tmp_path):
    noted = run("verify-audit").stdout.split()[-1]
    database.close()
    (tmp_path / "valet.db").unlink()
    open_store(tmp_path / "valet.db").close()

    done = run("verify-audit", "--expect", noted)

    assert done.exit_code == 1
    assert "no entry of it has the hash" in done.stderr


def test_an_empty_audit_and_a_missing_database_say_so(run, tmp_path):
    missing = run("verify-audit")
    open_store(tmp_path / "valet.db").close()

    assert missing.exit_code == 1
    assert missing.stderr.endswith("yet. `valet run` makes it.\n")
    assert run("verify-audit").stdout == "The audit is empty, and holds.\n"
    assert run("audit").stderr == "The audit is empty.\n"
