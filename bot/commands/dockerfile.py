"""`valet dockerfile`: an image that runs the bot."""

from pathlib import Path

import click

from bot.commands.options import config_option, settings_if_any


@click.command("dockerfile", short_help="Print a Dockerfile for the bot.")
@config_option
@click.option(
    "--package",
    metavar="WHAT",
    help="What pip installs: a wheel's address, git+https://... or the like. Default: package under [install].",
)
def dockerfile(config_path: Path, package: str | None) -> None:
    """Print a Dockerfile for an image that runs the bot, as a user without rights.

    Where nothing says what to install, the image is built from the folder of the build: a checkout of Valet.

    \b
    Examples:
      valet dockerfile | docker build -t valet -f - .
      valet dockerfile --package https://example.com/gpu_valet-0.1.0-py3-none-any.whl | docker build -t valet -
    """
    from bot.commands.files import filled_file
    from bot.errors import Refused

    package = package or settings_if_any(config_path).install.package
    if package and not package.isprintable():
        raise Refused("--package must be one line.")
    click.echo(filled_file("Dockerfile", INSTALL=_install(package)), nl=False)


def _install(package: str) -> str:
    """The instructions that bring Valet into the image."""
    import shlex

    user = "RUN useradd --system --uid 10001 --home-dir /var/lib/valet --create-home valet"
    if package:
        return f"{user} \\\n    && pip install --no-cache-dir {shlex.quote(package)}"
    return f"COPY . /src\n{user} \\\n    && pip install --no-cache-dir /src && rm -rf /src"
