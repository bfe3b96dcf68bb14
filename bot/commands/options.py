"""Options that several subcommands share, and the settings that `--config` leads to."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.settings import Settings

USUAL = Path("valet.toml")
config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=USUAL,
    show_default=True,
    metavar="FILE",
    help="The settings file.",
)


def _pair(_context: click.Context, _option: click.Parameter, given: str | None) -> tuple[str, str] | None:
    if given is None:
        return None
    key, _, value = given.partition("=")
    if not key or not value:
        raise click.BadParameter("expected KEY=VALUE.")
    return key, value


tag_option = click.option(
    "--tag",
    metavar="KEY=VALUE",
    callback=_pair,
    help="The tag that machines carry which Valet may stop. Default: managed_tag under [actions], gpu-valet=managed.",
)


def month_given(_context: click.Context, _option: click.Parameter, given: str | None) -> date | None:
    """The first day of a month given as 2026-11; None when none is."""
    import re

    if given is None:
        return None
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", given, re.ASCII):
        raise click.BadParameter("expected a month such as 2026-11.")
    return date.fromisoformat(f"{given}-01")


def settings_of(path: Path) -> "Settings":
    """The settings in the file. Raises SettingsError."""
    from bot.settings import load

    return load(path)


def settings_if_any(path: Path) -> "Settings":
    """As `settings_of`, but all defaults while the usual file has not been written yet. Raises SettingsError."""
    from bot.settings import Settings

    if path == USUAL and not path.exists():
        return Settings()
    return settings_of(path)
