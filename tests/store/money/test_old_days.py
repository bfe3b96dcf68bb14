"""Hours that become days leave every sum as it was, a slice at a time, whatever happens in between."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.days import day_start, local_day
from store.money import bill as stored_bill
from store.money import day_sums, old_days, spend, sums
from store.money import ledger as stored_ledger
from store.sql import one, rows, sqlite3
from tests.examples import examples
from tests.store.money.test_day_sums import DAYS, FIRST, MACHINES, WAYS, ZONES, events, filled, hours, told
from tests.store.money.test_day_sums import charge as charge_of


def count_all(store, zone: str) -> None:
    with store.writing() as db:
        while not day_sums.catch_up(db, zone):
            pass
        while not stored_bill.catch_up_metered(db):
            pass


def days_in(zone: ZoneInfo) -> list[date]:
    first = local_day(FIRST, zone) - timedelta(days=1)
    return [first + timedelta(days=number) for number in range(DAYS + 3)]


def every_sum(db, zone: ZoneInfo) -> list[object]:
    """What is told of each day, and of all of them."""
    days = days_in(zone)
    spans = [(day_start(day, zone), day_start(day + timedelta(days=1), zone)) for day in days]
    found: list[object] = [spend.begins(db)]
    for span in (*spans, (spans[0][0], spans[-1][1])):
        found += [told(sums.sums_by(db, by, *span, team=team)) for by in WAYS for team in (None, "nlp")]
        found += [told(sums.sums_by(db, "person", *span, instance_id=name)) for name in MACHINES]
        found.append(stored_ledger.per_machine(db, *span))
    return found


@given(
    happened=events,
    zone=st.sampled_from(ZONES),
    other=st.sampled_from(ZONES),
    cut=st.integers(0, DAYS + 1),
    step=st.sampled_from([1, 3, 1_000]),
    slices=st.integers(1, 8),
)
@settings(max_examples=examples(120))
def test_sums_are_the_same_before_amid_and_after(tmp_path_factory, happened, zone, other, cut, step, slices):
    store, there = filled(tmp_path_factory.mktemp("old") / "valet.db", happened), ZoneInfo(zone)
    count_all(store, zone)
    db, before = store.reading(), day_start(days_in(there)[cut], there)
    known, whole = every_sum(db, there), told(sums.sums_by(db, "person", 0, day_sums.NEVER_MS))
    later = rows(db, "SELECT * FROM charges WHERE from_at >= ? ORDER BY id", before)

    for _ in range(slices):
        with store.writing() as writing:
            old_days.fold_hours(writing, before, zone, step=step)
    assert every_sum(db, there) == known
    with store.writing() as writing:
        while not old_days.fold_hours(writing, before, zone, step=step):
            pass

    assert every_sum(db, there) == known
    assert rows(db, "SELECT * FROM charges ORDER BY id") == later
    with store.writing() as writing:
        writing.execute("DELETE FROM day_sums_until")
    assert every_sum(db, there) == known, "while sums are being made"
    count_all(store, zone)
    assert every_sum(db, there) == known, "once they are made anew"
    count_all(store, other)
    assert told(sums.sums_by(db, "person", 0, day_sums.NEVER_MS)) == whole, "in days of another zone"
    store.close()


def ready(tmp_path, count: int):
    store = filled(tmp_path / "valet.db", hours(count))
    count_all(store, "UTC")
    return store


def test_a_crash_amid_folding_leaves_the_hours(tmp_path):
    store = ready(tmp_path, 60)

    def dies() -> None:
        with store.writing() as db:
            old_days.fold_hours(db, FIRST + DAY_MS, "UTC", step=7)
            raise RuntimeError("the process dies here")

    with pytest.raises(RuntimeError):
        dies()

    assert one(store.reading(), "SELECT count(*) AS n FROM charges") == {"n": 60}
    assert old_days.hours_begin(store.reading()) is None
    with store.writing() as db:
        assert not old_days.fold_hours(db, FIRST + DAY_MS, "UTC", step=7)
    assert one(store.reading(), "SELECT count(*) AS n FROM charges") == {"n": 53}


def test_nothing_is_folded_that_is_not_counted_everywhere(tmp_path):
    store = filled(tmp_path / "valet.db", hours(30))
    with store.writing() as db:
        assert old_days.fold_hours(db, FIRST + DAY_MS, "UTC", step=7)
        day_sums.catch_up(db, "UTC")
        assert old_days.fold_hours(db, FIRST + DAY_MS, "UTC", step=7), "the bill's days have not counted it"

    assert one(store.reading(), "SELECT count(*) AS n FROM charges") == {"n": 30}


@pytest.mark.parametrize("table", ["charges", "shares", "old_days"])
def test_what_is_not_folded_can_not_be_deleted(tmp_path, table):
    store = ready(tmp_path, 60)
    with store.writing() as db:
        old_days.fold_hours(db, FIRST + DAY_MS, "UTC", step=1_000)

    with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.writing() as db:
        db.execute(f"DELETE FROM {table}")


def test_charges_that_come_after_all_are_folded_have_new_numbers(tmp_path):
    store = ready(tmp_path, 24)
    with store.writing() as db:
        old_days.fold_hours(db, FIRST + DAY_MS, "UTC", step=1_000)
        assert one(db, "SELECT count(*) AS n FROM charges") == {"n": 0}
        assert stored_ledger.charged_until(db, "i-1") == FIRST + DAY_MS
    with store.writing() as db:
        stored_ledger.add(db, [made for made in map(charge_of, hours(26)) if made.from_at >= FIRST + DAY_MS])
    count_all(store, "UTC")

    (summed,) = sums.sums_by(store.reading(), "team", FIRST, FIRST + 30 * HOUR_MS)
    assert summed.micros == 26 * 3_600_000
