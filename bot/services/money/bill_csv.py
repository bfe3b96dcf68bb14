"""The bill as CSV for spreadsheets. Only reads the store."""

from collections.abc import Iterator
from datetime import date
from typing import cast, get_args

from bot.domain.money.bill import Dimension, is_estimate
from bot.domain.money.bill_report import BillReport
from bot.domain.money.reconciling import Why
from bot.errors import Refused
from bot.services.csv_lines import line, safe
from bot.services.desk import Desk
from bot.services.money.reporting import iso, usd
from store.money import bill as bills

REASONS: tuple[Why, ...] = get_args(Why)


def by_day(report: BillReport) -> Iterator[str]:
    """A line per day that either side knows, header included; the reasons add up to the difference."""
    names = ("day", "billed_usd", "metered_usd", "difference_usd", *(f"{why}_usd" for why in REASONS))
    yield line((*names, "estimate", "source", "as_of"))
    compared = {day.day for day in report.compared}
    for day in report.days:
        if day.billed_micros is None and day.metered_micros is None:
            continue
        both = day.day in compared
        reasons = [usd(day.reasons.get(why, 0)) if both else "" for why in REASONS]
        yield line(
            (
                day.day.isoformat(),
                "" if day.billed_micros is None else usd(day.billed_micros),
                "" if day.metered_micros is None else usd(day.metered_micros),
                usd(sum(day.reasons.values())) if both else "",
                *reasons,
                "yes" if day.estimate else "no",
                safe(report.source),
                iso(report.as_of) or "",
            )
        )


def by_dimension(desk: Desk, by: str, report: BillReport) -> Iterator[str]:
    """A line per day and account, service and so on. Raises Refused where the source does not tell them apart."""
    chosen, db = cast("Dimension", by), desk.store.reading()
    days = {each.day: each for each in bills.days(db, report.first, report.last)}
    found = bills.sums(db, chosen, report.first, report.last)
    if days and not found:
        raise Refused(f"The source of the bill ({report.source}) does not tell it apart by {by}; a FOCUS export does.")
    yield line(("day", by, "billed_usd", "estimate", "source", "as_of"))
    for row in found:
        day = days[date.fromisoformat(row["day"])]
        estimate = "yes" if is_estimate(day.day, day.as_of) else "no"
        told = (row["day"], safe(row["name"]), usd(row["billed_micros"]), estimate, safe(day.source))
        yield line((*told, iso(day.as_of) or ""))
