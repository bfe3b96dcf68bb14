"""The charts of a forecast, within the 20 points that Slack draws; every figure of them is in the text beside them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Literal

from bot.domain.days import month_end
from bot.domain.money.rates import USD
from bot.domain.money.report import Range, Report, ReportDay
from bot.domain.money.spending import DAY
from handlers.blocks.parts import Block

POINTS = 20
WEEKS_BACK, WEEKS_AHEAD = 4, 12
Lines = Mapping[str, Sequence[int]]


def month(report: Report) -> Block:
    """The month as sums up to each day: what is charged, what is expected in its band, and the pace of the budget."""
    first, last = report.today.replace(day=1), month_end(report.today)
    shown = _days(first, last, report.today)
    charged = [_charged_up_to(report, day) for day in shown]
    expected = [report.month.micros if day == last else _expected_up_to(report, day) for day in shown]
    lines: dict[str, Sequence[int]] = {"so far": charged, **_band(report.month, expected, report.charged_micros)}
    if report.budget_micros is not None:
        lines["budget pace"] = [report.budget_micros * day.day // last.day for day in shown]
    return _drawn("This month up to each day, USD", "line", lines, shown)


def next_days(report: Report, count: int) -> Block:
    """The days ahead as sums up to each day, in their band."""
    ahead = [day for day in report.days if day.date >= report.today][:count]
    whole, last = report.next(count), ahead[-1].date
    shown = _days(report.today, last, last)
    later = [sum(each.expected_micros or 0 for each in ahead if each.date > day) for day in shown]
    sums = [max(0, whole.micros - micros) for micros in later]
    return _drawn(f"Next {count} days up to each day, USD", "line", _band(whole, sums, 0), shown)


def by_week(report: Report) -> Block:
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
    step = -(-((last - first).days + 1) // (POINTS - 2))
    wanted = {first + number * step * DAY for number in range(POINTS)} | {always, last}
    return sorted(day for day in wanted if first <= day <= last)


def _charged_up_to(report: Report, day: date) -> int:
    """What the month had cost at the end of a day; from today on: what is charged now."""
    after = (each.charged_micros or 0 for each in report.days if day < each.date <= report.today)
    return report.charged_micros - sum(after)


def _expected_up_to(report: Report, day: date) -> int:
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
    return (micros + USD // 2) // USD
