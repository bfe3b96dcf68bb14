"""Forecasts from and to CSV files: histories and known changes in, days and totals out."""

import contextlib
import csv
import difflib
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from pathlib import Path

from bot.domain.money.forecast import Change, DailyHistory, Forecast, forecast
from bot.errors import NotFound, Refused

LONGEST_HORIZON = 366
CREDIT_DAYS = 28
"""Days by which a series counts as one of credits."""
WEEK, SHORTEST_MONTH, LONGEST_MONTH = 7, 28, 31
NAME_COLUMNS = ("series", "task")
_EARLIEST, _LATEST = date(1970, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True, slots=True)
class ForecastFile:
    """What was written: the forecast of each series, by name, in the order of the history."""

    forecasts: dict[str, Forecast]
    notes: tuple[str, ...] = ()
    """Which series have no forecast, and why."""


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    name: str
    day: date
    amount: float | None


def forecast_csv(
    history_path: Path, out_path: Path, *, horizon: int, events_path: Path | None = None, is_final: bool = False
) -> ForecastFile:
    """Forecast every series of a CSV file and write the result to another.

    Reads `series,date,value` (days of a series in any order; a day left out or without a value has no reading) and
    events `series,date,delta`: a change of the daily level from that date on. Writes
    `series,h,date,mean,lo80,hi80,lo95,hi95`: h = 0 is the total, with the horizon's last day as its date, h = 1 the
    day after the series' last one. Bounds are empty where the history is under three days. When the history's first
    column is `task`, so is the output's, and it has no `date`. Amounts keep the file's unit. A series without a reading
    is left out; one of credits has a negative forecast. `is_final`: every day was billed in full, so none is doubted.

    Raises Refused, with the line, when a file cannot be read as described; then nothing is written.
    """
    if not 1 <= horizon <= LONGEST_HORIZON:
        raise Refused(f"A horizon of {horizon} days: expected 1 to {LONGEST_HORIZON}.")
    if out_path.resolve() in {path.resolve() for path in (history_path, events_path) if path}:
        raise Refused(f"{out_path} is also read from: expected another file to write to.")
    column, rows = _read(history_path, "value")
    histories = _histories(history_path, rows)
    if not histories:
        raise Refused(f"{history_path.name} has no day below its header: nothing to forecast. Nothing was written.")
    changes = _changes(events_path, histories) if events_path else {}
    known = {name: replace(each, is_certain=is_final) for name, each in histories.items() if _readings(each)}
    if not known:
        raise Refused(f"{history_path.name} has days, but no value on any: nothing to forecast. Nothing was written.")
    forecasts = {name: _forecast(name, history, horizon, changes.get(name, ())) for name, history in known.items()}
    _write(out_path, column, forecasts)
    empty = tuple(f"{name}: no day has a value, so it is left out." for name in histories if name not in known)
    return ForecastFile(forecasts, empty)


def _readings(history: DailyHistory) -> list[float]:
    return [value for value in history.values if value is not None]


def _forecast(name: str, history: DailyHistory, horizon: int, changes: Sequence[Change]) -> Forecast:
    """The forecast; of a series that lately gives back more than it costs, that of its opposite, turned around.

    One day of credit does not make it one: that day is said, and not carried on. Spend is never forecast below zero,
    and credits never above. Raises Refused for known changes of such a series.
    """
    recent = _readings(history)[-CREDIT_DAYS:]
    lowest = min(recent)
    if sum(recent) >= 0 or (sum(recent) >= lowest and max(recent) > 0):
        ahead = forecast(history, horizon=horizon, changes=changes)
        note = f"One day of {lowest:g} outweighs the rest of its last {CREDIT_DAYS} days; it is not carried on."
        return ahead if sum(recent) >= 0 else replace(ahead, notes=(*ahead.notes, note))
    if changes:
        raise Refused(f'"{name}" gives back more than it costs: known changes are only for spend.')
    opposite = replace(history, values=tuple(None if value is None else -value for value in history.values))
    return _turned(forecast(opposite, horizon=horizon))


def _turned(credit: Forecast) -> Forecast:
    def less(amount: float | None) -> float | None:
        return None if amount is None else 0.0 - amount

    days = tuple(
        replace(
            day, mean=0.0 - day.mean, lo80=less(day.hi80), hi80=less(day.lo80), lo95=less(day.hi95), hi95=less(day.lo95)
        )
        for day in credit.days
    )
    note = f"Over its last {CREDIT_DAYS} days it gives back more than it costs: the forecast is below zero."
    return replace(
        credit,
        total=0.0 - credit.total,
        lo80=less(credit.hi80),
        hi80=less(credit.lo80),
        lo95=less(credit.hi95),
        hi95=less(credit.lo95),
        days=days,
        notes=(*credit.notes, note),
    )


