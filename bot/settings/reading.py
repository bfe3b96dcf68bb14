"""Reads `valet.toml`; a wrong or unknown key stops the start with one sentence: the key and what was expected."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.errors import SettingsError
from bot.settings.whole import Settings


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings file. Raises SettingsError."""
    try:
        table = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise SettingsError(f"There is no settings file {path}. Write one (the README has a short example).") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} can't be read: {error}.") from error
    return parse(table, environment)


def parse(table: dict[str, Any], environment: Mapping[str, str] = os.environ) -> Settings:
    """Check a table of settings. Raises SettingsError naming the first wrong key."""
    try:
        settings = Settings.model_validate(table)
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None
    if environment.get("VALET_DB"):
        settings = settings.model_copy(update={"database": environment["VALET_DB"]})
    return settings


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    key = ".".join(
        str(part) for part in first["loc"] if not str(part).startswith(("constrained", "literal", "function"))
    )
    if first["type"] == "extra_forbidden":
        return f'Unknown setting "{key}". The README lists every setting; is it misspelt?'
    if first["type"] == "missing":
        return f'Setting "{key}" is missing: {first["msg"].lower()}.'
    expected = first["msg"].removeprefix("Value error, ")
    return f'Setting "{key}" is {first["input"]!r}: {expected[0].lower()}{expected[1:]}.'
