"""What was charged without a price is corrected once there is one, by rows of its own, and every sum follows."""

import csv
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.machines.fleet import Instance
from bot.domain.money.rates import Charge, Rate, cost_between
from bot.domain.money.scope import Scope
from bot.domain.money.splitting import ClaimedGpus, split_cost
from bot.services.context import Context
from bot.services.money import corrections, ledger, ledger_export
from bot.settings import parse
from store.machines import fleet as stored_fleet
from store.money import bill as stored_bill
from store.money import day_sums, spend
from store.money import ledger as stored_ledger
from store.sql import one, rows, sqlite3
from tests.bot.services.money.test_ledger import WAYS, desk_of
from tests.examples import examples
from tests.opening import open_store

START = int(datetime(2026, 10, 24, tzinfo=UTC).timestamp() * 1000)
RATE = 13_350_400
DAYS = (date(2026, 10, 24), date(2026, 10, 27))
BOX = Instance("i-1", "box", "ec2", "s", "g6.48xlarge", "running", gpu_model="L4", gpu_count=2)


def know(store, rate):
    with store.writing() as db:
        stored_fleet.save(db, BOX, team="nlp", rate=Rate(rate, "valet.toml") if rate else None)


def charge(hour, length, rate, holds=()):
    start = START + hour * HOUR_MS
    micros = cost_between(rate, start, start + length)
    shares = split_cost(micros, (start, start + length), team="nlp", marks=((0, "bi"),), holds=holds)
    return Charge("i-1", start, start + length, length, micros, rate, "nlp", shares)


def everything(ctx):
    db = ctx.store.reading()
    with ctx.store.writing() as writing:
        while not day_sums.catch_up(writing, "Europe/Berlin"):
            pass
        while not stored_bill.catch_up_metered(writing):
            pass
    whole = {way: sum(each.micros for each in ledger.charged_sums(ctx, way, *DAYS)) for way in WAYS}
    ways = set(whole.values())
    days = sum(each.micros for each in spend.per_day(db, DAYS[0]))
    metered = sum(each.micros for each in stored_bill.metered_machines(db, *DAYS))
    lines = csv.DictReader(ledger_export.ledger_csv(ctx, START - DAY_MS, START + 5 * DAY_MS))
    in_csv = round(sum(float(line["usd"] or 0) for line in lines) * 1_000_000)
    shares = one(db, "SELECT coalesce(sum(micros), 0) AS micros FROM shares")["micros"]
    return {*ways, days, metered, in_csv, shares}


def test_hours_without_a_price_are_corrected_by_rows_of_their_own(tmp_path):
    store = open_store(tmp_path / "valet.db")
    ctx = desk_of(store)
    know(store, 0)
    with store.writing() as db:
        stored_ledger.add(
            db, [charge(hour, HOUR_MS, 0, [ClaimedGpus("UADA", "vision", (0,), 0)]) for hour in range(12)]
        )
    assert corrections.reprice(ctx) == 0
    before = everything(ctx)
    know(store, RATE)

    corrections.reprice(ctx)
    corrections.reprice(ctx)

    assert before == {0}
    assert everything(ctx) == {12 * RATE}
    assert len(rows(store.reading(), "SELECT 1 FROM charges")) == 24
    assert sum(each.unpriced_gpu_ms for each in ledger.charged_sums(ctx, "team", *DAYS)) == 0
    assert sum(each.unpriced_ms for each in stored_bill.metered_machines(store.reading(), *DAYS)) == 0
    people = {each.key: each.micros for each in ledger.charged_sums(ctx, "person", *DAYS)}
    assert people == {"UADA": 6 * RATE, "": 6 * RATE}
    told = [line for line in ledger_export.ledger_csv(ctx, START, START + DAY_MS) if "correction" in line]
    assert "correction: no price was known then; since then: valet.toml" in told[0]
    use = store.reading(), Scope("total", ""), BOX.type, START, START + DAY_MS
    assert spend.at_once(*use) == [12 * HOUR_MS]
    assert spend.paid(*use) == (12 * RATE, 12 * HOUR_MS)