def _read(path: Path, amount: str) -> tuple[str, list[_Row]]:
    """The name column's own name ("series" or "task") and all rows."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            titles = [cell.strip() for cell in next(lines, [])]
            header = [title.lower() for title in titles]
            name = next((column for column in NAME_COLUMNS if column in header), "")
            if not name or not {"date", amount} <= set(header):
                raise Refused(f'{path.name} line 1: got "{",".join(titles)}", expected series,date,{amount}.')
            wanted = (name, "date", amount)
            return name, [_row(path, lines.line_num, cells, header, wanted) for cells in lines if cells]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Refused(f"{path} can't be read as CSV: {error}.") from error


def _row(path: Path, line: int, cells: list[str], header: list[str], wanted: tuple[str, str, str]) -> _Row:
    at = f"{path.name} line {line}"
    if len(cells) != len(header):
        raise Refused(f'{at}: got "{",".join(cells)}", expected {len(header)} values as in the header.')
    name, day, amount = (cells[header.index(column)].strip() for column in wanted)
    if not name:
        raise Refused(f"{at}: got no {wanted[0]}, expected its name.")
    return _Row(line, name, _date(day, at), _amount(amount, f"{at}: {wanted[2]}"))


def _date(text: str, at: str) -> date:
    with contextlib.suppress(ValueError):
        day = date.fromisoformat(text)
        if _EARLIEST <= day <= _LATEST:
            return day
    raise Refused(f'{at}: date "{text}", expected a day such as 2026-03-31, from {_EARLIEST} to {_LATEST}.')


def _amount(text: str, at: str) -> float | None:
    """The number; None when the cell is empty or nan, as spreadsheets and pandas write what they do not have."""
    if text.lower() in {"", "nan", "null", "none"}:
        return None
    with contextlib.suppress(ValueError):
        amount = float(text)
        if math.isfinite(amount):
            return amount
    raise Refused(f'{at} "{text}", expected a number such as 12.5, or nothing where there is no reading.')


def _histories(path: Path, rows: Iterable[_Row]) -> dict[str, DailyHistory]:
    by_name: dict[str, dict[date, float | None]] = {}
    for row in rows:
        days = by_name.setdefault(row.name, {})
        if row.day in days:
            raise Refused(f'{path.name} line {row.line}: {row.day} of "{row.name}" again, expected each day once.')
        days[row.day] = row.amount
    for name, days in by_name.items():
        _check_daily(path, name, sorted(days), least=2)
        _check_daily(path, name, sorted(day for day, amount in days.items() if amount is not None), least=WEEK)
    return {name: _history(days) for name, days in by_name.items()}


def _check_daily(path: Path, name: str, days: Sequence[date], *, least: int) -> None:
    """Refuse what is one value a week, a month or the like: taken for days it would be as many times too high.

    Days that are all `least` days apart, or more, are none of a daily file; of only two days that is a week.
    """
    gaps = [(after - before).days for before, after in pairwise(days)]
    if not gaps or min(gaps) < (WEEK if len(gaps) == 1 else least):
        return
    told = "a month" if min(gaps) >= SHORTEST_MONTH and max(gaps) <= LONGEST_MONTH else f"{min(gaps)} days or more"
    told = "a week" if min(gaps) == max(gaps) == WEEK else told
    raise Refused(
        f'{path.name}: the dates of "{name}" are {told} apart, so its values are no daily ones. '
        "Expected one line a day, with 0 for a day that cost nothing. Nothing was written."
    )


def _history(days: dict[date, float | None]) -> DailyHistory:
    start = min(days)
    values: list[float | None] = [None] * ((max(days) - start).days + 1)
    for day, amount in days.items():
        values[(day - start).days] = amount
    return DailyHistory(start, tuple(values))


def _changes(path: Path, histories: dict[str, DailyHistory]) -> dict[str, tuple[Change, ...]]:
    _, rows = _read(path, "delta")
    changes: dict[str, tuple[Change, ...]] = {}
    for row in rows:
        at = f"{path.name} line {row.line}"
        if row.name not in histories:
            nearest = tuple(difflib.get_close_matches(row.name, histories))
            raise NotFound(f'{at}: "{row.name}" has no history, expected one of its {len(histories)} series.', nearest)
        if row.amount is None:
            raise Refused(f"{at}: no delta, expected a number such as -12.5.")
        changes[row.name] = (*changes.get(row.name, ()), Change(row.day, row.amount))
    return changes


def _write(out_path: Path, column: str, made: dict[str, Forecast]) -> None:
    """Write beside the target and rename: whoever reads it sees the old file or the whole new one."""
    target = out_path.resolve()
    if target.exists() and not target.is_file():
        raise Refused(f"{out_path} can't be written: it isn't a file.")
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    dated = ["date"] if column == "series" else []
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow([column, "h", *dated, "mean", "lo80", "hi80", "lo95", "hi95"])
            for name, outlook in made.items():
                out.writerows(_lines(name, outlook, dated=bool(dated)))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise Refused(f"{out_path} can't be written: {error.strerror or error}.") from error


def _lines(name: str, outlook: Forecast, *, dated: bool) -> Iterator[list[object]]:
    last = [outlook.days[-1].date] if dated else []
    yield [name, 0, *last, outlook.total, outlook.lo80, outlook.hi80, outlook.lo95, outlook.hi95]
    for day in outlook.days:
        yield [name, day.h, *([day.date] if dated else []), day.mean, day.lo80, day.hi80, day.lo95, day.hi95]
