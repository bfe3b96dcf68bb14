"""`valet verify-audit`: whether the audit is as it was written."""

from datetime import UTC, datetime
from pathlib import Path

import click

from bot.commands.options import config_option, settings_of
from bot.commands.reading import existing


@click.command("verify-audit", short_help="Check that nobody changed the audit.")
@config_option
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A backup to check, instead of the database of the settings.",
)
@click.option(
    "--expect",
    default="",
    metavar="HASH",
    help="A hash printed earlier; its entry must still be there. Finds an audit that was written anew as a whole.",
)
def verify_audit(config_path: Path, file: Path | None, expect: str) -> None:
    """Check that no entry of the audit was changed, put in or taken out.

    Each entry holds a hash of its content and of the entry before it. The hash of the newest one is printed: keep it
    where Valet can't write, and give it to --expect the next time. It may be run while Valet runs.

    \b
    Exit codes:
      0  every entry is as it was written
      1  it is broken, or can't be read; standard error names the first broken entry
    """
    from bot.errors import Refused
    from bot.services import audit as auditing

    newest, broken, erased = auditing.verify(file or existing(settings_of(config_path).database), expect)
    if broken is not None:
        when = f" It was written at {_when(broken.at)} UTC." if broken.at is not None else ""
        raise Refused(f"The audit is broken. {broken.what}{when} Everything before entry {broken.id} is as written.")
    if newest is None:
        click.echo("The audit is empty, and holds.")
        return
    entries = "1 entry" if newest.id == 1 else f"{newest.id:,} entries"
    click.echo(f"The audit holds: {entries}, the newest written at {_when(newest.at)} UTC.")
    click.echo(f"Its hash: {newest.hash}")
    if erased:
        click.echo(f"{erased:,} of them name people who were forgotten since; later entries say which.")


def _when(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
