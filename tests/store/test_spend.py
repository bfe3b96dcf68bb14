"""The ledger summed per local day: always equal to the ledger, over turns of the clock and changes of zone."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.clock import HOUR_MS
from bot.domain.machines.fleet import Instance
from bot.domain.money.rates import Charge
from store.machines import fleet as stored_fleet
from store.money import day_sums, spend
from store.money import ledger as stored_ledger
from store.sql import rows


def instant(*when: int, zone: str = "UTC") -> int:
    return int(datetime(*when, tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def add(store, *froms: int, instance="i-1", team="nlp", micros=100, provider="ec2"):
    with store.writing() as db:
        made = Instance(id=instance, name=instance, provider=provider, source="s", type="g5.xlarge", state="running")
        stored_fleet.save(db, made, team=team, rate=None)
        stored_ledger.add(db, [Charge(instance, at, at + HOUR_MS, HOUR_MS, micros, micros, team) for at in froms])


def days(store, zone: str) -> dict[str, int]:
    with store.writing() as db:
        assert day_sums.catch_up(db, zone)
    found = spend.per_day(store.reading(), date(2000, 1, 1))
    sums: dict[str, int] = {}
    for row in found:
        day = row.day.isoformat()
        sums[day] = sums.get(day, 0) + row.micros
    return sums


@pytest.mark.parametrize(("zone", "hours"), [("America/New_York", 25), ("UTC", 24)])
def test_each_hour_is_counted_on_the_day_it_began_in(store, zone, hours):
    start = instant(2026, 10, 25)
    add(store, *range(start, start + 14 * 24 * HOUR_MS, HOUR_MS))

    sums = days(store, zone)

    assert sums["2026-11-01"] == hours * 100
    assert sums["2026-10-30"] == 2400
    assert sum(sums.values()) == 14 * 2400


def test_what_comes_later_is_added_once_whatever_day_it_belongs_to(store):
    add(store, instant(2026, 11, 1), instant(2026, 11, 3))
    assert days(store, "UTC") == {"2026-11-01": 100, "2026-11-03": 100}
    assert days(store, "UTC") == {"2026-11-01": 100, "2026-11-03": 100}

    add(store, instant(2026, 11, 1, 5), instant(2026, 11, 4), instance="i-2")

    assert days(store, "UTC") == {"2026-11-01": 200, "2026-11-03": 100, "2026-11-04": 100}


def test_another_zone_counts_everything_anew(store):
    add(store, instant(2026, 11, 1), instant(2026, 11, 1, 20))
    days(store, "UTC")

    assert days(store, "America/New_York") == {"2026-10-31": 100, "2026-11-01": 100}
    assert days(store, "UTC") == {"2026-11-01": 200}


def test_owned_machines_are_left_out(store):
    add(store, instant(2026, 11, 1), instance="dgx-1", provider="owned")

    assert days(store, "UTC") == {}


def test_a_long_ledger_is_counted_in_steps(store):
    add(store, *range(instant(2026, 11, 1), instant(2026, 11, 3), 2 * HOUR_MS))
    add(store, instant(2026, 10, 1), instance="i-2")

    steps = []
    while not steps or not steps[-1]:
        with store.writing() as db:
            steps.append(day_sums.catch_up(db, "UTC", step=7))

    assert steps == [False, False, False, True]
    assert days(store, "UTC") == {"2026-10-01": 100, "2026-11-01": 1200, "2026-11-02": 1200}


def test_an_empty_ledger_has_no_days(store):
    assert days(store, "UTC") == {}
    assert spend.begins(store.reading()) == {}


def test_the_sums_are_the_ledgers(store):
    start, month = instant(2026, 10, 1), 40 * 24 * HOUR_MS
    for number, team in enumerate("abc"):
        add(store, *range(start + number * HOUR_MS, start + month, 7 * HOUR_MS), instance=f"i-{number}", team=team)
        days(store, "Australia/Lord_Howe")

    per_instance = "SELECT instance_id, team, sum(micros) AS micros, sum(running_ms) AS ms FROM {} GROUP BY 1, 2"
    assert rows(store.reading(), per_instance.format("machine_days")) == rows(
        store.reading(), per_instance.format("charges")
    )
    assert spend.begins(store.reading()) == {"s": start}


def test_days_are_counted_in_utc_where_the_zone_is_utc(store):
    add(store, instant(2026, 11, 1, 23))

    assert days(store, "UTC") == {datetime(2026, 11, 1, tzinfo=UTC).date().isoformat(): 100}
