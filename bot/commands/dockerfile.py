"""`valet dockerfile`: an image that runs the bot."""

import click


@click.command("dockerfile", short_help="Print a Dockerfile for the bot.")
@click.option("--package", metavar="WHAT", help="What pip installs. Default: gpu-valet of this version.")
def dockerfile(package: str | None) -> None:
    """Print a Dockerfile for an image that runs the bot, as a user without rights.

    \b
    Example:
      valet dockerfile | docker build -t valet -
    """
    import shlex

    from bot import __version__
    from bot.commands.files import filled
    from bot.errors import Refused

    if package and not package.isprintable():
        raise Refused("--package must be one line.")
    click.echo(filled("Dockerfile", PACKAGE=shlex.quote(package or f"gpu-valet=={__version__}")), nl=False)
