"""Every forecast is kept, and scored by what came; the record says how good they were, and when it is too early."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.machines.fleet import Instance
from bot.domain.money.accuracy import RangeRecord, Score, forecast_record
from bot.domain.money.rates import MICROS_PER_USD, Charge, Rate
from bot.domain.money.scope import TOTAL, Scope
from bot.services.context import Context
from bot.services.money import accuracy, forecast
from bot.settings import parse
from store.machines import fleet as stored_fleet
from store.money import accuracy as stored_accuracy
from store.money import ledger as stored_ledger
from store.sql import rows

NLP = Scope("team", "nlp")


@pytest.fixture
def ctx(store, clock):
    settings = parse({"digest": {"timezone": "UTC"}, "teams": {"nlp": {}}}, {})
    made = Context(store, clock, settings, {}, settings.roster)
    with store.writing() as db:
        serve = Instance("i-serve", "serve", "ec2", "s", "g5.xlarge", "running", launched_at=at(9, 1))
        stored_fleet.save(db, serve, team="nlp", rate=Rate(MICROS_PER_USD, "valet.toml"))
    return made


def at(month: int, day: int, hour: int = 0) -> int:
    return int(datetime(2026, month, day, hour, tzinfo=UTC).timestamp() * 1000)


def ran(ctx, start, end, rate=MICROS_PER_USD):
    with ctx.store.writing() as db:
        stored_ledger.add(
            db, [Charge("i-serve", h, h + HOUR_MS, HOUR_MS, rate, rate, "nlp") for h in range(start, end, HOUR_MS)]
        )


def told(ctx, scope=TOTAL):
    return {each.horizon: each for each in accuracy.accuracy_of(ctx, scope).records}


def lived(ctx, clock, days):
    """A forecast every day at 09:00, and the machine runs on."""
    ran(ctx, at(9, 1), at(10, 1, 9))
    for _ in range(days):
        clock.now = clock.now // DAY_MS * DAY_MS + 9 * HOUR_MS
        forecast.refresh_reports(ctx)
        ran(ctx, clock.now, clock.now + DAY_MS)
        clock.forward(DAY_MS)
        accuracy.score_due(ctx)


@pytest.mark.slow
def test_a_forecast_that_came_true_is_right(ctx, clock):
    clock.now = at(10, 1, 9)

    lived(ctx, clock, 40)

    found = told(ctx)
    assert (found["7d"].scored, found["7d"].median_error, found["7d"].lean) == (34, 0, 0)
    assert found["7d"].in80 == found["7d"].in95 == RangeRecord(34, 34)
    assert found["30d"].scored == 11
    assert found["90d"].scored == 0
    assert found["month"].scored == 22  # of October's, those made with 10 days or more to come
    assert told(ctx, NLP)["30d"].scored == 11
    assert accuracy.accuracy_of(ctx, TOTAL).teams[0].scored == 34


@pytest.mark.slow
def test_days_off_before_looks_were_kept_count_where_a_forecast_was_made(ctx, clock):
    """A database of a version that kept no looks: Monday to Friday for weeks, and a forecast every morning."""
    clock.now = at(10, 5, 9)
    for number in range(42):
        forecast.refresh_reports(ctx)
        if number % 7 < 5:
            ran(ctx, clock.now // DAY_MS * DAY_MS, clock.now // DAY_MS * DAY_MS + DAY_MS)
        clock.forward(DAY_MS)
    accuracy.score_due(ctx)

    assert (told(ctx)["7d"].scored, told(ctx)["30d"].scored) == (36, 13)
    assert not [note for note in forecast.make_report(ctx, TOTAL).notes if "without a reading" in note]


def test_what_turned_out_otherwise_is_an_error(ctx, clock):
    clock.now = at(10, 1, 9)
    ran(ctx, at(9, 1), at(10, 1, 9))
    forecast.refresh_reports(ctx)
    ran(ctx, at(10, 1, 9), at(10, 2), MICROS_PER_USD)
    ran(ctx, at(10, 2), at(10, 12), 2 * MICROS_PER_USD)

    clock.now = at(10, 12)
    accuracy.score_due(ctx)

    found = told(ctx)["7d"]
    assert found.median_error == pytest.approx(1 - 7 / 13)
    assert found.lean == -found.median_error
    assert found.in80 == RangeRecord(0, 1)
    assert found.is_few


def test_nothing_is_scored_before_its_days_are_over_and_charged(ctx, clock):
    clock.now = at(10, 1, 9)
    ran(ctx, at(9, 1), at(10, 8))
    forecast.refresh_reports(ctx)

    clock.now = at(10, 8, 1)
    accuracy.score_due(ctx)
    assert told(ctx)["7d"].scored == 0

    clock.now = at(10, 8, 2)
    accuracy.score_due(ctx)
    assert told(ctx)["7d"].scored == 1


def test_days_on_which_nobody_looked_are_not_held_against_it(ctx, clock):
    clock.now = at(10, 1, 9)
    ran(ctx, at(9, 1), at(10, 3))
    ran(ctx, at(10, 4), at(10, 12))
    forecast.refresh_reports(ctx)

    clock.now = at(10, 12)
    accuracy.score_due(ctx)

    assert told(ctx)["7d"].scored == 0


@pytest.mark.slow
def test_each_is_scored_once_whatever_restarts(ctx, clock):
    clock.now = at(10, 1, 9)
    lived(ctx, clock, 9)
    before = rows(ctx.store.reading(), "SELECT * FROM forecast_scores ORDER BY scope, made_at, horizon")

    accuracy.score_due(ctx)
    accuracy.score_due(replace(ctx))

    assert rows(ctx.store.reading(), "SELECT * FROM forecast_scores ORDER BY scope, made_at, horizon") == before


def test_what_another_version_wrote_is_passed_over(ctx, clock):
    clock.now = at(10, 1, 9)
    ran(ctx, at(9, 1), at(10, 12))
    with ctx.store.writing() as db:
        db.table("forecasts").insert(
            {"scope": TOTAL.text, "made_at": clock.now, "content": '{"of": "another version"}'}
        )

    clock.now = at(10, 12)
    accuracy.score_due(ctx)

    assert told(ctx)["7d"].scored == 0


@pytest.mark.slow
def test_contents_are_forgotten_and_scores_are_not(ctx, clock):
    clock.now = at(10, 1, 9)
    lived(ctx, clock, 8)
    scored = told(ctx)["7d"].scored

    clock.forward(140 * DAY_MS)
    accuracy.score_due(ctx)

    assert told(ctx)["7d"].scored == scored + 1  # the one of the last morning
    assert rows(ctx.store.reading(), "SELECT * FROM forecasts") == []


AMOUNT = st.one_of(st.none(), st.integers(0, 10**13))


@given(st.lists(st.tuples(st.integers(0, 10**13), AMOUNT, AMOUNT, AMOUNT), max_size=30))
def test_a_record_never_counts_more_than_there_is(told_of):
    scores = [Score("total:", n, "7d", said, lo, hi, lo, hi, came) for n, (said, lo, hi, came) in enumerate(told_of)]

    found = forecast_record(scores, "7d")

    assert 0 <= found.in80.right <= found.in80.of <= found.scored <= len(scores)
    assert found.median_error is None or found.median_error >= abs(found.lean or 0) - 1e-9


def test_with_enough_scores_ranges_follow_from_the_companys_own_record(ctx, clock):
    clock.now = at(11, 23, 9)
    ran(ctx, at(9, 1), clock.now)
    before = forecast.make_report(ctx, TOTAL)
    told_of = [
        Score(f"team:{team}", at(1, 1) - 30 * DAY_MS * number, "30d", 10**9, spread_micros=10**8, actual_micros=10**9)
        for team in range(10)
        for number in range(10)
    ]
    with ctx.store.writing() as db:
        stored_accuracy.add(db, told_of)

    after = forecast.make_report(ctx, TOTAL)

    assert after.next(30).micros == before.next(30).micros
    widths = [each.next(30).hi_micros - each.next(30).micros for each in (before, after)]
    assert widths[1] == pytest.approx(widths[0] / 4, rel=1e-6)
    assert after.next(7) == before.next(7)
    assert accuracy.accuracy_of(ctx, TOTAL).own == (30,)
