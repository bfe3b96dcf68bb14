"""`valet calendar`: what is held and booked, as an iCalendar file."""

from pathlib import Path

import click

from bot.commands.options import config_option


@click.command("calendar", short_help="Write what is claimed and booked as an iCalendar file.")
@config_option
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file to write; - for standard output.",
)
@click.option("--team", default="", metavar="NAME", help="Only what people of this team hold.")
@click.option("--person", default="", metavar="ID", help="Only what this person holds, by Slack user id.")
def calendar(config_path: Path, out: Path, team: str, person: str) -> None:
    """Write what is claimed and booked as an iCalendar file (RFC 5545), the last two weeks included.

    Times are UTC. Entries keep their identity over files, so that importing a newer one changes them. It may be run
    while Valet runs; `/gpu calendar feed` makes an address to subscribe to instead.

    \b
    Example:
      valet calendar --team nlp --out nlp.ics
    """
    import sys

    from bot.commands.reading import opened_desk
    from bot.errors import Refused
    from bot.services.sharing import calendar as calendars

    with opened_desk(config_path) as ctx:
        if team and ctx.roster().team(team) is None:
            raise Refused(f'There is no team "{team}" in the settings.')
        found = calendars.calendar_events(ctx, holder=person, team=team)
        written = calendars.calendar_file(found, f"GPUs of {team or person or 'everybody'}")
    if str(out) == "-":
        sys.stdout.buffer.write(written)
        return
    out.write_bytes(written)
    click.echo(f"{out}: {len(found)} {'entry' if len(found) == 1 else 'entries'}.", err=True)
