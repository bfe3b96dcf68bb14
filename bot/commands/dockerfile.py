"""`valet dockerfile`: an image that runs the bot."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.options import config_option
from bot.commands.package import index_option, package_option

if TYPE_CHECKING:
    from bot.commands.package import Package

FROM_CHECKOUT = """\
COPY . /src
RUN pip install --no-cache-dir --require-hashes -r /src/bot/files/build-constraints.txt \\
    && pip wheel --no-cache-dir --no-deps --no-build-isolation -w /wheels /src"""
BRING_GIT = """\
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
"""


@click.command("dockerfile", short_help="Print a Dockerfile for the bot.")
@config_option
@package_option
@index_option
@click.option(
    "--base",
    default="python:3.12-slim",
    show_default=True,
    metavar="IMAGE",
    help="The image it is built on; with @sha256:... always the very same one.",
)
def dockerfile(config_path: Path, package: str | None, index: str | None, base: str) -> None:
    """Print a Dockerfile for an image that runs the bot, as a user without rights.

    Where nothing says what to install, the image is built from the folder of the build: a checkout of Valet. A wheel's
    file must lie in that folder. Whatever Valet needs is installed by version and hash, as the wheel lists it.

    \b
    Examples:
      valet dockerfile | docker build -t valet -f - .
      valet dockerfile --package ./gpu_valet-0.1.0-py3-none-any.whl | docker build -t valet -f - .
      valet dockerfile --package https://example.com/gpu_valet-0.1.0-py3-none-any.whl | docker build -t valet -
    """
    import re

    from bot.commands.files import filled_file
    from bot.commands.package import package_of
    from bot.errors import Refused

    if not re.fullmatch(r"[a-z0-9][\w./:@-]*", base, re.ASCII):
        raise Refused("--base must be the name of an image, such as python:3.12-slim.")
    click.echo(filled_file("Dockerfile", BASE=base, BRING=_bring(package_of(config_path, package, index))), nl=False)


def _bring(package: "Package") -> str:
    """The instructions that bring the wheel into /wheels. Raises Refused."""
    import re
    import shlex

    from bot.errors import Refused

    if not package.what:
        return FROM_CHECKOUT
    if package.is_file:
        if not re.fullmatch(r"(\./)?\w[\w./+-]*\.whl", package.what, re.ASCII):
            raise Refused("--package must be a wheel in the folder of the build: ./gpu_valet-0.1.0-py3-none-any.whl.")
        return f"COPY {package.what} /wheels/"
    index = f"ENV PIP_INDEX_URL={package.index}\n" if package.index else ""
    fetch = f"RUN pip wheel --no-cache-dir --no-deps -w /wheels {shlex.quote(package.what)}"
    return index + (BRING_GIT if package.is_repository else "") + fetch
