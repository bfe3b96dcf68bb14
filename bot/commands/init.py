"""`valet init`: settings to fill in."""

from pathlib import Path

import click

from bot.commands.options import USUAL


@click.command("init", short_help="Write settings to fill in.")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), default=USUAL, metavar="[FILE]")
def init(path: Path) -> None:
    """Write a short settings file to fill in, by default valet.toml; one that is there is left alone.

    \b
    Example:
      valet init && valet doctor
    """
    from bot.commands.files import filled_file
    from bot.errors import Refused

    text = filled_file("valet.toml")
    try:
        with path.open("x") as file:
            file.write(text)
    except FileExistsError:
        raise Refused(f"{path} exists already. `valet doctor --config {path}` looks at it.") from None
    except OSError as error:
        raise Refused(f"{path} can't be written: {error.strerror}.") from error
    click.echo(f"Wrote {path}. Fill it in; then `valet doctor` says what is missing.")
