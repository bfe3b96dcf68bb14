"""`valet bill`: what the provider billed, beside our own ledger."""

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.options import config_option, month_given

if TYPE_CHECKING:
    from bot.domain.money.reconciliation import BillReport

BILL_NAME_WIDTH = 56
BY = ("day", "account", "service", "team", "type", "instance", "kind")


@click.command("bill", short_help="Print what was billed, beside the ledger.")
@config_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead of a table.")
@click.option("--month", callback=month_given, metavar="YYYY-MM", help="The month (UTC). Default: the present one.")
@click.option("--by", type=click.Choice(BY), default="day", show_default=True, help="What to tell apart in the CSV.")
def bill(config_path: Path, month: date | None, by: str, *, as_csv: bool) -> None:
    """Print what the provider billed in a month, beside what Valet metered, as last read by `valet run`.

    The CSV by day has day,billed_usd,metered_usd,difference_usd, a column for each reason of the difference (they add
    up to it), estimate,source,as_of. By anything else it has day, that, billed_usd,estimate,source,as_of. Days are
    UTC. A cell that a spreadsheet would run as a formula has an apostrophe before it. Nothing is asked of AWS.

    \b
    Example:
      valet bill --csv --by service --month 2026-11 > november.csv
    """
    from bot.commands.reading import opened_desk
    from bot.domain.days import month_end
    from bot.domain.money.bill import utc_day
    from bot.services.money import bill as bill_csv
    from bot.services.money import bill as bill_reporting

    with opened_desk(config_path) as ctx:
        first = month or utc_day(ctx.clock()).replace(day=1)
        last = month_end(first)
        report = bill_reporting.bill_report(ctx, first, last)
        if as_csv:
            told = bill_csv.by_day(report) if by == "day" else bill_csv.by_dimension(ctx, by, report)
            sys.stdout.writelines(told)
            return
        _print(report)


def _print(report: "BillReport") -> None:
    from bot.domain.money.reconciliation import REASON_TEXTS
    from bot.services.money.ledger_export import exact_usd, iso

    click.echo(f"{'day':<12}{'billed':>16}{'metered':>16}{'difference':>16}")
    for day in report.days:
        if day.billed_micros is None and day.metered_micros is None:
            continue
        billed = "-" if day.billed_micros is None else exact_usd(day.billed_micros)
        metered = "-" if day.metered_micros is None else exact_usd(day.metered_micros)
        apart = exact_usd(sum(day.reasons.values())) if day in report.compared else "-"
        click.echo(f"{day.day!s:<12}{billed:>16}{metered:>16}{apart:>16}{'  estimate' if day.estimate else ''}")
    click.echo(f"{'compared':<12}{exact_usd(_billed(report)):>16}{exact_usd(report.metered_micros):>16}", nl=False)
    click.echo(f"{exact_usd(sum(report.reasons.values())):>16}")
    for why, micros in report.reasons.items():
        click.echo(f"  {REASON_TEXTS[why]:<{BILL_NAME_WIDTH}}{exact_usd(micros):>14}")
    click.echo(f"{report.source}, {report.place}, as of {iso(report.as_of)}; metered at our rates.", err=True)
    if report.error:
        click.echo(f"The newest look failed at {iso(report.error_at)}: {report.error}", err=True)


def _billed(report: "BillReport") -> int:
    return sum(day.billed_micros or 0 for day in report.compared)
