"""`valet restore`: a backup takes the place of the database."""

from datetime import UTC, datetime
from pathlib import Path

import click

from bot.commands.options import config_option, settings_of


@click.command("restore", short_help="Put a backup in the place of the database.")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--litestream-stopped", is_flag=True, help="Litestream does not run for this database just now.")
@config_option
def restore(path: Path, config_path: Path, *, litestream_stopped: bool) -> None:
    """Put the backup at PATH in the place of the database.

    Valet must be stopped; exits with 75 while it uses the database. A Valet that waits because its database is damaged
    may go on running: it takes up the backup by itself, within 10 seconds.

    The backup is checked first and stays where it is. The database that was there is kept under another name. What
    happened after the backup was made is not in it: claims and decisions since then are gone, and messages posted
    since then may be posted again. A stop that was approved in it is not carried out any more: an approval lapses after
    15 minutes. A job that was sent is not sent again. Once every source is read again, admins hear from when on things
    are missing, and which machines are otherwise than stored.

    Litestream must be stopped before, and started after: a replica that goes on under another file is ruined. So this
    refuses where Litestream's folder lies beside the database, unless --litestream-stopped says so.
    """
    from bot.domain.clock import system_clock
    from bot.errors import Refused
    from store import ProcessLock, copies
    from store.checkup import lock_holder
    from store.lock import KEEPING

    database = Path(settings_of(config_path).database)
    replica = copies.replica_folder(database)
    if replica.exists() and not litestream_stopped:
        raise Refused(
            f"{replica} says that Litestream copies this database, and a restore below it would ruin the replica. "
            "Stop it (`systemctl stop valet-litestream`), then say --litestream-stopped."
        )
    now = system_clock()
    aside = database.with_name(f"{database.name}.before-{datetime.fromtimestamp(now / 1000, UTC):%Y%m%d-%H%M%S}")
    lock = ProcessLock(database, KEEPING)
    try:
        had_one = database.exists()
        newest = copies.restore_copy(path, database, now, who="command line", aside=aside)
    finally:
        lock.release()
    written = f" Its newest audit entry is of {_when(newest)} UTC." if newest else " Its audit is empty."
    click.echo(f"Restored {path} to {database}.{written}")
    if had_one:
        click.echo(f"The database that was there is now {aside}.")
    if replica.exists():
        click.echo("Start Litestream again after Valet: it makes a new snapshot by itself.")
    waiting = lock_holder(database)
    rest = f"the Valet that waits ({waiting}) goes on by itself" if waiting else "then start Valet"
    click.echo(f"Next: `valet verify-audit`, `valet doctor`; {rest}.")


def _when(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
