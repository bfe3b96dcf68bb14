"""`valet backup`: a copy of the database, also while Valet runs."""

from datetime import datetime
from pathlib import Path

import click

from bot.commands.options import config_option, settings_of
from bot.commands.reading import existing


@click.command("backup", short_help="Copy the database, also while Valet runs.")
@click.argument("path", type=click.Path(path_type=Path), required=False)
@config_option
def backup(path: Path | None, config_path: Path) -> None:
    """Copy the database to PATH, a file or a folder; by default to the folder of nightly backups.

    It may be run while Valet runs: the copy is the database as of one moment. It is checked before it gets its name.
    Valet does this by itself every night ([backup] in the settings) and keeps the newest 7 and one of each of the 4
    weeks before; copies made by this command are kept until somebody removes them.
    """
    from bot.errors import Refused
    from bot.services import backups as backing_up
    from store import copies

    settings = settings_of(config_path)
    database = existing(settings.database)
    target = path or backing_up.folder(settings, database)
    if path is None or path.is_dir():
        target /= f"valet-{datetime.now().astimezone():%Y-%m-%d-%H%M%S}.db"
    if target.exists():
        raise Refused(f"{target} exists already. Name another file.")
    made = copies.copy(database, target)
    entries = "1 audit entry" if made.entries == 1 else f"{made.entries:,} audit entries"
    click.echo(f"Wrote {target}: {made.bytes / 1e6:,.1f} MB, {entries}, checked.", err=True)
    click.echo(target)
