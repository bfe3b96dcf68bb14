"""When a digest is due, and what its rows say."""

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.digest import Digest, Span, due_date, idle_rows
from bot.domain.machines.fleet import Instance
from bot.domain.machines.listing import Listing
from bot.domain.machines.sources import UnreadSource
from bot.domain.machines.verdict import GpuVerdict, Verdict
from bot.domain.money.rates import MICROS_PER_USD, Rate
from bot.domain.money.reports import Spent
from bot.domain.sharing.claims import Claim
from tests.examples import examples

NOW = int(datetime(2026, 11, 23, 9, 0, tzinfo=UTC).timestamp() * 1000)
TURNS = [
    ("America/New_York", date(2026, 3, 7)),
    ("America/New_York", date(2026, 10, 31)),
    ("Australia/Lord_Howe", date(2026, 4, 4)),
    ("Australia/Lord_Howe", date(2026, 10, 3)),
    ("America/Sao_Paulo", date(2018, 11, 3)),  # midnight of the 4th is skipped
    ("America/Sao_Paulo", date(2018, 2, 16)),  # the last hour of the 17th comes twice
    ("Asia/Kolkata", date(2026, 3, 28)),
]
TIMES = st.times(min_value=time(4)).map(lambda at: at.strftime("%H:%M"))


def instant(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp() * 1000)


def machine(name="train-7", *, state="running", gpus=8, **fields) -> Instance:
    defaults = {"provider": "ec2", "source": "ec2/1/us-east-1", "type": "p4d.24xlarge", "gpu_model": "A100"}
    return Instance(id=f"i-{name}", name=name, state=state, gpu_count=gpus, **{**defaults, **fields})


def verdict(state, since, idle=8, gpus=8) -> Verdict:
    each = tuple(GpuVerdict(n, "free" if n < idle else "active", since) for n in range(gpus))
    return Verdict(state, since, "all quiet", NOW, each)


def listing(state="free", since=NOW - 2 * HOUR_MS, *, rate=8 * MICROS_PER_USD, idle=8, **fields) -> Listing:
    known = None if rate is None else Rate(rate, "valet.toml")
    return Listing(machine(**fields), "nlp", known, verdict(state, since, idle))


def test_nothing_is_due_before_the_hour_and_today_from_then_on():
    assert due_date(instant(2026, 11, 23, 8, 59), "UTC", "09:00") is None
    assert due_date(instant(2026, 11, 23, 9, 0), "UTC", "09:00") == date(2026, 11, 23)
    assert due_date(instant(2026, 11, 23, 23, 59), "UTC", "09:00") == date(2026, 11, 23)


def test_the_hour_is_that_of_the_zone():
    assert due_date(instant(2026, 11, 23, 3, 29), "Asia/Kolkata", "09:00") is None
    assert due_date(instant(2026, 11, 23, 3, 30), "Asia/Kolkata", "09:00") == date(2026, 11, 23)
    assert due_date(instant(2026, 11, 24, 4, 0), "America/New_York", "23:00") == date(2026, 11, 23)


@pytest.mark.parametrize(("zone", "first"), TURNS)
@settings(deadline=None, max_examples=examples(20))
@given(at=TIMES, phase=st.integers(0, MINUTE_MS - 1))
def test_a_look_a_minute_finds_each_local_date_once_over_a_turn_of_the_clock(zone, first, at, phase):
    made: list[date] = []
    start = instant(first.year, first.month, first.day) - 12 * HOUR_MS + phase

    for now in range(start, start + 5 * DAY_MS, MINUTE_MS):
        day = due_date(now, zone, at)
        if day is not None and day not in made:
            made.append(day)

    assert made == [made[0] + timedelta(days=n) for n in range(len(made))]
    assert set(made) >= {first + timedelta(days=n) for n in range(4)}


@pytest.mark.parametrize(("zone", "first"), TURNS)
@settings(deadline=None, max_examples=examples(40))
@given(at=TIMES, looks=st.lists(st.integers(0, 5 * DAY_MS), min_size=1, max_size=60))
def test_a_date_is_never_made_before_its_hour_nor_on_another_day(zone, first, at, looks):
    for look in looks:
        now = instant(first.year, first.month, first.day) + look

        day = due_date(now, zone, at)

        local = datetime.fromtimestamp(now / 1000, UTC).astimezone(ZoneInfo(zone))
        assert day in {None, local.date()}
        assert (day is None) == (local.strftime("%H:%M") < at)


def spent(idle, gpu_ms=0, **more) -> Spent:
    """Of which so many dollars idled."""
    return Spent(micros=40 * MICROS_PER_USD, idle_micros=idle * MICROS_PER_USD, idle_gpu_ms=gpu_ms, **more)


