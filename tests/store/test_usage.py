"""Use as buying and comparing see it: rented machines only, within a scope, hour by hour and by type."""

from datetime import UTC, datetime

import pytest

from bot.domain.clock import DAY, HOUR
from bot.domain.fleet import Instance
from bot.domain.money.rates import Charge, Rate
from bot.domain.money.report import Scope
from store import fleet, ledger, spend, usage

START = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp() * 1000)
MACHINES = (
    ("i-1", "p5.48xlarge", "ec2"),
    ("i-2", "p5.48xlarge", "ec2"),
    ("i-3", "g5.xlarge", "ec2"),
    ("d", "owned", "owned"),
)


@pytest.fixture
def db(store):
    with store.writing() as db:
        for name, kind, provider in MACHINES:
            made = Instance(name, name, provider, "s", kind, "running", gpu_model="H100", gpu_count=8)
            fleet.save(db, made, team="nlp", rate=Rate(100, "valet.toml"))
        ledger.add(
            db,
            [
                Charge("i-1", START, START + HOUR, HOUR, 100, 100, "nlp"),
                Charge("i-1", START + HOUR, START + HOUR + HOUR // 2, HOUR // 2, 50, 100, "vision"),
                Charge("i-2", START, START + HOUR, HOUR // 2, 0, 0, "nlp"),
                Charge("i-3", START + DAY, START + DAY + HOUR, HOUR, 7, 7, "nlp"),
                Charge("d", START, START + HOUR, HOUR, 900, 900, "nlp"),
            ],
        )
        while not spend.catch_up(db, "UTC"):
            pass
    return store.reading()


def hours(db, scope):
    rows = usage.by_hour(db, scope, "p5.48xlarge", START, START + DAY)
    return [((row["start"] - START) // HOUR, row["ms"] / HOUR, row["priced_ms"] / HOUR, row["micros"]) for row in rows]


def test_an_hour_has_all_machines_of_the_type_that_ran_in_it(db):
    assert hours(db, Scope()) == [(0, 1.5, 1.0, 100), (1, 0.5, 0.5, 50)]


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        (Scope("team", "nlp"), [(0, 1.5, 1.0, 100)]),
        (Scope("instance", "i-2"), [(0, 0.5, 0.0, 0)]),
        (Scope("type", "p5.48xlarge"), [(0, 1.5, 1.0, 100), (1, 0.5, 0.5, 50)]),
        (Scope("team", "none"), []),
    ],
)
def test_only_what_is_within_the_scope_counts(db, scope, seen):
    assert hours(db, scope) == seen


def test_types_come_with_what_was_paid_for_them_the_dearest_first(db):
    rows = usage.by_type(db, Scope(), datetime(2026, 11, 1, tzinfo=UTC).date())

    assert [
        (row["type"], row["machines"], row["ms"] / HOUR, row["priced_ms"] / HOUR, row["micros"]) for row in rows
    ] == [
        ("p5.48xlarge", 2, 2.0, 1.5, 150),
        ("g5.xlarge", 1, 1.0, 1.0, 7),
    ]


def test_days_before_the_first_are_left_out(db):
    rows = usage.by_type(db, Scope("team", "nlp"), datetime(2026, 11, 3, tzinfo=UTC).date())

    assert [row["type"] for row in rows] == ["g5.xlarge"]
