"""A look into the database of a Valet that may be running: without the process lock, and only to read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commands.options import settings_of

if TYPE_CHECKING:
    from bot.services.desk import Desk


@contextmanager
def opened_desk(config_path: Path) -> "Iterator[Desk]":
    """A desk without providers, on the database that the settings name. Raises SettingsError, Refused, Unreachable."""
    from bot.domain.clock import system_clock
    from bot.errors import Refused
    from bot.services.desk import Desk
    from store import Store

    settings = settings_of(config_path)
    if not Path(settings.database).is_file():
        raise Refused(f"There is no database {settings.database} yet. `valet run` makes it.")
    store = Store(settings.database)
    try:
        yield Desk(store, system_clock, settings, {}, settings.roster)
    finally:
        store.close()