def test_an_idle_machine_is_listed_with_what_the_ledger_says_that_it_wasted():
    (row,) = idle_rows([listing(since=NOW - 3 * HOUR_MS)], {"i-train-7": spent(16, 16 * HOUR_MS)}, NOW)

    assert (row.name, row.gpus, row.state, row.since) == ("train-7", "8xA100", "free", NOW - 3 * HOUR_MS)
    assert row.waste_micros_per_hour == 8 * MICROS_PER_USD
    assert row.wasted_micros == 16 * MICROS_PER_USD
    assert row.idle_gpu_ms == 16 * HOUR_MS


def test_it_idles_no_longer_than_it_runs():
    (row,) = idle_rows([listing(since=NOW - 9 * HOUR_MS, launched_at=NOW - HOUR_MS)], {}, NOW)

    assert row.since == NOW - HOUR_MS
    assert row.wasted_micros == 0


def test_a_partly_idle_machine_wastes_the_share_of_its_idle_gpus():
    (row,) = idle_rows([listing("partial", NOW - 4 * HOUR_MS, idle=2)], {"i-train-7": spent(6, 6 * HOUR_MS)}, NOW)

    assert row.waste_micros_per_hour == 2 * MICROS_PER_USD
    assert row.wasted_micros == 6 * MICROS_PER_USD
    assert row.idle_gpus == 2
    assert row.idle_gpu_ms == 6 * HOUR_MS


def test_an_unknown_price_is_unknown_and_not_zero():
    (row,) = idle_rows([listing(rate=None)], {"i-train-7": Spent(idle_gpu_ms=HOUR_MS, unpriced_gpu_ms=HOUR_MS)}, NOW)

    assert row.waste_micros_per_hour is None
    assert row.wasted_micros is None
    assert row.idle_gpu_ms == HOUR_MS


@pytest.mark.parametrize(("estimated", "exact"), [(0, True), (MICROS_PER_USD, False)])
def test_what_was_charged_at_a_borrowed_price_is_not_exact(estimated, exact):
    (row,) = idle_rows([listing()], {"i-train-7": spent(16, estimated_idle_micros=estimated)}, NOW)

    assert row.exact == exact


@pytest.mark.parametrize(
    "other",
    [
        listing("active"),
        listing("unknown"),
        listing("free", None),
        Listing(machine(state="stopped"), rate=Rate(MICROS_PER_USD, "x"), verdict=verdict("free", NOW)),
        Listing(machine()),
    ],
)
def test_what_works_is_unknown_or_does_not_run_is_not_listed(other):
    assert idle_rows([other], {}, NOW) == ()


def test_the_most_wasteful_comes_first_and_the_sum_is_of_all_machines():
    claim = Claim("c", "i-b", "UADA", NOW - HOUR_MS, NOW + HOUR_MS, (0,))
    held = Listing(machine("b"), "nlp", Rate(MICROS_PER_USD, "x"), verdict("held", NOW - HOUR_MS), (claim,))
    idle = [listing(name="c", rate=None), held, listing("partial", NOW - HOUR_MS, name="a", idle=4)]
    rows = idle_rows(idle, {"i-a": spent(4, 4 * HOUR_MS), "i-b": spent(1, 8 * HOUR_MS)}, NOW)
    span = Span(NOW - DAY_MS, spent(510, 99 * HOUR_MS), spent(0, 7 * HOUR_MS))
    digest = Digest("C1", date(2026, 11, 23), "UTC", NOW, rows, span=span)

    assert [row.name for row in rows] == ["a", "b", "c"]
    assert (rows[1].holders, rows[1].claim_until) == (("UADA",), NOW + HOUR_MS)
    assert (digest.wasted_micros, digest.unlisted_micros) == (510 * MICROS_PER_USD, 505 * MICROS_PER_USD)
    assert digest.unpriced == 1
    assert digest.partial_idle_gpu_ms == 4 * HOUR_MS


def test_a_digest_comes_back_from_the_store_as_it_was():
    rows = idle_rows([listing(), listing(rate=None)], {}, NOW)
    span = Span(NOW - DAY_MS, spent(3), spent(0))
    silent = (
        UnreadSource("ec2/1/us-east-1", NOW - HOUR_MS, 3, 7 * MICROS_PER_USD),
        UnreadSource("ec2/2/us-east-1", None, error="denied"),
    )
    digest = Digest(
        channel="C1",
        local_date=date(2026, 11, 23),
        timezone="Europe/Berlin",
        made_at=NOW,
        rows=rows,
        left_out=("nb-2", "nb-4"),
        span=span,
        windows=(15, 60),
        silent=silent,
    )

    assert Digest.from_json(json.loads(json.dumps(digest.to_json()))) == digest


def test_a_digest_of_an_older_version_is_still_read():
    rows = idle_rows([listing()], {"i-train-7": spent(16)}, NOW)
    content = Digest("C1", date(2026, 11, 23), "UTC", NOW, rows).to_json()
    old = {name: value for name, value in content.items() if name not in {"span", "windows", "silent"}}

    digest = Digest.from_json(json.loads(json.dumps(old)))

    assert (digest.wasted_micros, digest.unlisted_micros, digest.windows) == (16 * MICROS_PER_USD, 0, (60,))
