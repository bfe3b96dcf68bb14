"""`valet manifest`: the Slack app manifest."""

from pathlib import Path

import click

from bot.commands.options import config_option, settings_if_any


def _address(_context: click.Context, _option: click.Parameter, given: str | None) -> str | None:
    if given is not None and not given.startswith("https://"):
        raise click.BadParameter("expected an address that starts with https://; Slack takes no other.")
    return given


@click.command("manifest", short_help="Print the Slack app manifest.")
@config_option
@click.option(
    "--http",
    "http_url",
    metavar="URL",
    callback=_address,
    help="Where Slack reaches Valet, for example https://valet.example.com; makes a manifest for signed HTTP.",
)
def manifest(config_path: Path, http_url: str | None) -> None:
    """Print the Slack app manifest, as JSON.

    Give it to https://api.slack.com/apps under "Create New App", "From a manifest". Command names are those of the
    settings file; without one, /gpu and /cost. The manifest is for Socket Mode, which needs no public address, unless
    --http is given.

    \b
    Example:
      valet manifest > manifest.json
    """
    import json

    from handlers.manifest import manifest as made

    click.echo(json.dumps(made(settings_if_any(config_path), http_url=http_url), indent=2))
