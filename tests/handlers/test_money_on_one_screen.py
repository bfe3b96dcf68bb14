"""The commonest answers about money are one screen of a phone, with the figures of a company that uses Valet daily."""

from dataclasses import replace
from datetime import date

import pytest

from bot.domain.clock import HOUR_MS
from bot.domain.money.budgets import BudgetStanding
from bot.domain.money.forecast.report import Driver, ForecastReport, IdleNights, Range
from bot.domain.money.reports import IdleNow, ReportRow, SpendReport, Spent
from bot.domain.money.savings import Saved, Savings
from bot.domain.money.scope import TOTAL, Scope
from handlers.blocks.money import budgets as budgets_blocks
from handlers.blocks.money import forecast as forecast_blocks
from handlers.blocks.money import idle as idle_blocks
from handlers.blocks.money import reports as reports_blocks
from handlers.blocks.money import savings as savings_blocks
from tests.handlers import pieces
from tests.handlers.pieces import NOW
from tests.handlers.test_report_blocks import report
from tests.screens import ONE_SCREEN, lines_on_phone

USD = 1_000_000
TEAMS = ("nlp", "vision", "platform", "no team", "robotics", "speech")
MACHINES = ("train-7", "nb-2", "scratch", "render-1", "ws-4", "dgx-1")


def spent(usd: int) -> Spent:
    hours = usd * HOUR_MS
    return Spent(usd * USD, usd * USD // 2, usd * USD // 2, 0, hours, hours // 2)


def month(by: str, *names: str) -> SpendReport:
    owned = replace(spent(1_700), estimated_micros=1_700 * USD)
    rows = tuple(ReportRow(name, name, spent(11_994), owned) for name in names)
    idle = tuple(
        IdleNow(name, name, "ec2" if number < 4 else "owned", "held", NOW - 5 * HOUR_MS, (), 5_670_000, 8)
        for number, name in enumerate(MACHINES)
    )
    return replace(report("", "team", rows=0), by=by, rows=rows, idle_now=idle)


def budgets_of(*names: str) -> list[BudgetStanding]:
    expected = Range(63_833 * USD, 53_287 * USD, 79_922 * USD)
    first, over_on = date(2026, 12, 1), date(2026, 12, 21)
    return [
        BudgetStanding(Scope("team", name), first, 42_000 * USD, 40_805 * USD, expected, 0.95, over_on, asks=True)
        for name in names
    ]


def saved() -> Savings:
    kinds = ("stopped", "released", "shared", "stopped", "shared", "released")
    found = tuple(
        Saved(name, name, "nlp", kind, "It would have run.", 9 * HOUR_MS, 1_976 * USD)
        for name, kind in zip(MACHINES, kinds, strict=True)
    )
    return Savings(date(2026, 11, 1), date(2026, 11, 30), date(2026, 11, 23), found, 30_500_000, 6)


def expected() -> ForecastReport:
    whole = pieces.report("x")
    names = zip(MACHINES, ("p5.48xlarge", "p4de.24xlarge", "g5.12xlarge") * 2, strict=True)
    return replace(
        whole,
        scope=TOTAL,
        trust="fair",
        month=Range(89_851 * USD, 77_567 * USD, 108_589 * USD),
        budget_micros=102_000 * USD,
        charged_micros=1_197 * USD,
        chance_over=0.24,
        over_on=None,
        gaps=(),
        drivers=tuple(Driver(name, name, kind, 1_258 * USD, "steady") for name, kind in names),
        idle_nights=tuple(IdleNights("i", name, 28, 235 * USD) for name in MACHINES),
    )


@pytest.mark.parametrize(
    "answer",
    [
        reports_blocks.report(month("team", *TEAMS)),
        reports_blocks.report(month("instance", *MACHINES)),
        idle_blocks.idle_report(month("instance", *MACHINES)),
        budgets_blocks.all_budgets(budgets_of(*TEAMS)),
        budgets_blocks.one_budget(budgets_of("nlp")[0]),
        savings_blocks.savings(saved()),
        forecast_blocks.forecast(expected()),
        forecast_blocks.forecast(expected(), "30d"),
    ],
    ids=["report", "report by machine", "idle", "budgets", "one budget", "savings", "forecast", "30 days"],
)
def test_an_answer_about_money_is_one_screen(answer):
    assert lines_on_phone(answer) <= ONE_SCREEN
