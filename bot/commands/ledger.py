"""`valet ledger`: what each hour of each machine cost, and whose it was, by our own metering."""

import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.options import config_option, month_given

if TYPE_CHECKING:
    from store.money.ledger import MachineSum

LEDGER_NAME_WIDTH = 40


@click.command("ledger", short_help="Print what the machines cost, as a table or as CSV.")
@config_option
@click.option("--csv", "as_csv", is_flag=True, help="Print every charge as CSV instead of sums per machine.")
@click.option(
    "--month",
    callback=month_given,
    metavar="YYYY-MM",
    help="The month, in the zone of [digest]. Default: the present one.",
)
def ledger(config_path: Path, month: date | None, *, as_csv: bool) -> None:
    """Print what the machines cost in a month: rented ones as metered while they ran, owned ones at full cost.

    The CSV has hour,instance_id,name,type,provider,team,used_by,holder,use,running_seconds,gpu_seconds,usd,source,
    estimate. Each machine and clock hour (UTC) has a line for each holder and use (busy, idle, unknown), and lines of
    its own where its team or rate changed, or a GPU fell idle. team is whose machine it is, and so whose budget it
    counts against; used_by the team of the claim, or the machine's where nobody held it. provider is ec2 for money on
    the bill, owned for full cost. Amounts are exact, to the millionth of a dollar, and add up; estimate is yes where
    the rate is another region's, of a spot machine, or lacks a part. A cell that a spreadsheet would run as a formula
    has an apostrophe before it. Time not charged yet, at most an hour of each machine, is left out; a source that is
    silent for longer is named. It may be run while Valet runs.

    \b
    Example:
      valet ledger --csv --month 2026-11 > november.csv
    """
    from zoneinfo import ZoneInfo

    from bot.commands.reading import opened_desk
    from bot.services.money import ledger_export as reporting

    with opened_desk(config_path) as ctx:
        zone = ctx.settings.digest.timezone
        first = month or datetime.now(ZoneInfo(zone)).date().replace(day=1)
        start, end = reporting.month_span(first, zone)
        if as_csv:
            sys.stdout.writelines(reporting.ledger_csv(ctx, start, end))
        else:
            _print_sums(reporting.ledger_sums(ctx, start, end), first)
        for remark in reporting.remarks(ctx, start, end):
            click.echo(remark, err=True)


def _print_sums(sums: "list[MachineSum]", month: date) -> None:
    if not sums:
        click.echo(f"Nothing was charged in {month:%B %Y}.", err=True)
        return
    width = min(LEDGER_NAME_WIDTH, max(len("all rented"), *(len(each.name) for each in sums)))
    teams = max(len("team"), *(len(each.team) for each in sums))
    click.echo(f"{'machine':<{width}}  {'team':<{teams}}  {'hours':>8}  {'USD':>14}")
    for provider, kind in (("ec2", "rented"), ("owned", "owned")):
        found = [each for each in sums if each.provider == provider]
        for each in found:
            team = (each.team or "-").ljust(teams)
            _print_line(each.name[:width].ljust(width), team, each.running_ms, each.micros or None)
        if found:
            total = sum(each.micros for each in found)
            _print_line(f"all {kind}".ljust(width), " " * teams, sum(each.running_ms for each in found), total)
    if any(each.provider == "owned" for each in sums):
        click.echo("Owned machines at full cost: it is on no bill.", err=True)
    estimated = sum(each.estimated for each in sums)
    if estimated:
        click.echo(f"At rates that are not exact, in part at least: {estimated}. `--csv` tells which hours.", err=True)
    unpriced = sum(not each.micros for each in sums)
    if unpriced:
        click.echo(f"Without a known price, and so left out of the sum: {unpriced}.", err=True)


def _print_line(name: str, team: str, ms: int, micros: int | None) -> None:
    from bot.domain.clock import HOUR_MS
    from bot.services.money.ledger_export import exact_usd

    click.echo(f"{name}  {team}  {ms / HOUR_MS:>8.1f}  {exact_usd(micros) if micros is not None else '?':>14}")
