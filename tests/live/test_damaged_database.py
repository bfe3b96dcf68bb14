"""`valet run` on a database that can't be used from the start: loud, answering, idle, and well once it can."""

import hashlib
import os
import shutil
import subprocess
from contextlib import contextmanager

import pytest

from bot.domain.clock import system_clock
from bot.sandbox.slack.people import ADA, BOB, GPUS
from bot.services.context import Context
from bot.services.sharing import claims
from bot.settings import parse
from store import Store
from store.machines import agents
from store.machines import fleet as stored_fleet
from store.sql import rows
from tests.live.company import DGX, TOML, answered, command, delivered, environment, health, running, until

TOKEN = "vlt_of-dgx-1"


class Company:
    """A folder with settings, a database in which Ada holds dgx-1, a backup of it, and the `valet` command."""

    def __init__(self, folder, slack):
        self.folder, self.slack = folder, slack
        self.database = folder / "valet.db"
        (folder / "valet.toml").write_text(TOML)
        store = Store(self.database)
        with store.writing() as db:
            stored_fleet.save(db, DGX, team="", rate=None)
            agents.add(db, "dgx-1", hashlib.sha256(TOKEN.encode()).hexdigest(), system_clock())
        settings = parse({"slack": {"channel": GPUS, "admins": [BOB]}}, {})
        claims.claim_gpus(
            Context(store, system_clock, settings, {}, settings.roster), "dgx-1", ADA, length=8 * 3_600_000
        )
        store.close()
        self.backup = folder / "backups" / "valet-2026-11-22.db"
        self.valet("backup", self.backup)

    def claims(self):
        """Those that were ended."""
        store = Store(self.database)
        found = rows(store.reading(), "SELECT id FROM claims WHERE ended_at IS NOT NULL")
        store.close()
        return found

    def valet(self, *words):
        here = {"cwd": self.folder, "env": environment(self.slack)}
        return subprocess.run(command(*words), capture_output=True, text=True, timeout=60, check=False, **here)

    @contextmanager
    def running(self, *rights):
        with running(self.folder, environment(self.slack), *rights) as (_, door):
            yield door


@pytest.fixture
def company(tmp_path, slack):
    return Company(tmp_path, slack)


def test_a_ruined_database_is_told_to_all_and_a_backup_below_taken_up(company, slack):
    company.database.write_bytes(b"shopping list: milk, eggs, a DGX\n" * 1000)
    with company.running() as door:
        shown = [answered(slack, line) for line in ("/gpu status", "/gpu release dgx-1")]
        slack.open_home("ada")
        home = until(lambda: slack.sees_home("ada"))
        told = until(lambda: slack.sees("bob", "@bob"))
        sick, refused = health(door), delivered(door, TOKEN)
        second = company.valet("run")

        restored = company.valet("restore", company.backup)
        until(lambda: health(door)[0] == 200)
        released, taken = answered(slack, "/gpu release dgx-1"), delivered(door, TOKEN)

    reason = "the database is damaged; an admin has to restore a backup"
    remedy = f"On its machine, `valet restore {company.backup}` puts the newest one back, and I go on by myself."
    assert shown == [f"Valet's database can't be used now: {reason}. Nothing was changed. {remedy}"] * 2
    assert home == shown[0]
    assert [each.startswith(f"*Valet's database can't be used: {reason}.*") for each in told] == [True]
    assert told[0].endswith(remedy)
    assert sick == (503, [f"the database can't be used: {reason}"])
    assert (refused, taken) == (503, 200)
    assert (second.returncode, restored.returncode) == (75, 0)
    assert restored.stdout.splitlines()[-1].endswith(") goes on by itself.")
    assert "released" in released
    assert slack.sees("bob", "@bob") == told, "told once"
    assert len(company.claims()) == 1
    assert "Traceback" not in (company.folder / "log").read_text()


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root may write everything")
def test_a_database_that_may_not_be_written_is_taken_up_once_it_may(company, slack):
    company.database.chmod(0o400)
    rights = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    with company.running(*rights) as door:
        refused = answered(slack, "/gpu release dgx-1")
        sick = health(door)
        company.database.chmod(0o600)
        until(lambda: health(door)[0] == 200)
        released = answered(slack, "/gpu release dgx-1")

    assert refused == "Valet's database can't be used now: it may not be written. Nothing was changed."
    assert sick == (503, ["the database can't be used: it may not be written"])
    assert "released" in released
