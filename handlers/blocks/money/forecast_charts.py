"""The charts of a forecast, within the 20 points that Slack draws; every figure of them is in the text beside them."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal

from bot.domain.days import month_end
from bot.domain.money.forecast.report import NEXT_DAYS, ForecastPiece, ForecastReport, ReportDay
from bot.domain.money.rates import MICROS_PER_USD
from handlers.blocks.money.charts import CHART_POINTS, chart
from handlers.blocks.parts import Block, Reply, actions, button, context, cut, plainly, section
from handlers.blocks.tables import Figure, table
from handlers.blocks.words import at, esc, plural, roughly, usd

# Messages that stand in Slack carry these, so their text never changes.
FORECAST_BUTTON = "forecast"

WEEKS_BACK, WEEKS_AHEAD = 4, 12
LEAST_CHART_DAYS = 14
"""Days ahead that a chart shows where less is left of the month."""


def month(report: ForecastReport) -> Block:
    """The days ahead, up to the end of the month at least: what each is expected to cost, within its band."""
    left = (month_end(report.today) - report.today).days + 1
    return next_days(report, max(left, LEAST_CHART_DAYS))


def next_days(report: ForecastReport, count: int) -> Block:
    """The days ahead, each by itself; what is left of the budget a day beside them while they are of this month."""
    ahead = [day for day in report.days if day.date >= report.today][:count]
    shown = ahead[:: -(-len(ahead) // CHART_POINTS)]
    expected = [day.expected_micros or 0 for day in shown]
    series: dict[str, list[int]] = {"expected": expected}
    if any(day.hi_micros is not None for day in shown):
        series["low"] = [_or(day.lo_micros, day) for day in shown]
        series["high"] = [_or(day.hi_micros, day) for day in shown]
    left = _left_a_day(report)
    if left is not None and shown[-1].date <= month_end(report.today):
        series["budget left"] = [left] * len(shown)
    labels = [_label(day.date) for day in shown]
    return chart("line", "The days ahead, USD a day (80 % band)", labels, series, x_label="day")


def _or(bound: int | None, day: ReportDay) -> int:
    """Today has no bound of its own: its rest is expected."""
    return (day.expected_micros or 0) if bound is None else bound


def _left_a_day(report: ForecastReport) -> int | None:
    """What may be spent on each day that is left; None without a budget, or where none is left."""
    if report.budget_micros is None or report.budget_micros <= report.charged_micros:
        return None
    return (report.budget_micros - report.charged_micros) // ((month_end(report.today) - report.today).days + 1)


def by_week(report: ForecastReport) -> Block:
    """Bars per week of seven days: those before today charged, those from today on expected."""
    past = [day for day in report.days if day.date < report.today][-7 * WEEKS_BACK :]
    ahead = [day for day in report.days if day.date >= report.today][: 7 * WEEKS_AHEAD]
    before, after = list(_weeks(past[len(past) % 7 :])), list(_weeks(ahead))
    charged = [sum(day.charged_micros or 0 for day in week) for week in before]
    expected = [sum(day.expected_micros or 0 for day in week) for week in after]
    series = {"charged": [*charged, *[0] * len(after)], "expected": [*[0] * len(before), *expected]}
    return chart(
        "bar", "Spend per week, USD", [_label(week[0].date) for week in (*before, *after)], series, x_label="week from"
    )


def _weeks(days: Sequence[ReportDay]) -> Iterator[Sequence[ReportDay]]:
    return (days[first : first + 7] for first in range(0, len(days), 7))


def _label(day: date) -> str:
    return f"{day.day} {day:%b}"


Way = Literal["team", "machine"]
SHOWN_NIGHTS = 12
TO_COME: dict[Way, str] = {"team": "no team", "machine": "machines to come"}


def by(report: ForecastReport, way: Way) -> Reply:
    """The month and the next 30 days, told apart."""
    pieces = _pieces(report, way)
    whose = "" if report.scope.kind == "total" else f" of {esc(report.scope.label or report.scope.key, 60)}"
    head = f"{report.today:%B}{whose} by {way}: {usd(report.month.micros, cents=False)} expected."
    if not pieces:
        return plainly(f"{head} There is nothing to split.")
    columns = [
        dollars([piece.charged_micros for piece in pieces]),
        dollars([piece.month_micros for piece in pieces]),
        dollars([piece.next(NEXT_DAYS) for piece in pieces]),
    ]
    names = [_name(piece, way) for piece in pieces]
    columns = [[*column, sum(column)] for column in columns]
    charged, month, ahead = ([_whole(amount) for amount in column] for column in columns)
    rows = list(zip([*names, "Total"], charged, month, ahead, strict=True))
    titles = [way.capitalize(), "Charged", f"{report.today:%B}", f"Next {NEXT_DAYS} days"]
    text = "; ".join(f"{esc(name, 60)} {expected.text}" for name, _, expected, _ in rows[:-1])
    figures = table(f"Forecast by {way}", titles, rows)
    blocks = [section(f"*{head}*"), *figures, actions(*_buttons(report, way))]
    return Reply(cut(f"{head} {text}", 3_900), [*blocks, context(_small_print(report, way))])


def _whole(amount: int) -> Figure:
    return Figure(amount, f"${amount:,}")


def dollars(micros: Sequence[int]) -> list[int]:
    """Whole dollars that add up to their sum, each its own amount rounded down or up."""
    floors = [each // MICROS_PER_USD for each in micros]
    up = (sum(micros) + MICROS_PER_USD // 2) // MICROS_PER_USD - sum(floors)
    raised = set(sorted(range(len(micros)), key=lambda n: -(micros[n] % MICROS_PER_USD))[:up])
    return [floor + (n in raised) for n, floor in enumerate(floors)]


def _count(number: int) -> Figure:
    return Figure(number, f"{number:,}")


def _name(piece: ForecastPiece, way: Way) -> str:
    """As a cell of a table, which is no markup."""
    if piece.count > 1 and way == "machine":
        return f"{piece.count} other machines"
    if piece.count > 1:
        return cut(f"other: {piece.name}" if piece.name else f"{piece.count} other teams", 60)
    return cut(" ".join(piece.name.split()) or TO_COME[way], 60)


def _buttons(report: ForecastReport, way: Way) -> list[Block]:
    about = f"{report.scope.kind}|{report.scope.key}"
    others: list[Way] = [each for each in ("team", "machine") if each != way and len(_pieces(report, each)) > 1]
    found = [button(f"By {each}", f"{FORECAST_BUTTON}:{each}", f"{each}|{about}") for each in others]
    return [*found, button("Forecast", f"{FORECAST_BUTTON}:month", f"month|{about}")]


def _pieces(report: ForecastReport, way: str) -> Sequence[ForecastPiece]:
    return report.by_team if way == "team" else report.by_machine


def _small_print(report: ForecastReport, way: Way) -> str:
    said = ["Charged, and what is expected of the rest; each column adds up."]
    if way == "team" and any(piece.count > 1 and piece.name for piece in report.by_team):
        said.append("Other: their use is too uneven for a forecast of each.")
    if way == "machine" and any(not piece.key and piece.count == 1 for piece in report.by_machine):
        said.append("Machines to come: what machines that are gone, or more than one at a time, cost lately.")
    return " ".join([*said, f"Made {at(report.made_at)}."])


def nights(report: ForecastReport) -> Reply:
    """What machines cost in nights in which nobody worked on them."""
    found = report.idle_nights
    if not found:
        return plainly("No machine that runs around the clock idled through a whole night of the last four weeks.")
    saved = sum(each.micros for each in found)
    head = f"Nights in which nobody worked cost {roughly(saved)} in four weeks."
    amounts = dollars([each.micros for each in found])
    names = [cut(" ".join(each.name.split()) or each.instance_id, 60) for each in found]
    rows: list[tuple[str, Figure, Figure]] = [
        (name, _count(each.nights), _whole(cost)) for name, each, cost in zip(names, found, amounts, strict=True)
    ]
    shown, more = rows[:SHOWN_NIGHTS], found[SHOWN_NIGHTS:]
    if more:
        rest = sum(amounts[SHOWN_NIGHTS:])
        shown.append((f"{len(more)} other machines", _count(sum(each.nights for each in more)), _whole(rest)))
    total = ("Total", _count(sum(each.nights for each in found)), _whole(sum(amounts)))
    why = (
        "A potential, counted in no forecast: what the ledger has of the last 28 nights (20:00 to 08:00 in "
        f"{esc(report.timezone, 60)}) through which a machine ran and none of its GPUs worked, claimed or not. "
        "Only machines that run around the clock, without exempt and protected ones. Disks go on costing, local "
        "disks are emptied by a stop, and scarce types may take long to start again. On-hours park them: "
        "`hours` under the machine command."
    )
    figures = table("Idle nights of four weeks", ("Machine", "Nights", "Cost"), [*shown, total])
    back = button("Forecast", f"{FORECAST_BUTTON}:month", f"month|{report.scope.kind}|{report.scope.key}")
    text = f"{head} {plural(len(found), 'machine')}."
    return Reply(text, [section(f"*{head}*"), *figures, actions(back), context(why)])
