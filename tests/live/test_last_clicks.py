"""What people ask for in the last moment before an end is acknowledged and done, or refused and not done."""

import contextlib
import sqlite3
import threading
from dataclasses import replace

from store.machines import fleet as stored_fleet
from tests.live.company import DGX, TOML, environment, running, until
from tests.opening import open_store

PEOPLE = ("ada", "bob", "cy")
EACH = 60


def test_what_slack_shows_as_failed_was_not_done(slack, tmp_path):
    (tmp_path / "valet.toml").write_text(TOML)
    store = open_store(tmp_path / "valet.db")
    with store.writing() as db:
        for person in PEOPLE:
            for number in range(EACH):
                name = f"{person}-{number:02}"
                stored_fleet.save(db, replace(DGX, id=name, name=name, source="owned"), team="", rate=None)
    store.close()
    typed, over = [], threading.Event()

    def claims(person):
        for number in range(EACH):
            if over.is_set():
                return
            typed.append(person)
            slack.command(person, "#gpus", f"/gpu claim {person}-{number:02} for 2h")

    threads = [threading.Thread(target=claims, args=(person,)) for person in PEOPLE]
    with running(tmp_path, environment(slack)) as (process, _):
        for thread in threads:
            thread.start()
        until(lambda: len(typed) > EACH)
        process.terminate()
        over.set()
        process.wait(30)
    for thread in threads:
        thread.join(30)

    with contextlib.closing(sqlite3.connect(tmp_path / "valet.db")) as db:
        done = db.execute("SELECT count(*) FROM claims").fetchone()[0]
    failed = sum("failed" in text for person in PEOPLE for text in slack.sees(person, "#gpus"))
    assert done + failed == len(typed)
