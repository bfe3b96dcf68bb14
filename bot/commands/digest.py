"""`valet digest --preview`: the next digest of each channel, as text."""

from pathlib import Path

import click

from bot.commands.options import config_option


@click.command("digest", short_help="Print the next digest of each channel; sends nothing.")
@config_option
@click.option("--preview", is_flag=True, required=True, help="Print it. Only the bot itself posts digests.")
@click.option("--channel", default="", metavar="ID", help="Only that of this channel, by Slack channel id.")
@click.option("--team", default="", metavar="NAME", help="Only that of this team's channel.")
def digest(config_path: Path, channel: str, team: str, *, preview: bool) -> None:
    """Print the next digest of each channel, as it would be by what is known now. Nothing is sent or kept.

    Reads the database only: nothing is asked of AWS, Slack or agents, and it may be run while Valet runs.

    \b
    Example:
      valet digest --preview --team nlp
    """
    from bot.commands.reading import opened_desk
    from bot.errors import Refused
    from bot.services import digest as digests
    from bot.services import people
    from bot.services.context import team_channel

    del preview
    with opened_desk(config_path) as ctx:
        if team and ctx.roster().team(team) is None:
            raise Refused(f'There is no team "{team}" in the settings.')
        wanted = channel or (team_channel(ctx, team) if team else "")
        found = [each for each in digests.preview(ctx) if wanted in {"", each[0]}]
        if not found:
            whose = f" for {wanted}" if wanted else ": no channel is set"
            raise Refused(
                f"There is no digest{whose}. [slack] channel and [teams.NAME] channel name those that get one."
            )
        names, slack = people.known(ctx), ctx.settings.slack
        for where, day, made in found:
            click.echo(f"{where}, {day:%A} {day}, at {ctx.settings.digest.at}:")
            click.echo(_text(made, names, slack.gpu_command, slack.cost_command))
        if not ctx.settings.digest.enabled:
            click.echo("[digest] enabled is false, so none is posted.", err=True)


def _text(made: object, names: dict[str, str], gpu_command: str, cost_command: str) -> str:
    """As Slack would show it, without marks; buttons in brackets."""
    from bot.domain.digest import DigestNow
    from bot.sandbox.slack.show import text_of_blocks
    from handlers.blocks import digest as digest_blocks
    from handlers.blocks.words import commands_called

    if not isinstance(made, DigestNow):
        return "Nothing to say, so nothing is posted.\n"
    with commands_called(gpu_command, cost_command):
        return f"{text_of_blocks(digest_blocks.digest(made).blocks, names)}\n"
