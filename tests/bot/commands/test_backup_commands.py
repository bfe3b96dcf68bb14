"""`valet backup` and `valet restore`: the drill as an admin does it, and the answer when it can't be done."""

import os

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.domain.clock import HOUR_MS
from bot.services.sharing import claims
from store import Store, copies
from tests.bot.services.room import ADA, CY, SETTINGS, Room


@pytest.fixture
def room(tmp_path, clock):
    opened = Room(
        tmp_path / "valet.db", clock, settings=SETTINGS | {"database": str(tmp_path / "valet.db")}, alone=True
    )
    opened.sweep()
    yield opened
    opened.close()


@pytest.fixture
def run(tmp_path):
    (tmp_path / "valet.toml").write_text(f'database = "{tmp_path}/valet.db"\n')

    def call(*words):
        given = [str(word) for word in words]
        return CliRunner(env={"VALET_DB": ""}).invoke(main, [*given, "--config", str(tmp_path / "valet.toml")])

    return call


def held(room):
    """Who holds what."""
    found = [room.ctx.store.reading().execute("SELECT holder, instance_id FROM claims WHERE ended_at IS NULL")]
    return sorted(found[0].fetchall())


def test_the_drill_backup_damage_restore_and_every_claim_is_there(room, run, tmp_path):
    for name, who in (("train-7", ADA), ("train-9", CY)):
        claims.claim_gpus(room.ctx, room.machine(name).id, who, length=8 * HOUR_MS)
    before = held(room)
    backup = run("backup").stdout.strip()
    room.close()
    (tmp_path / "valet.db").write_bytes(os.urandom(200_000))
    assert run("verify-audit").exit_code == 1

    done = run("restore", backup)

    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"Restored {backup} to {tmp_path}/valet.db. Its newest audit entry is of 2026-11-23")
    assert "The database that was there is now " in done.stdout
    room.ctx = room._open()
    assert len(before) == 2
    assert held(room) == before
    assert run("verify-audit").stdout.startswith("The audit holds: 3 entries")
    assert run("audit").stdout.splitlines()[-1].endswith(f"command line  restored a backup  valet: {backup}")


def test_a_copy_goes_where_it_is_told_and_never_over_another_file(room, run, tmp_path):
    named = run("backup", tmp_path / "mine.db")
    again = run("backup", tmp_path / "mine.db")
    (tmp_path / "folder").mkdir()
    inside = run("backup", tmp_path / "folder")

    assert named.stdout == f"{tmp_path}/mine.db\n"
    assert ", checked." in named.stderr
    assert again.exit_code == 1
    assert "mine.db exists already" in again.stderr
    assert inside.stdout.startswith(f"{tmp_path}/folder/valet-")


def test_nothing_is_restored_while_valet_runs(room, run, tmp_path):
    backup = run("backup").stdout.strip()
    room.close()
    running = Store(tmp_path / "valet.db", keeper=True)

    done = run("restore", backup)

    running.close()
    assert done.exit_code == 75
    assert "Stop that one first" in done.stderr


def test_nothing_is_restored_below_a_replica_unless_litestream_is_said_to_be_stopped(room, run, tmp_path):
    backup = run("backup").stdout.strip()
    room.close()
    (tmp_path / ".valet.db-litestream").mkdir()
    before = (tmp_path / "valet.db").read_bytes()

    refused, done = run("restore", backup), run("restore", backup, "--litestream-stopped")

    assert refused.exit_code == 1
    assert "Stop it (`systemctl stop valet-litestream`), then say --litestream-stopped." in refused.stderr
    assert before[:16] == b"SQLite format 3\0"
    assert done.exit_code == 0, done.output
    assert "Start Litestream again after Valet" in done.stdout


def test_a_replica_of_another_database_hinders_nobody(room, run, tmp_path):
    backup = run("backup").stdout.strip()
    room.close()
    (tmp_path / ".other.db-litestream").mkdir()

    assert run("restore", backup).exit_code == 0


def test_a_replica_is_found_beside_the_file_that_a_link_leads_to(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "valet.db").symlink_to(tmp_path / "disk" / "valet.db")

    assert copies.replica_folder(tmp_path / "valet.db") == tmp_path / "disk" / ".valet.db-litestream"


def test_a_restore_on_a_new_machine_needs_no_database_there(room, run, tmp_path):
    backup = run("backup", tmp_path / "carried.db").stdout.strip()
    room.close()
    for path in tmp_path.glob("valet.db*"):
        path.unlink()

    done = run("restore", backup)

    assert done.exit_code == 0, done.output
    assert "The database that was there" not in done.stdout
    assert run("verify-audit").exit_code == 0


def test_without_a_database_there_is_nothing_to_copy(run):
    done = run("backup")

    assert done.exit_code == 1
    assert "There is no database" in done.stderr