def test_a_correction_stands_like_any_charge_and_is_made_once(tmp_path):
    store = open_store(tmp_path / "valet.db")
    know(store, RATE)
    with store.writing() as db:
        stored_ledger.add(db, [charge(0, HOUR_MS, 0)])
    corrections.reprice(desk_of(store))

    with pytest.raises(sqlite3.IntegrityError, match="append-only"), store.writing() as db:
        db.execute("UPDATE charges SET micros = 0 WHERE corrects IS NOT NULL")
    with pytest.raises(sqlite3.IntegrityError), store.writing() as db:
        stored_ledger.add(db, [charge(0, HOUR_MS, RATE)])


@pytest.mark.parametrize(
    ("machine", "settings", "micros"),
    [
        (BOX, {"prices": {"g6.48xlarge": "13.3504"}}, RATE),
        (
            Instance("dgx-1", "dgx-1", "owned", "owned", "owned", "running", gpu_model="A100", gpu_count=2),
            {"owned": {"usd_per_gpu_hour": "1.14"}},
            2_280_000,
        ),
    ],
)
def test_a_machine_that_is_gone_before_its_price_is_known_is_corrected_too(tmp_path, machine, settings, micros):
    store = open_store(tmp_path / "valet.db")
    with store.writing() as db:
        stored_fleet.save(db, machine, team="nlp", rate=None)
        stored_ledger.add(db, [replace(charge(0, HOUR_MS, 0), instance_id=machine.id)])
        stored_fleet.mark_gone(db, [machine.id], START + HOUR_MS)
    known = parse(settings, {})

    corrections.reprice(Context(store, lambda: START + DAY_MS, known, {}, known.roster))

    total = one(store.reading(), "SELECT sum(micros) AS micros FROM charges")
    assert total["micros"] == micros
    assert one(store.reading(), "SELECT gone_at FROM instances")["gone_at"] == START + HOUR_MS


def test_spot_machines_are_left_alone_as_nobody_knows_what_that_hour_cost(tmp_path):
    store = open_store(tmp_path / "valet.db")
    with store.writing() as db:
        spot = Instance("i-1", "box", "ec2", "s", "g6.48xlarge", "running", gpu_count=2, lifecycle="spot")
        stored_fleet.save(db, spot, team="nlp", rate=Rate(RATE, "spot"))
        stored_ledger.add(db, [charge(0, HOUR_MS, 0)])

    assert corrections.reprice(desk_of(store)) == 0


@pytest.mark.parametrize(("lifecycle", "found"), [("on-demand", ["i-1"]), ("spot", [])])
def test_a_spot_machine_that_is_gone_is_never_priced_as_on_demand(tmp_path, lifecycle, found):
    store = open_store(tmp_path / "valet.db")
    with store.writing() as db:
        stored_fleet.save(db, replace(BOX, lifecycle=lifecycle), team="nlp", rate=None)
        stored_ledger.add(db, [charge(0, HOUR_MS, 0)])
        stored_fleet.mark_gone(db, ["i-1"], START + HOUR_MS)
    known = parse({"prices": {"g6.48xlarge": "13.3504"}}, {})
    asked = [row["id"] for row in stored_ledger.unpriced_and_gone(store.reading())]

    corrections.reprice(Context(store, lambda: START + DAY_MS, known, {}, known.roster))

    assert asked == found
    assert one(store.reading(), "SELECT sum(micros) AS micros FROM charges")["micros"] == (RATE if found else 0)
    assert (one(store.reading(), "SELECT rate_micros FROM instances")["rate_micros"] or 0) == (RATE if found else 0)


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(1, HOUR_MS), st.booleans(), st.booleans()),
        max_size=30,
        unique_by=lambda each: each[0],
    )
)
@settings(max_examples=examples(25), deadline=None)
def test_with_its_corrections_the_ledger_is_running_time_at_the_rate(tmp_path_factory, found):
    store = open_store(tmp_path_factory.mktemp("repriced") / "valet.db")
    ctx = desk_of(store)
    know(store, RATE)
    for hour, length, known, held in found:
        holds = [ClaimedGpus("UADA", "vision", (1,), START + hour * HOUR_MS)] if held else []
        with store.writing() as db:
            stored_ledger.add(db, [charge(hour, length, RATE if known else 0, holds)])
        corrections.reprice(ctx)

    right = sum(
        cost_between(RATE, START + hour * HOUR_MS, START + hour * HOUR_MS + length) for hour, length, _, _ in found
    )
    assert everything(ctx) == {right}
    assert sum(each.running_ms for each in spend.per_day(store.reading(), DAYS[0])) == sum(each[1] for each in found)
