"""Between rows and records: what is written comes back as it was, in columns that SQL can ask."""

from dataclasses import dataclass
from datetime import date, time
from typing import Literal, NewType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.records import find_all, find_record, insert, record_of
from store.sql import changed, one
from tests.examples import examples
from tests.opening import open_store

Ms = NewType("Ms", int)
TABLE = """CREATE TABLE things (id TEXT PRIMARY KEY, many INTEGER, rate REAL, kept INTEGER, state TEXT, length INTEGER,
    day TEXT, wall TEXT, gpus TEXT, told TEXT, "of" TEXT, later INTEGER)"""


@dataclass(frozen=True, slots=True)
class Choice:
    count: int | None = None
    indexes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Thing:
    id: str
    many: int | None = None
    rate: float | None = None
    kept: bool = False
    state: Literal["open", "over"] | None = None
    length: Ms | None = None
    day: date | None = None
    wall: time | None = None
    gpus: tuple[int, ...] = ()
    told: Choice | None = None
    of: str = ""


THINGS = st.builds(
    Thing,
    id=st.just("a"),
    many=st.none() | st.integers(-(2**40), 2**40),
    rate=st.none() | st.floats(allow_nan=False, width=32),
    kept=st.booleans(),
    state=st.sampled_from([None, "open", "over"]),
    length=st.none() | st.integers(0, 2**40),
    day=st.none() | st.dates(),
    wall=st.none() | st.times(),
    gpus=st.lists(st.integers(0, 16)).map(tuple),
    told=st.none() | st.builds(Choice, st.none() | st.integers(0, 9), st.lists(st.integers(0, 9)).map(tuple)),
    of=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9),
)


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    store = open_store(tmp_path_factory.mktemp("records") / "valet.db")
    with store.writing() as db:
        db.execute(TABLE)
    with store.writing() as db:
        yield db
    store.close()


@given(thing=THINGS)
@settings(max_examples=examples(40))
def test_what_is_written_comes_back_as_it_was(db, thing):
    changed(db, "DELETE FROM things")

    assert insert(db, "things", thing, later=7) == 1
    assert find_record(db, Thing, "SELECT * FROM things WHERE id = ?", "a") == thing
    assert find_all(db, Thing, "SELECT * FROM things") == [thing]
    assert find_record(db, Thing, "SELECT * FROM things WHERE id = ?", "b") is None


def test_cells_are_what_a_query_can_ask(db):
    changed(db, "DELETE FROM things")
    insert(db, "things", Thing("a", kept=True, day=date(2026, 12, 1), wall=time(20), gpus=(0, 7), told=Choice(2)))

    sql = "SELECT kept, day, wall, json_extract(gpus, '$[1]') AS gpu, json_extract(told, '$.count') AS n FROM things"

    assert one(db, sql) == {"kept": 1, "day": "2026-12-01", "wall": "20:00:00", "gpu": 7, "n": 2}


def test_a_cell_that_is_handed_stands_in_the_place_of_the_field(db):
    changed(db, "DELETE FROM things")
    insert(db, "things", Thing("a", of="x"), of="y")
    row = one(db, "SELECT * FROM things") or {}

    assert record_of(Thing, row) == Thing("a", of="y")
    assert record_of(Thing, row, of="z") == Thing("a", of="z")
    assert insert(db, "things", Thing("a"), then="ON CONFLICT DO NOTHING") == 0
    assert insert(db, "things", Thing("a", of="w"), verb="INSERT OR REPLACE") == 1
