"""`valet ledger`: what each hour of each rented machine cost, by our own metering."""

import sys
from datetime import date, datetime
from pathlib import Path

import click

from bot.commands.options import config_option

NAME_WIDTH = 40


def _month(_context: click.Context, _option: click.Parameter, given: str | None) -> date | None:
    import re

    if given is None:
        return None
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", given, re.ASCII):
        raise click.BadParameter("expected a month such as 2026-11.")
    return date.fromisoformat(f"{given}-01")


@click.command("ledger", short_help="Print what the machines cost, as a table or as CSV.")
@config_option
@click.option("--csv", "as_csv", is_flag=True, help="Print every charge as CSV instead of sums per machine.")
@click.option(
    "--month",
    callback=_month,
    metavar="YYYY-MM",
    help="The month, in the zone of [digest]. Default: the present one.",
)
def ledger(config_path: Path, month: date | None, *, as_csv: bool) -> None:
    """Print what the rented machines cost in a month, as metered while they ran.

    The CSV has hour,instance_id,name,type,team,holder,verdict,running_seconds,usd,source: one line per machine and
    clock hour (UTC), or several where team, holder, verdict or rate changed within it. Amounts are exact, to the
    millionth of a dollar. A cell that a spreadsheet would run as a formula has an apostrophe before it. Time not
    charged yet, at most an hour of each machine, is left out. It may be run while Valet runs.

    \b
    Example:
      valet ledger --csv --month 2026-11 > november.csv
    """
    from zoneinfo import ZoneInfo

    from bot.commands.reading import opened_desk
    from bot.services import reporting

    with opened_desk(config_path) as desk:
        zone = desk.settings.digest.timezone
        first = month or datetime.now(ZoneInfo(zone)).date().replace(day=1)
        start, end = reporting.month_of(first, zone)
        if as_csv:
            sys.stdout.writelines(reporting.ledger_csv(desk, start, end))
            return
        _print_sums(reporting.ledger_sums(desk, start, end), first)


def _print_sums(sums: list[tuple[str, str, int, int]], month: date) -> None:
    from bot.domain.clock import HOUR
    from bot.services.reporting import usd

    if not sums:
        click.echo(f"Nothing was charged in {month:%B %Y}.", err=True)
        return
    width = min(NAME_WIDTH, max(len("machine"), *(len(name) for name, *_ in sums)))
    teams = max(len("team"), *(len(team) for _, team, *_ in sums))
    click.echo(f"{'machine':<{width}}  {'team':<{teams}}  {'hours':>8}  {'USD':>14}")
    for name, team, ms, micros in sums:
        amount = usd(micros) if micros else "?"
        click.echo(f"{name[:width]:<{width}}  {team or '-':<{teams}}  {ms / HOUR:>8.1f}  {amount:>14}")
    total_ms, total = sum(ms for *_, ms, _ in sums), sum(micros for *_, micros in sums)
    click.echo(f"{'all':<{width}}  {'':<{teams}}  {total_ms / HOUR:>8.1f}  {usd(total):>14}")
    unpriced = sum(not micros for *_, micros in sums)
    if unpriced:
        click.echo(f"Without a known price, and so left out of the sum: {unpriced}.", err=True)
