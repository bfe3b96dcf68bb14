"""The charts of a forecast, within the 20 points that Slack draws; every figure of them is in the text beside them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Literal

from bot.domain.days import ONE_DAY, month_end
from bot.domain.money.forecast.report import NEXT_DAYS, ForecastPiece, ForecastReport, Range, ReportDay
from bot.domain.money.rates import MICROS_PER_USD
from handlers.blocks.parts import Block, Reply, actions, button, context, cut, plainly, section
from handlers.blocks.tables import Figure, table
from handlers.blocks.words import at, esc, plural, usd

# Messages that stand in Slack carry these, so their text never changes.
FORECAST_BUTTON = "forecast"

CHART_POINTS = 20
WEEKS_BACK, WEEKS_AHEAD = 4, 12
Lines = Mapping[str, Sequence[int]]


def month(report: ForecastReport) -> Block:
    """The month as sums up to each day: what is charged, what is expected in its band, and the pace of the budget."""
    first, last = report.today.replace(day=1), month_end(report.today)
    shown = _days(first, last, report.today)
    charged = [_charged_up_to(report, day) for day in shown]
    expected = [report.month.micros if day == last else _expected_up_to(report, day) for day in shown]
    lines: dict[str, Sequence[int]] = {"so far": charged, **_band(report.month, expected, report.charged_micros)}
    if report.budget_micros is not None:
        lines["budget pace"] = [report.budget_micros * day.day // last.day for day in shown]
    return _drawn("This month up to each day, USD", "line", lines, shown)


def next_days(report: ForecastReport, count: int) -> Block:
    """The days ahead as sums up to each day, in their band."""
    ahead = [day for day in report.days if day.date >= report.today][:count]
    whole, last = report.next(count), ahead[-1].date
    shown = _days(report.today, last, last)
    later = [sum(each.expected_micros or 0 for each in ahead if each.date > day) for day in shown]
    sums = [max(0, whole.micros - micros) for micros in later]
    return _drawn(f"Next {count} days up to each day, USD", "line", _band(whole, sums, 0), shown)


def by_week(report: ForecastReport) -> Block:
    """Bars per week of seven days: those before today charged, those from today on expected."""
    past = [day for day in report.days if day.date < report.today][-7 * WEEKS_BACK :]
    ahead = [day for day in report.days if day.date >= report.today][: 7 * WEEKS_AHEAD]
    before, after = list(_weeks(past[len(past) % 7 :])), list(_weeks(ahead))
    charged = [sum(day.charged_micros or 0 for day in week) for week in before]
    expected = [sum(day.expected_micros or 0 for day in week) for week in after]
    lines = {"charged": [*charged, *[0] * len(after)], "expected": [*[0] * len(before), *expected]}
    return _drawn("Spend per week, USD", "bar", lines, [week[0].date for week in (*before, *after)])


def _weeks(days: Sequence[ReportDay]) -> Iterator[Sequence[ReportDay]]:
    return (days[first : first + 7] for first in range(0, len(days), 7))


def _days(first: date, last: date, always: date) -> list[date]:
    """At most POINTS days in even steps, with the first, the last and one more among them."""
    step = -(-((last - first).days + 1) // (CHART_POINTS - 2))
    wanted = {first + number * step * ONE_DAY for number in range(CHART_POINTS)} | {always, last}
    return sorted(day for day in wanted if first <= day <= last)


def _charged_up_to(report: ForecastReport, day: date) -> int:
    """What the month had cost at the end of a day; from today on: what is charged now."""
    after = (each.charged_micros or 0 for each in report.days if day < each.date <= report.today)
    return report.charged_micros - sum(after)


def _expected_up_to(report: ForecastReport, day: date) -> int:
    if day <= report.today:
        return _charged_up_to(report, day)
    ahead = [each for each in report.days if report.today <= each.date <= day]
    left_of_today = (ahead[0].expected_micros or 0) - (ahead[0].charged_micros or 0)
    return report.charged_micros + left_of_today + sum(each.expected_micros or 0 for each in ahead[1:])


def _band(whole: Range, expected: Sequence[int], certain: int) -> Lines:
    """What is expected, and between what: the range of the whole, in proportion to what of it is not certain yet."""
    if whole.lo_micros is None or whole.hi_micros is None:
        return {"expected": expected}
    open_ = max(1, whole.micros - certain)
    shares = [max(0.0, min(1.0, (micros - certain) / open_)) for micros in expected[:-1]] + [1.0]
    low, high = whole.micros - whole.lo_micros, whole.hi_micros - whole.micros
    return {
        "expected": expected,
        "low": [max(0, micros - round(low * share)) for micros, share in zip(expected, shares, strict=True)],
        "high": [micros + round(high * share) for micros, share in zip(expected, shares, strict=True)],
    }


def _drawn(title: str, kind: Literal["line", "bar"], lines: Lines, days: Sequence[date]) -> Block:
    """Slack wants a point of each series for each day."""
    labels = [f"{day.day} {day:%b}" for day in days]
    series = [
        {
            "name": name,
            "data": [{"label": label, "value": _usd(each)} for label, each in zip(labels, sums, strict=True)],
        }
        for name, sums in lines.items()
    ]
    axes = {"categories": labels, "x_label": "day" if kind == "line" else "week from", "y_label": "USD"}
    return {
        "type": "data_visualization",
        "title": title,
        "chart": {"type": kind, "series": series, "axis_config": axes},
    }


def _usd(micros: int) -> int:
    return (micros + MICROS_PER_USD // 2) // MICROS_PER_USD


Way = Literal["team", "machine"]
SHOWN_NIGHTS = 12
TO_COME: dict[Way, str] = {"team": "no team", "machine": "machines to come"}


def by(report: ForecastReport, way: Way) -> Reply:
    """The month and the next 30 days, told apart."""
    pieces = _pieces(report, way)
    whose = "" if report.scope.kind == "total" else f" of {esc(report.scope.label or report.scope.key, 60)}"
    head = f"{report.today:%B}{whose} by {way}: {usd(report.month.micros, cents=False)} expected."
    if not pieces:
        return plainly(f"{head} There is nothing to tell apart.")
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
        said.append("Other: their use is too uneven to tell of each alone.")
    if way == "machine" and any(not piece.key and piece.count == 1 for piece in report.by_machine):
        said.append("Machines to come: what machines that are gone, or more than one at a time, cost lately.")
    return " ".join([*said, f"Made {at(report.made_at)}."])


def nights(report: ForecastReport) -> Reply:
    """What machines cost in nights in which nobody worked on them."""
    found = report.idle_nights
    if not found:
        return plainly("No machine that runs around the clock idled through a whole night of the last four weeks.")
    saved = sum(each.micros for each in found)
    head = f"If idle nights were parked: {usd(-saved, cents=False)} in four weeks."
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
