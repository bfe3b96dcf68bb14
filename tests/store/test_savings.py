"""Savings are written once and stand."""

from dataclasses import replace

import pytest

from bot.domain.money.savings import Saving
from store.machines import fleet as stored_fleet
from store.money import savings as stored_savings
from store.sql import sqlite3
from tests.bench.crowd import instances

SAVING = Saving("c1", "shared", 1_000, "U1", "", "start", "i-1", 5_000_000, 9_000, "eval-2 would have been started.")


@pytest.fixture
def kept(store):
    made = instances(1, 0)
    with store.writing() as db:
        stored_fleet.save_all(db, [(made[0], "", None)])
    return store, replace(SAVING, taken_id=made[0].id)


def test_a_saving_is_counted_once(kept):
    store, saving = kept

    with store.writing() as db:
        assert stored_savings.add(db, saving)
        assert not stored_savings.add(db, saving)

    assert stored_savings.shared_between(store.reading(), 0, 2_000) == [saving]
    assert stored_savings.shared_between(store.reading(), 1_000, 1_001) == [saving]
    assert stored_savings.shared_between(store.reading(), 0, 1_000) == []


@pytest.mark.parametrize("sql", ["DELETE FROM savings", "UPDATE savings SET micros_per_hour = 1"])
def test_a_saving_stands(kept, sql):
    store, saving = kept
    with store.writing() as db:
        stored_savings.add(db, saving)

    with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.writing() as db:
        db.execute(sql)
