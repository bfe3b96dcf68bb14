"""`valet unit`: a systemd unit that runs the bot, and one that copies its database all the time."""

import re

import click

from bot.commands.files import filled_file
from bot.errors import Refused

SOCKET_MODE = {"SLACK_BOT_TOKEN_FILE": "slack-bot-token", "SLACK_APP_TOKEN_FILE": "slack-app-token"}
HTTP = {"SLACK_BOT_TOKEN_FILE": "slack-bot-token", "SLACK_SIGNING_SECRET_FILE": "slack-signing-secret"}


@click.command("unit", short_help="Print a systemd unit that runs the bot.")
@click.option("--valet", default="/opt/valet/bin/valet", show_default=True, metavar="FILE", help="Where valet is.")
@click.option("--config", default="/etc/valet/valet.toml", show_default=True, metavar="FILE", help="The settings.")
@click.option(
    "--secrets",
    default="/etc/valet",
    show_default=True,
    metavar="FOLDER",
    help="Where the files slack-bot-token and slack-app-token are (with --http: slack-signing-secret).",
)
@click.option("--http", is_flag=True, help="Slack's requests come by HTTP instead of Socket Mode.")
@click.option(
    "--litestream",
    metavar="URL",
    default="",
    help="Print the second unit instead: Litestream, which copies the database there (s3://BUCKET/valet, or a folder).",
)
@click.option(
    "--litestream-program", default="/usr/bin/litestream", show_default=True, metavar="FILE", help="Where it is."
)
def unit(valet: str, config: str, secrets: str, *, http: bool, litestream: str, litestream_program: str) -> None:
    """Print a systemd unit that runs the bot with few rights, and starts it again whenever it ends.

    \b
    Example:
      valet unit > /etc/systemd/system/valet.service
      valet unit --litestream s3://acme-backups/valet > /etc/systemd/system/valet-litestream.service
    """
    if litestream:
        click.echo(_litestream_unit(litestream, litestream_program), nl=False)
        return
    for option, path in (("--valet", valet), ("--config", config), ("--secrets", secrets)):
        _refuse_odd_path(option, path)
    names = HTTP if http else SOCKET_MODE
    folder = secrets.rstrip("/")
    text = filled_file(
        "valet.service",
        VALET=valet,
        CONFIG=config,
        SECRETS=" ".join(f"{name}=${{CREDENTIALS_DIRECTORY}}/{file}" for name, file in names.items()),
        CREDENTIALS="\n".join(f"LoadCredential={file}:{folder}/{file}" for file in names.values()),
    )
    click.echo(text, nl=False)


def _refuse_odd_path(option: str, path: str) -> None:
    if not re.fullmatch(r"/[A-Za-z0-9._/+-]*", path, re.ASCII):
        raise Refused(f"{option} must be an absolute path of plain characters, without spaces.")


def _litestream_unit(replica: str, program: str) -> str:
    """The unit; what systemd or a shell would read otherwise is refused, and so is a password."""
    _refuse_odd_path("--litestream-program", program)
    folder = replica if replica.startswith("/") else ""
    is_address = re.fullmatch(r"[a-z0-9]+://(?![^/]*:[^/]*@)[\w./~+=&?,:@-]+", replica, re.ASCII)
    if not folder and not is_address:
        raise Refused(
            "--litestream must be a folder, or an address such as s3://BUCKET/valet, of plain characters and without a "
            "password: keys belong into /etc/valet/environment."
        )
    if folder:
        _refuse_odd_path("--litestream", folder)
    writes = f"ReadWritePaths={folder}\n" if folder else ""
    return filled_file("valet-litestream.service", LITESTREAM=program, REPLICA=replica, WRITES=writes)
