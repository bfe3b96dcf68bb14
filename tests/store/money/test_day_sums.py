"""Sums by day are the ledger's, whatever came in which order: splits, late prices, zones, steps and hours left over."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.days import GpuMs, MachineMs, day_start, local_day
from bot.domain.machines.fleet import Instance
from bot.domain.money.rates import Charge, Rate, Share, cost_between
from bot.domain.money.reports import LedgerSum, SumBy
from bot.domain.money.splitting import price_correction, share_out
from bot.errors import Impaired
from store.machines import fleet as stored_fleet
from store.money import day_sums, spend, sums
from store.money import ledger as stored_ledger
from store.sql import many, one, rows
from tests.examples import examples
from tests.opening import open_store

FIRST = int(datetime(2026, 10, 23, tzinfo=UTC).timestamp() * 1000)
"""Two days before clocks in Europe and in Lord Howe's half hours turn, nine before those of New York."""
DAYS = 12
MACHINES = {"i-1": "ec2", "i-2": "ec2", "dgx-1": "owned"}
ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York")
TABLES = ("machine_days", "people_days")
WAYS: tuple[SumBy, ...] = ("team", "used_by", "person", "type", "instance")
SPLITS = st.lists(
    st.tuples(
        st.sampled_from(["", "UADA", "UCY"]),
        st.sampled_from(["nlp", "vision", ""]),
        st.sampled_from(["busy", "idle", "unknown"]),
        st.integers(1, 9),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda share: share[:3],
)


class Ran(NamedTuple):
    """A machine ran for part of an hour, at a price or without one."""

    machine: str
    hour: int
    rate: int
    team: str
    split: list[tuple[str, str, str, int]]
    exact: bool
    half: int
    """Which half of the hour; two stand for all of it."""


class Priced(NamedTuple):
    """What has no price yet gets one."""

    exact: bool


class Summed(NamedTuple):
    """Charges are counted, at most so many."""

    zone: str
    step: int


class Moved(NamedTuple):
    """A machine is one of another provider, from one look to the next."""

    machine: str


ran = st.builds(
    Ran,
    st.sampled_from(sorted(MACHINES)),
    st.integers(0, DAYS * 24 - 1),
    st.sampled_from([0, 0, 3_600_000, 21_957_643]),
    st.sampled_from(["nlp", "vision"]),
    SPLITS,
    st.booleans(),
    st.integers(0, 2),
)
events = st.lists(
    st.one_of(
        ran,
        ran,
        ran,
        ran,
        st.builds(Priced, st.booleans()),
        st.builds(Summed, st.sampled_from(ZONES[1:3]), st.sampled_from([2, 1000])),
        st.builds(Summed, st.just(ZONES[1]), st.just(1000)),
        st.builds(Moved, st.just("i-2")),
    ),
    min_size=1,
    max_size=40,
)


def charge(event: Ran) -> Charge:
    start = FIRST + event.hour * HOUR_MS + (30 * MINUTE_MS if event.half == 1 else 0)
    end = start + (HOUR_MS if event.half == 2 else 30 * MINUTE_MS)
    micros = cost_between(event.rate, start, end)
    weights = [weight for *_, weight in event.split]
    times, parts = share_out(8 * (end - start), weights), share_out(micros, weights)
    shares = tuple(
        Share(who, team, use, GpuMs(ms), part)  # type: ignore[arg-type]
        for (who, team, use, _), ms, part in zip(event.split, times, parts, strict=True)
    )
    idle = MachineMs(0)
    return Charge(
        event.machine,
        start,
        end,
        MachineMs(end - start),
        micros,
        event.rate,
        event.team,
        shares,
        exact=event.exact,
        idle_ms=idle,
    )


def ledger_of(db, happened) -> None:
    """Everything that happened, in its order; what was charged already is not charged again."""
    taken: set[tuple[str, int]] = set()
    unpriced: dict[int, Charge] = {}
    for event in happened:
        match event:
            case Ran():
                made = charge(event)
                places = {(made.instance_id, at) for at in range(made.from_at, made.until_at, 30 * MINUTE_MS)}
                if places & taken:
                    continue
                taken |= places
                stored_ledger.add(db, [made])
                if not made.rate_micros:
                    unpriced[day_sums.newest_charge(db)] = made
            case Priced():
                rate = Rate(12_345_679, "AWS", event.exact)
                stored_ledger.add(
                    db, [price_correction(number, made, rate, "late") for number, made in unpriced.items()]
                )
                unpriced = {}
            case Summed():
                day_sums.catch_up(db, event.zone, step=event.step)
            case Moved():
                db.execute(
                    "UPDATE instances SET provider = iif(provider = 'ec2', 'owned', 'ec2') WHERE id = ?", ["i-2"]
                )


def filled(path, happened):
    store = open_store(path)
    with store.writing() as db:
        for name, provider in MACHINES.items():
            made = Instance(
                id=name,
                name=f"name of {name}",
                provider=provider,  # type: ignore[arg-type]
                source=provider,
                type="g5.xlarge",
                state="running",
                gpu_model="A100",
                gpu_count=8,
            )
            stored_fleet.save(db, made, team="nlp", rate=None)
        ledger_of(db, happened)
    return store


def from_the_charges(db, by: SumBy, start: int, end: int, team: str | None) -> dict[tuple[str, str], Counter[str]]:
    """The sums, one share at a time."""
    key = {"team": "team", "used_by": "used_by", "person": "holder", "type": "type", "instance": "instance_id"}[by]
    corrected = {row["corrects"] for row in rows(db, "SELECT corrects FROM charges WHERE corrects IS NOT NULL")}
    found: dict[tuple[str, str], Counter[str]] = {}
    for share in stored_ledger.shares_between(db, start, end):
        if team not in {None, share["team"]}:
            continue
        named = "owned 8xA100" if by == "type" and share["provider"] == "owned" else share[key]
        summed = found.setdefault((named, share["provider"]), Counter())
        idle, use, micros, gpu_ms = share["use"] == "idle", share["use"], share["micros"], share["gpu_ms"]
        summed.update({"micros": micros, f"{use}_micros": micros, "gpu_ms": gpu_ms, "idle_gpu_ms": idle * gpu_ms})
        unpriced = not share["rate_micros"] and share["charge_id"] not in corrected
        inexact = 0 if share["exact"] else micros
        summed.update({"unpriced_gpu_ms": unpriced * gpu_ms, "estimated_micros": inexact})
        summed.update({"estimated_idle_micros": idle * inexact})
    return found


def told(found: list[LedgerSum]) -> dict[tuple[str, str], Counter[str]]:
    return {(each.key, each.provider): Counter(each._asdict() | {"key": 0, "name": 0, "provider": 0}) for each in found}


@given(
    happened=events,
    zone=st.sampled_from(ZONES),
    edges=st.tuples(st.integers(-1, DAYS + 1), st.integers(0, DAYS + 1), st.sampled_from([0, 0, HOUR_MS, 7, -HOUR_MS])),
    team=st.sampled_from([None, None, "nlp"]),
)
@settings(max_examples=examples(400))
def test_sums_of_any_span_are_those_of_its_charges(tmp_path_factory, happened, zone, edges, team):
    store = filled(tmp_path_factory.mktemp("sums") / "valet.db", happened)
    first = local_day(FIRST + edges[0] * DAY_MS, ZoneInfo(zone))
    start = day_start(first, ZoneInfo(zone)) + edges[2]
    end = day_start(local_day(start + edges[1] * DAY_MS, ZoneInfo(zone)), ZoneInfo(zone)) - edges[2]

    db = store.reading()
    for by in WAYS:
        assert told(sums.sums_by(db, by, start, end, team=team)) == from_the_charges(db, by, start, end, team)
    for name in MACHINES:
        alone = told(sums.sums_by(db, "instance", start, end, instance_id=name))
        every = from_the_charges(db, "instance", start, end, None)
        assert alone == {key: value for key, value in every.items() if key[0] == name}
    since = {row["source"]: row["at"] for row in rows(db, FIRST_OF_ALL)}
    assert spend.begins(db) == since
    store.close()


FIRST_OF_ALL = (
    "SELECT i.source, min(c.from_at) AS at FROM charges c JOIN instances i ON i.id = c.instance_id "
    "WHERE c.corrects IS NULL GROUP BY i.source"
)


@given(happened=events, zone=st.sampled_from(ZONES))
@settings(max_examples=examples(100))
def test_what_is_counted_in_steps_is_what_is_counted_anew(tmp_path_factory, happened, zone):
    store = filled(tmp_path_factory.mktemp("anew") / "valet.db", happened)

    def days(step: int) -> list[list[dict[str, object]]]:
        with store.writing() as db:
            while not day_sums.catch_up(db, zone, step=step):
                pass
            return [
                rows(db, f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4, 5") for table in ("machine_days", "people_days")
            ]

    in_steps = days(3)
    with store.writing() as db:
        db.execute("DELETE FROM day_sums_until")

    assert days(10**9) == in_steps
    assert (
        sum(row["running_ms"] for row in in_steps[0])
        == one(store.reading(), "SELECT coalesce(sum(running_ms), 0) AS ms FROM charges")["ms"]
    )
    store.close()


def hours(count: int, machine: str = "i-1") -> list[Ran]:
    split = [("", "nlp", "busy", 1)]
    return [Ran(machine, number, 3_600_000, "nlp", split, exact=True, half=2) for number in range(count)]


def test_a_crash_between_charges_and_their_count_loses_nothing(tmp_path):
    store = filled(tmp_path / "valet.db", hours(30))
    with store.writing() as db:
        day_sums.catch_up(db, "UTC")

    def dies_half_way() -> None:
        with store.writing() as db:
            day_sums.catch_up(db, "Asia/Kolkata", step=7)
            raise RuntimeError("the process dies here")

    with pytest.raises(RuntimeError):
        dies_half_way()

    (summed,) = sums.sums_by(store.reading(), "team", FIRST, FIRST + 30 * HOUR_MS)
    assert summed.micros == 30 * 3_600_000
    assert day_sums.counted(store.reading()) == day_sums.Counted("UTC", 30)


def test_charges_are_read_a_day_at_a_time_while_sums_are_made(tmp_path):
    store = filled(tmp_path / "valet.db", hours(100))
    with store.writing() as db:
        day_sums.catch_up(db, "UTC", step=10)
    assert day_sums.whole_days(store.reading(), FIRST, FIRST + 4 * DAY_MS) is not None
    with store.writing() as db:  # so many more that the sums are of no use
        many(
            db,
            "INSERT INTO charges (id, instance_id, from_at, until_at, running_ms, micros, rate_micros, team, exact) "
            "VALUES (?, 'i-2', ?, ?, 1, 1, 1, 'nlp', 1)",
            [(day_sums.MOST_UNCOUNTED * 3, FIRST, FIRST + 1)],
        )

    assert day_sums.whole_days(store.reading(), FIRST, FIRST + 4 * DAY_MS) is None
    (summed,) = sums.sums_by(store.reading(), "team", FIRST, FIRST + 100 * HOUR_MS)
    assert summed.micros == 100 * 3_600_000


def test_a_machine_that_changes_its_type_takes_its_past_along(tmp_path):
    store = filled(tmp_path / "valet.db", hours(30))
    with store.writing() as db:
        day_sums.catch_up(db, "UTC")
        made = Instance(id="i-1", name="i-1", provider="ec2", source="ec2", type="g5.48xlarge", state="running")
        stored_fleet.save(db, replace(made, gpu_count=8), team="nlp", rate=None)

    assert [each.key for each in sums.sums_by(store.reading(), "type", FIRST, FIRST + 2 * DAY_MS)] == ["g5.48xlarge"]


@pytest.mark.parametrize("by", WAYS)
def test_a_report_of_whole_days_reads_no_hour_that_is_counted(tmp_path, by):
    store = filled(tmp_path / "valet.db", hours(100))
    with store.writing() as db:
        day_sums.catch_up(db, "UTC")
    db, asked = store.reading(), []

    with db.tracer(lambda sql, values: asked.append((sql, values))):
        sums.sums_by(db, by, FIRST, FIRST + 3 * DAY_MS)

    asked = [(sql, values) for sql, values in asked if sql.startswith("SELECT")]
    steps = [row["detail"] for sql, values in asked for row in rows(db, f"EXPLAIN QUERY PLAN {sql}", *(values or []))]
    assert {step for step in steps if step.startswith("SCAN")} <= {"SCAN r", "SCAN day_sums_until", "SCAN hours_begin"}
    assert all("PRIMARY KEY" in step for step in steps if step.startswith(("SEARCH c ", "SEARCH s ")))
    assert [step for step in steps if step.startswith("SEARCH r USING PRIMARY KEY (starts_at>? AND starts_at<?)")]


def test_sums_that_can_not_be_read_say_so_as_all_else_does(tmp_path):
    store = filled(tmp_path / "valet.db", hours(30))
    with store.writing() as db:
        day_sums.catch_up(db, "UTC")
        db.execute("PRAGMA writable_schema=1")
        db.execute("UPDATE sqlite_master SET rootpage = 1000000 WHERE name = 'people_days'")

    with pytest.raises(Impaired, match="damaged"):
        sums.sums_by(store.reading(), "team", FIRST, FIRST + DAY_MS)
