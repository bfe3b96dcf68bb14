"""`valet forget`: what is held of a person, and forgetting them."""

from pathlib import Path

import click

from bot.commands.options import config_option

LEFT = """\
Messages in Slack are Slack's: delete them there. Names in notes of others, in names of machines and in tags stay.\
"""


@click.command("forget", short_help="Forget a person; the audit stays whole.")
@click.argument("person")
@config_option
@click.option("--yes", "is_sure", is_flag=True, help="Do it without a question.")
@click.option("--show", "only_show", is_flag=True, help="Only print how many rows the person is in.")
def forget(person: str, config_path: Path, *, is_sure: bool, only_show: bool) -> None:
    """Forget PERSON, by Slack user id or by name: what they wrote is emptied, and a pseudonym stands for their id.

    Every row stays, so that no sum changes. Entries of the audit keep their hashes, and a new entry names those in
    which the person was: `valet verify-audit` still holds. It may be run while Valet runs. It can't be undone.

    Nobody is forgotten while they hold, wait, have booked or asked for something, or while valet.toml names them.

    \b
    Example:
      valet forget --show U024BE7LH
      valet forget U024BE7LH
    """
    from bot.commands.reading import opened_desk
    from bot.errors import NotFound
    from bot.services import forget as forgetting

    with opened_desk(config_path) as ctx:
        meant = forgetting.person_meant(ctx, person)
        held = forgetting.held_of(ctx, meant)
        if not held:
            raise NotFound(f"Nothing is known of {meant}.")
        if only_show:
            width = max(map(len, held))
            click.echo("\n".join(f"{table:<{width}}  {count:>9,}" for table, count in held.items()))
            return
        if not is_sure:
            rows = sum(held.values())
            click.confirm(f"{meant} is in {rows:,} rows. Forget them for good?", abort=True, err=True)
        done = forgetting.forget(ctx, meant, who="command line")
    click.echo(f"Forgotten: {done.rows:,} rows changed or deleted. In the audit they are {done.pseudonym} now.")
    if done.backups:
        copies = f"{len(done.backups)} backups in {done.backups[0].parent}"
        click.echo(f"{copies} still hold them, until they are replaced or you delete them.")
    click.echo(LEFT)
