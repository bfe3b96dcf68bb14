"""`/cost forecast` as a message: the conclusion, the chart with its figures in text, and what stands behind them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Literal

from bot.domain.clock import DAY_MS
from bot.domain.money.accuracy import ForecastRecord, Horizon, RangeRecord, SecondOpinion
from bot.domain.money.forecast.report import NEXT_DAYS, Driver, ForecastReport, KnownChange, Range
from bot.domain.money.scope import Scope
from handlers.blocks.money import forecast_charts as forecast_charts_blocks
from handlers.blocks.money.forecast_charts import FORECAST_BUTTON
from handlers.blocks.parts import Block, Reply, actions, button, context, cut, lines, section
from handlers.blocks.words import at, chance_of, clock_time, days_in, esc, plural, roughly, usd

Period = Literal["month", "7d", "30d", "90d"]
SHOWN_DRIVERS = 5
TRUST = {
    "firm": "Firm: what runs, runs on.",
    "fair": "Fair: most of it runs on; the rest varies.",
    "weak": "Weak: much of it comes and goes.",
    "range-only": "Not predictable: take the range, not the figure.",
    "run-rate": "Too short a history for a range: this is what runs now, carried on.",
}
DRIVER_WORDS = {"steady": "around the clock", "planned": "as planned", "usual": "its part of the usual use"}
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


def forecast(
    report: ForecastReport,
    period: Period = "month",
    *,
    record: ForecastRecord | None = None,
    opinion: SecondOpinion | None = None,
) -> Reply:
    """The whole answer; the period that was asked for leads. Beside it how good we were, and what AWS says."""
    conclusion = _conclusion(report, period)
    blocks: list[Block] = [section(f"*{conclusion}*"), _chart(report, period), section(_figures(report, period))]
    behind = _behind(report)
    if behind:
        blocks.append(section(behind))
    beside = lines([_record(record), _opinion(opinion, report)])
    if beside:
        blocks.append(section(beside))
    blocks += [actions(*_buttons(report, period)), context(_small_print(report))]
    return Reply(cut(f"{conclusion} {_sum(report)}", 3_900), blocks)


def _chart(report: ForecastReport, period: Period) -> Block:
    if period == "90d":
        return forecast_charts_blocks.by_week(report)
    return (
        forecast_charts_blocks.month(report)
        if period == "month"
        else forecast_charts_blocks.next_days(report, int(period.removesuffix("d")))
    )


def _buttons(report: ForecastReport, period: Period) -> list[Block]:
    about = f"{report.scope.kind}|{report.scope.key}"
    names: dict[Period, str] = {"month": f"{report.today:%B}", "30d": "30 days", "90d": "90 days"}
    others = [
        button(name, f"{FORECAST_BUTTON}:{each}", f"{each}|{about}") for each, name in names.items() if each != period
    ]
    ways = [
        button(f"By {way}", f"{FORECAST_BUTTON}:{way}", f"{way}|{about}")
        for way, pieces in (("team", report.by_team), ("machine", report.by_machine))
        if len(pieces) > 1
    ]
    nights = sum(machine.micros for machine in report.idle_nights)
    if nights:
        label = f"If idle nights were parked: {usd(-nights, cents=False)}"
        ways.append(button(label, f"{FORECAST_BUTTON}:nights", f"nights|{about}"))
    return [*ways, *others, button("How good these are", f"{FORECAST_BUTTON}:accuracy", f"accuracy|{about}")]


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
    whose = "" if report.scope.kind == "total" else f" ({esc(report.scope.label or report.scope.key, 60)})"
    if period != "month":
        days = int(period.removesuffix("d"))
        return f"Next {days} days{whose}: {_expected(report.next(days))}."
    return f"{month_line(report, whose)}."


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
        return ": exceeded already"
    if report.chance_over is None:
        return ""
    share = chance_of(report.chance_over)
    when = f", expected on {_day(report.over_on)}" if report.over_on else ""
    return f": {share} chance to exceed it{when}"


def _sum(report: ForecastReport) -> str:
    charged = f"{usd(report.charged_micros, cents=False)} charged up to {clock_time(report.made_at)}"
    known = "running around the clock or as planned" if report.changes else "running around the clock"
    steady = f"{usd(report.known_rest_micros, cents=False)} {known}"
    variable = f"{usd(report.variable_rest_micros, cents=False)} usual variable use"
    return f"{charged} + {steady} + {variable}."


def _figures(report: ForecastReport, period: Period) -> str:
    ahead = [_months_sum(report)] if period == "month" else [f"{month_line(report)}.", _sum(report)]
    if period != "30d":
        ahead.append(f"Next {NEXT_DAYS} days: {_expected(report.next(NEXT_DAYS))}.")
    if period == "90d":
        ahead.append("90 days ahead is a planning range, not a forecast.")
    return lines([*ahead, TRUST[report.trust]])


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
    told = [_driver(driver) for driver in report.drivers[:SHOWN_DRIVERS]]
    return lines(
        [
            *(["*Where it goes*", *told] if told else []),
            *(["*Known changes counted*", *_changes(report.changes)] if report.changes else []),
            *(f"Not counted: {esc(sentence, 300)}" for sentence in report.uncounted),
        ]
    )


def _driver(driver: Driver) -> str:
    how = DRIVER_WORDS[driver.how]
    return f"{esc(driver.name, 60)}, {esc(driver.type, 40)}: {usd(driver.micros_per_day)} a day ({how})"


def _changes(changes: Sequence[KnownChange]) -> list[str]:
    """The largest, by date, and how many more there are."""
    largest = sorted(changes, key=lambda each: -abs(each.micros))[:SHOWN_DRIVERS]
    said = [_change(change) for change in changes if change in largest][:SHOWN_DRIVERS]
    more = len(changes) - len(said)
    return [*said, f"and {more} smaller"] if more > 0 else said


def _change(change: KnownChange) -> str:
    sign = "+" if change.micros >= 0 else ""
    amount = f"{sign}{usd(change.micros)} {'in all' if change.once else 'a day'}"
    told = CHANGES[change.why].format(name=esc(change.name, 60), day=_day(change.date))
    return f"{told}: {amount}"


def _small_print(report: ForecastReport) -> str:
    parts = [
        f"Our own metering at our rates, without disks and traffic; not the provider's bill. Made {at(report.made_at)}."
    ]
    parts.append("Days ahead begin with today, and with what it has cost.")
    parts.append(days_in(report.timezone, report.today.replace(day=1), report.today, "Months"))
    return " ".join([*parts, *(esc(note, 300) for note in report.notes[:5])])


def _day(day: date | None) -> str:
    return f"{day.day} {day:%b}" if day else ""


HORIZON_NAMES: dict[Horizon, str] = {
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
    "month": "month, 10 days or more ahead",
}


def accuracy(
    scope: Scope,
    records: Sequence[ForecastRecord],
    teams: Sequence[ForecastRecord],
    first_made: int | None,
    own: Sequence[int] = (),
) -> Reply:
    """The whole record."""
    conclusion = _accuracy_conclusion(scope, records, first_made)
    blocks: list[Block] = [section(f"*{conclusion}*")]
    scored = [record for record in records if record.scored]
    if scored:
        blocks.append(section(lines([f"*{_of(scope)}*", *map(_row, scored)])))
    if any(each.scored for each in teams):
        blocks.append(
            section(lines(["*All teams' forecasts together*", *(_row(each) for each in teams if each.scored)]))
        )
    blocks.append(context(_accuracy_small_print(scored, own)))
    return Reply(cut(conclusion, 3_900), blocks)


def _of(scope: Scope) -> str:
    return "Everything" if scope.kind == "total" else esc(scope.label or scope.key, 60)


def _accuracy_conclusion(scope: Scope, records: Sequence[ForecastRecord], first_made: int | None) -> str:
    months = next((record for record in records if record.horizon == "30d" and record.scored), None)
    shown = months or next((each for each in records if each.scored), None)
    if shown is None:
        about = "everything" if scope.kind == "total" else _of(scope)
        return f"No forecast of {about} can be scored yet.{_first(first_made)}"
    few = " Few yet, so take it as a hint." if shown.is_few else ""
    return f"Our forecasts of {HORIZON_NAMES[shown.horizon]}: {_told(shown)}.{few}"


def _first(first_made: int | None) -> str:
    if first_made is None:
        return " The first is made within the hour; one a day is kept."
    over = datetime.fromtimestamp((first_made + 7 * DAY_MS) / 1000, UTC)
    return f" The first is of 7 days, and they are over on {over.day} {over:%b}."


def _row(record: ForecastRecord) -> str:
    few = " (few)" if record.is_few else ""
    return f"{HORIZON_NAMES[record.horizon]}: {_told(record)}{_range('95 %', record.in95)}{_lean(record)}{few}"


def _told(record: ForecastRecord) -> str:
    error = "" if record.median_error is None else f", median error {_percent(record.median_error)}"
    return f"{plural(record.scored, 'forecast')} scored{error}{_range('80 %', record.in80)}"


def _range(name: str, held: RangeRecord) -> str:
    return f", {name} range right {held.right} of {held.of}" if held.of else ""


def _lean(record: ForecastRecord) -> str:
    if record.lean is None or abs(record.lean) < 0.005:
        return ""
    return f", mostly {_percent(abs(record.lean))} too {'high' if record.lean > 0 else 'low'}"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %" if share >= 0.095 else f"{share * 100:.1f} %"


def _accuracy_small_print(scored: Sequence[ForecastRecord], own: Sequence[int]) -> str:
    said = ["One forecast a day is kept and compared with our ledger once its days are over."]
    if scored:
        said.append("Forecasts of days on end share most of their days, so they tell less than their number.")
        said.append("Days on which nobody looked are left out.")
    if own:
        days = " and ".join(str(each) for each in own)
        said.append(f"Ranges of {days} days follow from this record, not from the table Valet came with.")
    return " ".join(said)
