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


@click.command("audit", short_help="Print who did what, when and why, or --csv.")
@config_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead of lines.")
@click.option("--days", type=click.IntRange(1, 36_500), metavar="N", help="Only the last N days. Default: everything.")
def audit(config_path: Path, days: int | None, *, as_csv: bool) -> None:
    """Print the audit: every decision and every action with who, when, why, before and after, oldest first.

    People are printed by the name that Slack last told, by their id where it told none. The CSV has
    entry,at,who,did,subject,name,why,before,after,hash,who_name; instants are UTC. A cell that a spreadsheet would
    run as a formula has an apostrophe before it. It may be run while Valet runs.

    \b
    Example:
      valet audit --csv --days 90 > audit.csv
    """
    from bot.commands.reading import opened_desk
    from bot.services import audit as auditing
    from bot.services import people as people_names

    since = int((datetime.now(UTC) - timedelta(days=days)).timestamp() * 1000) if days else 0
    with opened_desk(config_path) as ctx:
        if as_csv:
            sys.stdout.writelines(auditing.as_csv(ctx, since))
            return
        said, names = False, people_names.known(ctx)
        for entry, name in auditing.entries(ctx, since):
            click.echo(_line(entry, name, names))
            said = True
        if not said:
            click.echo("The audit is empty." if days is None else "Nothing was done in that time.", err=True)


def _line(entry: "Entry", name: str, names: "Mapping[str, str]") -> str:
    from bot.services.people import called, named_in_text

    when = datetime.fromtimestamp(entry.at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    change = f" ({entry.before or '-'} -> {entry.after or '-'})" if entry.before or entry.after else ""
    why = f": {named_in_text(names, entry.detail)}" if entry.detail else ""
    text = f"{when}  {called(names, entry.who)}  {entry.did}  {name or entry.subject}{change}{why}"
    return "".join(char if char.isprintable() else " " for char in text)
