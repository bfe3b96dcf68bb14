"""A look into the database of a Valet that may be running: without the process lock, and only to read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commands.options import settings_of

if TYPE_CHECKING:
    from bot.services.context import Context


def existing(database: str) -> Path:
    """The file of the database. Raises Refused when there is none."""
    from bot.errors import Refused

    path = Path(database)
    if not path.is_file():
        raise Refused(f"There is no database {database} yet. `valet run` makes it.")
    return path


@contextmanager
def opened_desk(config_path: Path) -> "Iterator[Context]":
    """A context without providers, on the database that the settings name.

    Raises SettingsError, Refused, Unreachable.
    """
    from bot.domain.clock import system_clock
    from bot.services.context import Context
    from store import Store

    settings = settings_of(config_path)
    store = Store(existing(settings.database))
    try:
        yield Context(store, system_clock, settings, {}, settings.roster)
    finally:
        store.close()
