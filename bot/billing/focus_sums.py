"""What the query for FOCUS exports brings, as lines of a bill: sums by day and dimension, and no bill with a hole."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from bot.domain.clock import HOUR
from bot.domain.money.bill import BillLine, Kind
from bot.domain.money.rates import USD
from bot.errors import Refused

KINDS: Mapping[str, Kind] = {
    "usage": "usage",
    "purchase": "purchase",
    "tax": "tax",
    "credit": "credit",
    "adjustment": "adjustment",
}


@dataclass(slots=True)
class Sums:
    """Rows of the query as lines of a bill."""

    lines: list[BillLine]
    charges: int = 0
    foreign: int = 0
    """Charges in another currency, which are left out."""
    unsaid: int = 0
    """Charges that cost something and don't say in what currency: they are read as USD."""

    def notes(self) -> list[str]:
        """What people must know to trust the sums."""
        told = []
        if self.foreign:
            told.append(f"{_charges(self.foreign, 'is', 'are')} in another currency than USD and left out.")
        if self.unsaid:
            told.append(f"{_charges(self.unsaid, 'names', 'name')} no currency and counted as USD.")
        return told


def _charges(count: int, one: str, many: str) -> str:
    return f"1 of its charges {one}" if count == 1 else f"{count:,} of its charges {many}"


def lines_of(rows: Iterable[Sequence[Any]], example: Callable[[], str] = lambda: "") -> Sums:
    """Raises Refused where a charge has no readable cost or day: a bill with a hole is none.

    `example` is asked for the first of those, as the end of a clause.
    """
    found = Sums([])
    words: dict[str | None, str] = {None: ""}
    days: dict[str, date] = {}
    unreadable = 0
    for row in rows:
        period, day, *_, currency, billed, _, _, _, charges, bad = row
        found.charges += int(charges)
        if int(bad) or period is None or not _is_day(day):
            unreadable += int(bad) or int(charges)
            continue
        if currency not in {None, "USD"}:
            found.foreign += int(charges)
            continue
        if currency is None and micros(billed):
            found.unsaid += int(charges)
        found.lines.append(_line(row, words, days))
    if unreadable:
        verb = "has" if unreadable == 1 else "have"
        raise Refused(
            f"{unreadable:,} of the export's {found.charges:,} charges {verb} no readable BilledCost or day"
            f"{example()}, so its sums can't be trusted. Nothing was taken from it."
        )
    return found


def _line(row: Sequence[Any], words: dict[str | None, str], days: dict[str, date]) -> BillLine:
    """With one copy of each word: there are hundreds of thousands of lines, and few words."""
    period, day, account, service, team, type_, machine, category, correction, _, *sums, _, _ = row
    billed, effective, listed, hours = sums
    return BillLine(
        period=words.setdefault(period, period),
        day=days.setdefault(day, date.fromisoformat(day)),
        billed_micros=micros(billed) or 0,
        account=words.setdefault(account, account or ""),
        service=words.setdefault(service, service or ""),
        team=words.setdefault(team, team or ""),
        type=words.setdefault(type_, type_ or ""),
        instance=words.setdefault(machine, machine or ""),
        kind="correction" if correction == "correction" else KINDS.get(category or "", "other"),
        effective_micros=micros(effective),
        list_micros=micros(listed),
        running_ms=None if hours is None else int(Decimal(hours) * HOUR),
    )


def micros(amount: Decimal | str | None) -> int | None:
    """Micro-dollars."""
    if amount is None:
        return None
    return int((Decimal(amount) * USD).to_integral_value(ROUND_HALF_EVEN))


def _is_day(text: str | None) -> bool:
    return text is not None and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) is not None
