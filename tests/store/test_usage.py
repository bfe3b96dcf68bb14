"""Use as buying and comparing see it: rented machines only, within a scope, hour by hour and by type."""

from datetime import UTC, datetime

import pytest

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.money.rates import Charge, Rate, Share
from bot.domain.money.scope import Scope
from store.machines import fleet as stored_fleet
from store.money import day_sums, spend
from store.money import ledger as stored_ledger

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
            stored_fleet.save(db, made, team="nlp", rate=Rate(100, "valet.toml"))
        stored_ledger.add(
            db,
            [
                Charge("i-1", START, START + HOUR_MS, HOUR_MS, 100, 100, "nlp"),
                Charge("i-1", START + HOUR_MS, START + HOUR_MS + HOUR_MS // 2, HOUR_MS // 2, 50, 100, "vision"),
                Charge("i-2", START, START + HOUR_MS, HOUR_MS // 2, 0, 0, "nlp"),
                Charge("i-3", START + DAY_MS, START + DAY_MS + HOUR_MS, HOUR_MS, 7, 7, "nlp"),
                Charge("d", START, START + HOUR_MS, HOUR_MS, 900, 900, "nlp"),
            ],
        )
        while not day_sums.catch_up(db, "UTC"):
            pass
    return store.reading()


def ran(db, scope, **how):
    found = spend.at_once(db, scope, "p5.48xlarge", START, START + DAY_MS, **how)
    return [ms / HOUR_MS for ms in found]


def test_it_is_known_how_long_how_many_ran_at_once(db):
    """One runs for an hour and a half, another beside it for the first half hour."""
    assert ran(db, Scope()) == [1.5, 0.5]
    assert spend.paid(db, Scope(), "p5.48xlarge", START, START + DAY_MS) == (150, 1.5 * HOUR_MS)


def test_machines_that_ran_one_after_another_within_an_hour_never_ran_at_once(db, store):
    first, then = (
        Charge("i-1", START + 2 * HOUR_MS, START + 2 * HOUR_MS + HOUR_MS // 2, HOUR_MS // 2, 50, 100, "team a"),
        Charge("i-2", START + 2 * HOUR_MS + HOUR_MS // 2, START + 3 * HOUR_MS, HOUR_MS // 2, 50, 100, "team a"),
    )
    with store.writing() as writing:
        stored_ledger.add(writing, [first, then])

    assert ran(db, Scope("team", "team a")) == [1.0]


def shared(store, busy, idle_ms=None):
    """Two machines of eight GPUs ran for an hour; those of the second were busy for so many GPU-hours in all."""
    shares = (
        Share("", "idle", "idle", round((8 - busy) * HOUR_MS), 75),
        Share("", "idle", "busy", round(busy * HOUR_MS), 25),
    )
    at = START + 5 * HOUR_MS
    with store.writing() as db:
        for name, told in (("i-1", {}), ("i-2", {"shares": shares, "idle_ms": idle_ms})):
            stored_ledger.add(db, [Charge(name, at, at + HOUR_MS, HOUR_MS, 100, 100, "idle", **told)])


@pytest.mark.parametrize(
    ("busy", "idle_ms", "left"),
    [
        (0, None, None),
        (0.25, None, 0.25),  # one GPU for a quarter of an hour
        (1, None, 1.0),  # one GPU throughout: the machine could not be stopped
        (2, None, 1.0),  # two throughout, or eight for a quarter of an hour: nobody noted which
        (2, 45 * MINUTE_MS, 0.25),  # somebody did
        (1, 0, 1.0),
    ],
)
def test_a_machine_idles_only_while_all_its_gpus_do(db, store, busy, idle_ms, left):
    shared(store, busy, idle_ms)

    assert ran(db, Scope("team", "idle")) == [1.0, 1.0]
    assert ran(db, Scope("team", "idle"), without_idle=True) == [1.0, *([left] if left else [])]


@pytest.mark.parametrize(
    ("scope", "seen", "paid"),
    [
        (Scope("team", "nlp"), [1.0, 0.5], (100, HOUR_MS)),
        (Scope("instance", "i-2"), [0.5], (0, 0)),
        (Scope("type", "p5.48xlarge"), [1.5, 0.5], (150, 1.5 * HOUR_MS)),
        (Scope("team", "none"), [], (0, 0)),
    ],
)
def test_only_what_is_within_the_scope_counts(db, scope, seen, paid):
    assert ran(db, scope) == seen
    assert spend.paid(db, scope, "p5.48xlarge", START, START + DAY_MS) == paid


def test_types_come_with_what_was_paid_for_them_the_dearest_first(db):
    rows = spend.by_type(db, Scope(), datetime(2026, 11, 1, tzinfo=UTC).date())

    assert [
        (row["type"], row["machines"], row["ms"] / HOUR_MS, row["priced_ms"] / HOUR_MS, row["micros"]) for row in rows
    ] == [
        ("p5.48xlarge", 2, 2.0, 1.5, 150),
        ("g5.xlarge", 1, 1.0, 1.0, 7),
    ]


def test_days_before_the_first_are_left_out(db):
    rows = spend.by_type(db, Scope("team", "nlp"), datetime(2026, 11, 3, tzinfo=UTC).date())

    assert [row["type"] for row in rows] == ["g5.xlarge"]
