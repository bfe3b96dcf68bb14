"""`valet audit`: who did what, when and why."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.options import config_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.audit import Entry


@click.command("audit", short_help="Print who did what, when and why, or --csv, --json.")
@config_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead of lines.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line.")
@click.option("--days", type=click.IntRange(1, 36_500), metavar="N", help="Only the last N days. Default: everything.")
@click.option("--after", type=click.IntRange(0), default=0, metavar="ENTRY", help="Only entries after this number.")
def audit(config_path: Path, days: int | None, after: int, *, as_csv: bool, as_json: bool) -> None:
    """Print the audit: every decision and every action with who, when, why, before and after, oldest first.

    People are printed by the name that Slack last told, by their id where it told none. The CSV has
    entry,at,who,did,subject,name,why,before,after,hash,who_name; instants are UTC. A cell that a spreadsheet would
    run as a formula has an apostrophe before it. It may be run while Valet runs.

    JSON has the same names, and what is empty is "". To bring it elsewhere, keep the number of the last entry and give
    it to --after the next time: entries are numbered without a gap.

    \b
    Examples:
      valet audit --csv --days 90 > audit.csv
      valet audit --json --after 1204
    """
    from bot.commands.reading import opened_desk
    from bot.services import audit as auditing
    from bot.services import people as people_names

    since = int((datetime.now(UTC) - timedelta(days=days)).timestamp() * 1000) if days else 0
    if as_csv and as_json:
        raise click.UsageError("Choose one of --csv and --json.")
    with opened_desk(config_path) as ctx:
        if as_csv or as_json:
            sys.stdout.writelines(auditing.as_csv(ctx, since, after) if as_csv else auditing.as_json(ctx, since, after))
            return
        said, names = False, people_names.known(ctx)
        for entry, name in auditing.entries(ctx, since, after):
            click.echo(_line(entry, name, names))
            said = True
        if not said:
            click.echo("Nothing was done in that time." if days or after else "The audit is empty.", err=True)


def _line(entry: "Entry", name: str, names: "Mapping[str, str]") -> str:
    from bot.services.people import called, named_in_text

    when = datetime.fromtimestamp(entry.at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    change = f" ({entry.before or '-'} -> {entry.after or '-'})" if entry.before or entry.after else ""
    why = f": {named_in_text(names, entry.detail)}" if entry.detail else ""
    text = f"{when}  {called(names, entry.who)}  {entry.did}  {name or entry.subject}{change}{why}"
    return "".join(char if char.isprintable() else " " for char in text)
