"""`valet unit`: a systemd unit that runs the bot."""

import click

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
def unit(valet: str, config: str, secrets: str, *, http: bool) -> None:
    """Print a systemd unit that runs the bot with few rights, and starts it again whenever it ends.

    \b
    Example:
      valet unit > /etc/systemd/system/valet.service
    """
    import re

    from bot.commands.files import filled_file
    from bot.errors import Refused

    for option, path in (("--valet", valet), ("--config", config), ("--secrets", secrets)):
        if not re.fullmatch(r"/[A-Za-z0-9._/+-]*", path, re.ASCII):
            raise Refused(f"{option} must be an absolute path of plain characters, without spaces.")
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
