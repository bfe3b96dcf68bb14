"""What reads only what is open tells the same as a reading of all there ever was."""

import pytest

from bot.domain.clock import HOUR_MS
from bot.domain.money.savings import SavedPiece
from store import outbox as stored_outbox
from store.money import savings as stored_savings
from store.money.savings import SavingSource
from store.schema import STEPS
from store.sql import changed, many, rows
from tests.opening import open_store
from tests.store.test_query_plans import _ACTION, _MACHINE

BY_ALL = "SELECT state, count(*) AS n FROM outbox GROUP BY state"
STOPS_OF_ALL = (
    "SELECT a.id FROM actions a LEFT JOIN saving_sources s ON s.id = a.id "
    "WHERE a.kind = 'stop' AND a.state = 'done' AND coalesce(s.over, 0) = 0 ORDER BY a.finished_at, a.id"
)


@pytest.fixture
def store(tmp_path):
    store = open_store(tmp_path / "valet.db")
    with store.writing() as db:
        many(db, _MACHINE, [("i-1", "m-1", "running")])
    yield store
    store.close()


def add_stop(db, name: str, state: str = "done", kind: str = "stop") -> None:
    changed(
        db,
        _ACTION.replace("'done'", f"'{state}'"),
        name,
        kind,
        "i-1",
        "{}",
        1,
        2,
        "UBOB",
        3,
        4,
        5,
        5 if kind == "start" else None,
    )


def source(name: str, *, over: bool) -> SavingSource:
    return SavingSource(name, "i-1", "m-1", "nlp", "", HOUR_MS, over)


def test_messages_are_counted_by_state_as_by_reading_all_of_them(store):
    with store.writing() as db:
        for number in range(30):
            stored_outbox.tell(db, "C", f"r-{number}", kind="k", subject="s", now=number)
        for state, before in (("sent", 20), ("dead", 10), ("sending", 5)):
            changed(db, "UPDATE outbox SET state = ? WHERE id <= ?", state, before)

    told = stored_outbox.counts(store.reading())

    assert told == {"sending": 5, "dead": 5, "sent": 10, "waiting": 10}
    assert told == {row["state"]: row["n"] for row in rows(store.reading(), BY_ALL)}


def test_no_message_is_counted_where_there_is_none(store):
    assert stored_outbox.counts(store.reading()) == {}


def test_a_stop_may_save_from_its_doing_until_worked_out_to_its_end(store):
    with store.writing() as db:
        for name, state in (("a-1", "done"), ("a-2", "executing"), ("a-3", "denied")):
            add_stop(db, name, state)
        add_stop(db, "a-4", kind="start")
        assert [row["id"] for row in stored_savings.open_stops(db)] == ["a-1"]
        changed(db, "UPDATE actions SET state = 'done' WHERE id = 'a-2'")
        assert [row["id"] for row in stored_savings.open_stops(db)] == ["a-1", "a-2"]
        stored_savings.keep_saved(db, source("a-1", over=False), [SavedPiece("stopped", 0, HOUR_MS, HOUR_MS, 5)])
        assert [row["id"] for row in stored_savings.open_stops(db)] == ["a-1", "a-2"]

        stored_savings.keep_saved(db, source("a-1", over=True), ())

        assert [row["id"] for row in stored_savings.open_stops(db)] == ["a-2"]
        assert [row["id"] for row in rows(db, STOPS_OF_ALL)] == ["a-2"]


def test_a_database_of_before_knows_what_may_still_save(store):
    taken = dict(STEPS)["0003_open_savings"]
    with store.writing() as db:
        for name in ("a-1", "a-2", "a-3"):
            add_stop(db, name)
        stored_savings.keep_saved(db, source("a-2", over=True), ())
        changed(db, "DELETE FROM open_savings")

        changed(db, taken[-1])

        assert [row["id"] for row in stored_savings.open_stops(db)] == ["a-1", "a-3"]
