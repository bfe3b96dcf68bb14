"""`/cost forecast` as a message: the conclusion, the chart with its figures in text, and what stands behind them."""

from datetime import date

from bot.domain.rates import USD
from bot.domain.report import NEXT_DAYS, Driver, KnownChange, Range, Report
from handlers.blocks.parts import Block, Reply, context, cut, lines, section
from handlers.blocks.words import at, esc, usd

BACK, AHEAD = 12, 7
"""Days of the chart; with today they stay within the 20 points Slack draws."""
SHOWN_DRIVERS = 5
TRUST = {
    "firm": "Firm: what runs, runs on.",
    "fair": "Fair: most of it runs on; the rest varies.",
    "weak": "Weak: much of it comes and goes.",
    "range-only": "Not predictable: take the range, not the figure.",
    "run-rate": "Too short a history for a range: this is what runs now, carried on.",
}


def forecast(report: Report) -> Reply:
    """The whole answer."""
    conclusion = _conclusion(report)
    blocks: list[Block] = [section(f"*{conclusion}*"), _chart(report), section(_figures(report))]
    behind = _behind(report)
    if behind:
        blocks.append(section(behind))
    blocks.append(context(_small_print(report)))
    return Reply(cut(f"{conclusion} {_sum(report)}", 3_900), blocks)


def _conclusion(report: Report) -> str:
    whose = "" if report.scope.kind == "total" else f" ({esc(report.scope.label or report.scope.key, 60)})"
    month = f"{report.today:%B}{whose}: {_expected(report.month)}"
    if report.budget_micros is None:
        return month + "."
    return f"{month}. Budget {usd(report.budget_micros, cents=False)}{_chance(report)}."


def _expected(span: Range) -> str:
    if span.lo_micros is None or span.hi_micros is None:
        return f"{usd(span.micros, cents=False)} expected"
    low, high = usd(span.lo_micros, cents=False), usd(span.hi_micros, cents=False)
    return f"{usd(span.micros, cents=False)} expected, 80 % between {low} and {high}"


def _chance(report: Report) -> str:
    if report.chance_over is None:
        return ""
    percent = round(report.chance_over * 100)
    share = "under 1 %" if percent < 1 else "over 99 %" if percent > 99 else f"{percent} %"
    when = f", expected on {_day(report.over_on)}" if report.over_on else ""
    return f": {share} chance to exceed it{when}"


def _sum(report: Report) -> str:
    charged = f"{usd(report.charged_micros, cents=False)} charged so far"
    steady = f"{usd(report.steady_rest_micros, cents=False)} running around the clock"
    variable = f"{usd(report.variable_rest_micros, cents=False)} usual variable use"
    return f"{charged} + {steady} + {variable}."


def _figures(report: Report) -> str:
    return lines([_sum(report), f"Next {NEXT_DAYS} days: {_expected(report.next_days)}.", TRUST[report.trust]])


def _behind(report: Report) -> str:
    told = [_driver(driver) for driver in report.drivers[:SHOWN_DRIVERS]]
    changes = [_change(change) for change in report.changes[:SHOWN_DRIVERS]]
    return lines(
        [
            *(["*Where it goes*", *told] if told else []),
            *(["*Known changes counted*", *changes] if changes else []),
        ]
    )


def _driver(driver: Driver) -> str:
    how = "around the clock" if driver.around_the_clock else "mean of the last 14 days"
    return f"{esc(driver.name, 60)}, {esc(driver.type, 40)}: {usd(driver.micros_per_day)} a day ({how})"


def _change(change: KnownChange) -> str:
    sign = "+" if change.micros_per_day >= 0 else ""
    amount = f"{sign}{usd(change.micros_per_day)} a day"
    return f"{esc(change.name, 60)} {change.did} on {_day(change.date)}: {amount}"


def _small_print(report: Report) -> str:
    parts = [f"Our own metering at our rates, not the provider's bill. Made {at(report.made_at)}."]
    return " ".join([*parts, *(esc(note, 300) for note in report.notes[:5])])


def _chart(report: Report) -> Block:
    """Bars per day: charged up to today, expected from today on. Slack wants a point of each series for each day."""
    today = next((n for n, day in enumerate(report.days) if day.date == report.today), len(report.days))
    days = report.days[max(0, today - BACK) : today + AHEAD + 1]
    labels = [_day(day.date) for day in days]
    charged = [_dollars(day.charged_micros) for day in days]
    rest = [_dollars(day.expected_micros) if day.date >= report.today else 0 for day in days]
    return {
        "type": "data_visualization",
        "title": "Spend per day, USD",
        "chart": {
            "type": "bar",
            "series": [_series("charged", labels, charged), _series("expected", labels, rest)],
            "axis_config": {"categories": labels, "x_label": "day", "y_label": "USD"},
        },
    }


def _series(name: str, labels: list[str], values: list[int]) -> Block:
    return {
        "name": name,
        "data": [{"label": label, "value": value} for label, value in zip(labels, values, strict=True)],
    }


def _dollars(micros: int | None) -> int:
    return ((micros or 0) + USD // 2) // USD


def _day(day: date | None) -> str:
    return f"{day.day} {day:%b}" if day else ""
