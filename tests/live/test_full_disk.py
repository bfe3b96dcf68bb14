"""`valet run` on a file system that takes nothing any more: loud, answering, idle, and well again by itself."""

import resource

import pytest

from store import Store
from store import audit as stored_audit
from store.machines import fleet as stored_fleet
from store.sql import rows
from tests.live.company import DGX, TOML, answered, environment, health, running, until

NOTHING, EVERYTHING = (1, resource.RLIM_INFINITY), (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
pytestmark = pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")


@pytest.fixture
def valet(tmp_path, slack):
    """The process and the address of its door."""
    (tmp_path / "valet.toml").write_text(TOML)
    with running(tmp_path, environment(slack)) as begun:
        yield begun


def test_a_disk_that_takes_nothing_is_survived_and_nothing_that_was_kept_is_lost(valet, slack, tmp_path):
    process, door = valet
    store = Store(tmp_path / "valet.db")
    with store.writing() as db:
        stored_fleet.save(db, DGX, team="", rate=None)
    first = answered(slack, "/gpu claim dgx-1 for 2h")
    well = until(lambda: health(door)[0] == 200)

    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, NOTHING)
    refused = answered(slack, "/gpu release dgx-1")
    shown = answered(slack, "/gpu status")
    sick = health(door)
    told = until(lambda: slack.sees("bob", "@bob"))
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, EVERYTHING)
    until(lambda: health(door)[0] == 200)
    released = answered(slack, "/gpu release dgx-1")

    process.terminate()
    assert process.wait(30) == 0
    assert well
    assert "dgx-1" in first
    assert refused == "Valet's database can't be used now: the disk reports errors. Nothing was changed."
    assert "dgx-1" in shown
    assert sick == (503, ["the database can't be used: the disk reports errors"])
    assert told[0].startswith("*Valet's database can't be used: the disk reports errors.*")
    assert "released" in released
    assert [row["ended_at"] is not None for row in rows(store.reading(), "SELECT ended_at FROM claims")] == [True]
    assert stored_audit.verify(store.reading()) is None
    store.close()
