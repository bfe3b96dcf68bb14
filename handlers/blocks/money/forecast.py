"""`/cost forecast` as a message: the conclusion, the chart with its figures in text, and what stands behind them."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from bot.domain.money.accuracy import ForecastRecord, SecondOpinion
from bot.domain.money.forecast.report import NEXT_DAYS, ForecastReport, KnownChange, Range
from handlers.blocks.money import forecast_charts as forecast_charts_blocks
from handlers.blocks.money.forecast_charts import FORECAST_BUTTON
from handlers.blocks.parts import Block, Reply, actions, button, cut, lines, section
from handlers.blocks.tables import Cell, table, usd_figure
from handlers.blocks.words import at, chance_of, clock_time, days_in, esc, roughly, usd

Period = Literal["month", "7d", "30d", "90d"]
SHOWN_DRIVERS = 12
SHOWN_CHANGES = 5
FORECAST_PAGE = 3
"""Rows of what drives it that a phone shows beside the chart."""
PLAN_DAYS = 90
PLANNING = f"{PLAN_DAYS} days ahead is a planning range, not a forecast."
TRUST = {
    "firm": "Confidence: high. What runs, runs on.",
    "fair": "Confidence: medium. Most of this runs around the clock.",
    "weak": "Confidence: low. Much of this comes and goes.",
    "range-only": "Confidence: low. Take the range, not the figure.",
    "run-rate": "Confidence: low. The history is too short for a range: what runs now is carried on.",
}
DRIVER_WORDS = {"steady": "around the clock", "planned": "as planned", "usual": "comes and goes"}
CHANGES = {
    "launched": "{name} launched on {day}",
    "stopped": "{name} stopped on {day}",
    "stopping": "{name} is about to be stopped",
    "parked": "{name} idles and is stopped on {day}",
    "claim_ends": "{name}'s claim ends on {day}",
    "time_over": "{name}'s time is over on {day}",
    "hours": "{name} runs by its on-hours from {day} on",
    "booked": "{name} is booked from {day} on",
    "starting": "{name} is about to be started",
    "launching": "{name} is about to be launched",
}


def forecast(report: ForecastReport, period: Period = "month") -> Reply:
    """The whole answer; the period that was asked for leads."""
    conclusion = _conclusion(report, period)
    said = [f"*{conclusion}*", _confidence(report), *(f":warning: {esc(gap, 300)}" for gap in report.gaps)]
    blocks: list[Block] = [section(lines(said)), *_chart(report, period), *_drivers(report)]
    blocks.append(actions(*_buttons(report, period)))
    return Reply(cut(f"{conclusion} {_sum(report)}", 3_900), blocks)


def details(
    report: ForecastReport, *, record: ForecastRecord | None = None, opinion: SecondOpinion | None = None
) -> Reply:
    """[Details]: what it is made of, how good we were, what AWS says, and how it is counted."""
    spans = [f"Next {days} days: {_expected(report.next(days))}." for days in (NEXT_DAYS, PLAN_DAYS)]
    sums = lines([f"*{month_line(report, _whose(report))}.*", _months_sum(report), *spans, PLANNING])
    beside = lines([_record(record), _opinion(opinion, report)])
    parts = [sums, _behind(report), beside, _how(report)]
    blocks: list[Block] = [section(part) for part in parts if part]
    about = f"{report.scope.kind}|{report.scope.key}"
    offers = [
        button(name, f"{FORECAST_BUTTON}:{each}", f"{each}|{about}")
        for each, name in (("month", f"{report.today:%B}"), ("90d", "90 days"), ("accuracy", "How good these are"))
    ]
    return Reply(cut(sums, 3_900), [*blocks, actions(*offers)])


def _confidence(report: ForecastReport) -> str:
    if report.trust == "fair" and report.variable_rest_micros > report.known_rest_micros:
        return "Confidence: medium. Most of this comes and goes, much as before."
    return TRUST[report.trust]


def _chart(report: ForecastReport, period: Period) -> list[Block]:
    if period == "90d":
        return [forecast_charts_blocks.by_week(report)]
    if period == "month":
        return [forecast_charts_blocks.month(report)]
    return [forecast_charts_blocks.next_days(report, int(period.removesuffix("d")))]


def _drivers(report: ForecastReport) -> list[Block]:
    rows: list[list[Cell]] = [
        [esc(each.name, 60), esc(each.type, 40), usd_figure(each.micros_per_day), DRIVER_WORDS[each.how]]
        for each in report.drivers[:SHOWN_DRIVERS]
    ]
    return table("Where it goes", ("Machine", "Type", "USD a day", "Runs"), rows, page=FORECAST_PAGE)


def _buttons(report: ForecastReport, period: Period) -> list[Block]:
    about = f"{report.scope.kind}|{report.scope.key}"
    ways = [
        button(f"By {way}", f"{FORECAST_BUTTON}:{way}", f"{way}|{about}")
        for way, pieces in (("team", report.by_team), ("machine", report.by_machine))
        if len(pieces) > 1
    ]
    other, name = ("30d", "30 days") if period == "month" else ("month", f"{report.today:%B}")
    found = [*ways, button(name, f"{FORECAST_BUTTON}:{other}", f"{other}|{about}")]
    nights = sum(machine.micros for machine in report.idle_nights)
    if nights:
        found.append(button(f"Idle nights cost {roughly(nights)}", f"{FORECAST_BUTTON}:nights", f"nights|{about}"))
    return [*found, button("Details", f"{FORECAST_BUTTON}:details", f"details|{about}")]


def _record(record: ForecastRecord | None) -> str:
    """Only where there are enough to say something."""
    if record is None or record.is_few or record.median_error is None:
        return ""
    error = f"{record.median_error * 100:.0f} %"
    held = f", the 80 % range right {record.in80.right} of {record.in80.of}" if record.in80.of else ""
    return f"Our last {record.scored} forecasts of 30 days: median error {error}{held}."


def _opinion(opinion: SecondOpinion | None, report: ForecastReport) -> str:
    """Both for the rest of the month, since AWS counts other machines and other prices in what is past."""
    if opinion is None:
        return ""
    month = report.today.replace(day=1)
    past = sum(day.charged_micros or 0 for day in report.days if month <= day.date < opinion.first)
    ours = report.month.micros - past
    between = ""
    if opinion.lo80_micros is not None and opinion.hi80_micros is not None:
        low, high = usd(opinion.lo80_micros, cents=False), usd(opinion.hi80_micros, cents=False)
        between = f", 80 % between {low} and {high}"
    return (
        f"AWS's own forecast: {usd(opinion.micros, cents=False)} for all of EC2 from {_day(opinion.first)} to the "
        f"month's end{between}; ours of these days is {usd(ours, cents=False)}. AWS knows no claims, "
        "bookings or on-hours."
    )


def _conclusion(report: ForecastReport, period: Period) -> str:
    if period != "month":
        days = int(period.removesuffix("d"))
        return f"Next {days} days{_whose(report)}: {_expected(report.next(days))}."
    return f"{month_line(report, _whose(report))}."


def _whose(report: ForecastReport) -> str:
    return "" if report.scope.kind == "total" else f" ({esc(report.scope.label or report.scope.key, 60)})"


def month_line(report: ForecastReport, whose: str = "") -> str:
    """What the month will cost, and how likely that exceeds the budget."""
    month = f"{report.today:%B}{whose}: {_expected(report.month)}"
    if report.budget_micros is None:
        return month
    return f"{month}. Budget {roughly(report.budget_micros)}{_chance(report)}"


def _expected(span: Range) -> str:
    if span.lo_micros is None or span.hi_micros is None:
        return f"{usd(span.micros, cents=False)} expected"
    low, high = usd(span.lo_micros, cents=False), usd(span.hi_micros, cents=False)
    return f"{usd(span.micros, cents=False)} expected, 80 % between {low} and {high}"


def _chance(report: ForecastReport) -> str:
    if report.budget_micros is not None and report.charged_micros > report.budget_micros:
        return f": {roughly(report.charged_micros - report.budget_micros)} over already"
    if report.chance_over is None:
        return ""
    share = chance_of(report.chance_over)
    when = f", around {_day(report.over_on)}" if report.over_on else ""
    return f": {share} chance to go over{when}"


def _sum(report: ForecastReport) -> str:
    charged = f"{usd(report.charged_micros, cents=False)} charged up to {clock_time(report.made_at)}"
    known = "running around the clock or as planned" if report.changes else "running around the clock"
    steady = f"{usd(report.known_rest_micros, cents=False)} {known}"
    variable = f"{usd(report.variable_rest_micros, cents=False)} usual variable use"
    return f"{charged} + {steady} + {variable}."


def _months_sum(report: ForecastReport) -> str:
    wider = report.month.lo95_micros, report.month.hi95_micros
    if wider[0] is None or wider[1] is None:
        return _sum(report)
    low, high = usd(wider[0], cents=False), usd(wider[1], cents=False)
    return f"{_sum(report)} 95 % between {low} and {high}.{_beyond(report)}"


def _beyond(report: ForecastReport) -> str:
    """Why a range ends above what the machines there are could cost."""
    high, most = report.month.hi_micros, report.most_micros
    if high is None or most is None or high <= most or report.scope.kind == "instance":
        return ""
    most_of_all = usd(most, cents=False)
    return f" Around the clock, every machine there is now would come to {most_of_all}: above that are launches."


def _behind(report: ForecastReport) -> str:
    return lines(
        [
            *(["*Known changes counted*", *_changes(report.changes)] if report.changes else []),
            *(f"Not counted: {esc(sentence, 300)}" for sentence in report.uncounted),
        ]
    )


def _changes(changes: Sequence[KnownChange]) -> list[str]:
    """The largest, by date, and how many more there are."""
    largest = sorted(changes, key=lambda each: -abs(each.micros))[:SHOWN_CHANGES]
    said = [_change(change) for change in changes if change in largest][:SHOWN_CHANGES]
    more = len(changes) - len(said)
    return [*said, f"and {more} smaller"] if more > 0 else said


def _change(change: KnownChange) -> str:
    sign = "+" if change.micros >= 0 else ""
    amount = f"{sign}{roughly(change.micros)} {'in all' if change.once else 'a day'}"
    told = CHANGES[change.why].format(name=esc(change.name, 60), day=_day(change.date))
    return f"{told}: {amount}"


def _how(report: ForecastReport) -> str:
    """How it is counted."""
    said = [
        "Our own metering at our rates, without disks and traffic; not the provider's bill.",
        "Days ahead begin with today, and with what it has cost.",
        days_in(report.timezone, report.today.replace(day=1), report.today, "Months"),
        *(esc(note, 300) for note in report.notes[:5]),
        f"Made {at(report.made_at)}.",
    ]
    return lines(["*How this is counted*", *said])


def _day(day: date | None) -> str:
    return f"{day.day} {day:%b}" if day else ""
