"""Whatever the records hold, what is drawn of reports, of the week and of our record is fit to send."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.money.accuracy import ForecastRecord, RangeRecord, SecondOpinion
from bot.domain.money.reports import REPORT_WAYS, IdleNow, ReportRow, SpendReport, Spent
from bot.domain.money.weekly import Todo, Weekly
from bot.sandbox.slack.show import text_of_blocks
from handlers.blocks.money import accuracy as accuracy_blocks
from handlers.blocks.money import forecast as forecast_blocks
from handlers.blocks.money import forecast_charts as forecast_charts_blocks
from handlers.blocks.money import idle as idle_blocks
from handlers.blocks.money import reports as reports_blocks
from handlers.blocks.money import weekly as weekly_blocks
from store.records import json_text, of_json_text
from tests.handlers import pieces
from tests.handlers.pieces import NOW, TEXTS, objections

A_LOT = Spent(
    10**15, 4 * 10**14, 4 * 10**14, 2 * 10**14, 10**6 * HOUR_MS, 10**5 * HOUR_MS, 10**4 * HOUR_MS, 10**15, 4 * 10**14
)
HOLDERS = ("U0123456789AB",) * 8


def report(text: str, by: str, *, rows: int = 60) -> SpendReport:
    found = tuple(ReportRow("U0123456789AB" if by == "person" else text, text, A_LOT, A_LOT) for _ in range(rows))
    idle = tuple(IdleNow(f"i-{n:017x}", text, "ec2", "held", NOW - 40 * DAY_MS, HOLDERS, 10**9, 8) for n in range(40))
    return SpendReport(
        date(2026, 11, 1),
        date(2026, 11, 30),
        date(2026, 11, 23),
        by,
        (*found, ReportRow("", "", A_LOT, Spent())),
        NOW,  # type: ignore[arg-type]
        "America/Argentina/ComodRivadavia",
        10**12,
        10**9,
        date(2026, 8, 3),
        idle,
    )


def week(text: str, *todos: Todo) -> Weekly:
    return Weekly(
        channel="C0GPUS001",
        first=date(2026, 11, 16),
        last=date(2026, 11, 22),
        made_at=NOW,
        rented=A_LOT,
        owned=A_LOT,
        before_micros=10**12,
        forecast=pieces.report(text),
        month=date(2026, 11, 1),
        closed_micros=10**12,
        saved_micros=10**12,
        todos=todos,
    )


@pytest.mark.slow
@pytest.mark.parametrize("text", TEXTS)
def test_reports_are_fit_to_send_however_they_are_told_apart(text):
    for by in REPORT_WAYS:
        assert objections(reports_blocks.report(report(text, by))) == []
        assert objections(idle_blocks.idle_report(report(text, by))) == []
        assert (
            objections(reports_blocks.report_how(report(text, by)))
            == objections(idle_blocks.idle_counted(report(text, by)))
            == []
        )
        assert objections(reports_blocks.as_csv(report(text, by), "a,b\n")) == []
        silent = replace(report(text, by), silent=pieces.silent(text), timezone="Asia/Kolkata")
        assert objections(reports_blocks.report(silent)) == objections(reports_blocks.as_csv(silent, "a,b\n")) == []
        assert objections(idle_blocks.idle_report(silent)) == []


def test_gpu_time_that_is_not_nothing_is_never_told_as_zero():
    told = [reports_blocks.gpu_hours_text(time * MINUTE_MS) for time in (0, 1, 3, 30, 60, 150)]

    assert told == [
        "0 GPU-hours",
        "under 0.1 GPU-hours",
        "0.1 GPU-hours",
        "0.5 GPU-hours",
        "1 GPU-hour",
        "2 GPU-hours",
    ]


def test_a_report_of_nothing_is_fit_to_send():
    nothing = replace(report("", "team", rows=0), rows=(), idle_now=(), before_micros=None, begins=None)

    assert objections(reports_blocks.report(nothing)) == []
    assert objections(idle_blocks.idle_report(nothing)) == []


@pytest.mark.parametrize("text", TEXTS)
def test_a_week_is_fit_to_send(text):
    todos = (
        Todo("budget", "nlp", text, 10**15),
        Todo("stop", "i-0123456789abcdef0", text, 10**9, NOW - 40 * DAY_MS, HOLDERS),
        Todo("use", "i-0123456789abcdef1", text, 10**9, NOW - HOUR_MS),
    )

    assert objections(weekly_blocks.weekly(week(text, *todos))) == []
    assert objections(weekly_blocks.weekly(week(text, Todo("buy", "p4d.24xlarge", text)))) == []
    assert objections(weekly_blocks.weekly(week(text))) == []
    assert objections(weekly_blocks.weekly(replace(week(text, *todos), silent=pieces.silent(text)))) == []


@pytest.mark.parametrize("text", TEXTS)
def test_a_week_comes_back_from_the_store_as_it_was(text):
    made = week(text, Todo("stop", "i-0123456789abcdef0", text, 10**9, NOW - 40 * DAY_MS, HOLDERS))

    kept = of_json_text(Weekly, json_text(made))

    assert (kept.todos, kept.rented, kept.before_micros, kept.first) == (
        made.todos,
        made.rented,
        made.before_micros,
        made.first,
    )
    assert weekly_blocks.weekly(kept) == weekly_blocks.weekly(made)


@pytest.mark.parametrize("text", TEXTS)
def test_a_record_is_fit_to_send(text):
    horizons = ("7d", "30d", "90d", "month")
    full = [
        ForecastRecord(each, 12_345, 0.123, -0.05, RangeRecord(12_000, 12_345), RangeRecord(12_300, 12_345))
        for each in horizons
    ]
    none = [ForecastRecord(each, 0, None, None, RangeRecord(0, 0), RangeRecord(0, 0)) for each in horizons]
    scope = pieces.report(text).scope

    assert objections(accuracy_blocks.accuracy(scope, full, full, NOW)) == []
    assert objections(accuracy_blocks.accuracy(scope, none, none, NOW)) == []
    assert objections(accuracy_blocks.accuracy(scope, none, (), None)) == []


@pytest.mark.parametrize("text", TEXTS)
def test_a_forecast_of_any_period_is_fit_to_send(text):
    record = ForecastRecord("30d", 12, 0.06, 0.0, RangeRecord(10, 12), RangeRecord(12, 12))
    opinion = SecondOpinion(date(2026, 11, 23), date(2026, 11, 30), NOW, 10**15, 10**14, 10**16)

    for period in ("month", "30d", "90d"):
        assert objections(forecast_blocks.forecast(pieces.report(text), period)) == []
    assert objections(forecast_blocks.details(pieces.report(text), record=record, opinion=opinion)) == []
    assert objections(forecast_blocks.details(pieces.report(text))) == []


def test_what_is_not_shown_one_by_one_is_summed_up_owned_ones_too():
    many = replace(report("train-7", "instance", rows=22), idle_now=())

    assert text_of_blocks(reports_blocks.report(many).blocks).splitlines()[-2] == (
        "3 more | ~$3,000,000,000 + ? | 40 %, 20 % not known | 3,000,000 | ~$2,000,000,000 + ? | 2,000,000"
    )
    assert (
        text_of_blocks(idle_blocks.idle_report(many).blocks).splitlines()[-2]
        == "3 more | ~$1,200,000,000 | - | 300,000"
    )


@given(st.lists(st.integers(0, 10**12), max_size=12))
def test_whole_dollars_of_a_column_are_the_amounts_rounded_and_add_up(amounts):
    told = forecast_charts_blocks.dollars(amounts)

    assert sum(told) == (sum(amounts) + 500_000) // 1_000_000
    assert all(abs(dollars * 1_000_000 - micros) < 1_000_000 for dollars, micros in zip(told, amounts, strict=True))
