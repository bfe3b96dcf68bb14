"""Reads `valet.toml`; a wrong or unknown key stops the start with one sentence: the key and what was expected."""

import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.domain.typography import marks, plain_typed
from bot.errors import SettingsError
from bot.nearest import nearest
from bot.settings.lines import line_of
from bot.settings.secrets import NEVER_SHOWN
from bot.settings.whole import Settings

PLAINLY = {
    "tuple_type": 'expected a list in brackets, such as ["{input}"]',
    "decimal_parsing": 'expected a number, such as "12.50"',
    "decimal_type": 'expected a number, such as "12.50"',
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "float_parsing": "expected a number",
    "bool_parsing": "expected true or false",
    "bool_type": "expected true or false",
    "string_type": 'expected text in quotes, such as "{input}"',
    "greater_than_equal": "expected {ge} or more",
    "greater_than": "expected more than {gt}",
    "less_than_equal": "expected {le} at most",
    "less_than": "expected less than {lt}",
    "literal_error": "expected {expected}",
    "dict_type": "expected a table in brackets, with settings below it",
    "model_type": "expected a table in brackets, with settings below it",
}
"""What was expected, where a value is of the wrong kind."""


VERBATIM = frozenset(
    {
        *("reason", "purpose", "power_on", "power_off", "command", "commands", "script"),
        *("path", "file", "folder", "database", "url", "columns", "results", "holidays_file"),
    }
)
"""What is not read by Valet but shown, run or opened, and stays as it was typed."""


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings file. Raises SettingsError."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise SettingsError(f"There is no settings file {path}. `valet init` writes one to fill in.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} can't be read: {error}.") from error
    return parse_text(text, str(path), environment)


def parse_text(text: str, path: str, environment: Mapping[str, str] = os.environ) -> Settings:
    """Check the text of a settings file. Raises SettingsError naming the line and the first wrong key."""
    try:
        table, text = _table(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} can't be read: {error}.") from error
    try:
        return _settings(table, environment)
    except ValidationError as error:
        line = line_of(text, _path(error.errors(include_url=False)[0]))
        raise SettingsError(f"{Path(path).name}, line {line}: {_sentence(error)}") from None


def _table(text: str) -> tuple[dict[str, Any], str]:
    """The file as TOML, whatever quotes an editor made of plain ones; and its text so. Raises TOMLDecodeError."""
    text = text.removeprefix("\ufeff")
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError:
        if text.isascii():
            raise
        return tomllib.loads(marks(text)), marks(text)


def _typed(value: Any) -> Any:
    """Every text as a plain keyboard has it, as people's commands are read; what is free text or a command stays."""
    if isinstance(value, str):
        return plain_typed(value)
    if isinstance(value, Mapping):
        return {key: each if key in VERBATIM else _typed(each) for key, each in value.items()}
    return [_typed(each) for each in value] if isinstance(value, list) else value


def parse(table: dict[str, Any], environment: Mapping[str, str] = os.environ) -> Settings:
    """Check a table of settings. Raises SettingsError naming the first wrong key."""
    try:
        return _settings(table, environment)
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None


def _settings(table: dict[str, Any], environment: Mapping[str, str]) -> Settings:
    settings = Settings.model_validate(_typed(table))
    if environment.get("VALET_DB"):
        settings = settings.model_copy(update={"database": environment["VALET_DB"]})
    return settings


def _path(first: ErrorDetails) -> list[str | int]:
    """The key that is wrong, part by part."""
    return [part for part in first["loc"] if not str(part).startswith(("constrained", "literal", "function"))]


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    path = _path(first)
    key = ".".join(str(part) for part in path)
    if first["type"] == "extra_forbidden":
        close = nearest(str(path[-1]), _names(path[:-1]), 1)
        hint = f" Did you mean {'.'.join([*map(str, path[:-1]), *close])}?" if close else ""
        return f'Unknown setting "{key}".{hint or " The page docs/settings.md lists every setting; is it misspelt?"}'
    if first["type"] == "missing":
        return f'Setting "{key}" is missing.'
    if not NEVER_SHOWN.isdisjoint(map(str, path)):
        return f'Setting "{key}" is wrong: {_expected(first, "...")}.'
    return f'Setting "{key}" is {first["input"]!r}: {_expected(first, first["input"])}.'


def _expected(first: ErrorDetails, given: object) -> str:
    """What was, in words for whoever wrote the file."""
    said = PLAINLY.get(first["type"])
    if said is not None:
        return said.format(**first.get("ctx", {}), input=given)
    expected = first["msg"].removeprefix("Value error, ")
    return f"{expected[0].lower()}{expected[1:]}".removesuffix(".")


def _names(path: Sequence[str | int]) -> Iterable[str]:
    """The settings there are at a place; none where that is no table of settings."""
    model: Any = Settings
    parts = iter(path)
    for part in parts:
        field = model.model_fields.get(str(part))
        model = _inner(field.annotation) if field else None
        if field is None or model is None:
            return ()
        if get_origin(field.annotation) is not None:
            next(parts, None)  # which of the list, or of those that go by name
    return list(model.model_fields)


def _inner(kind: Any) -> Any:
    """The table of settings that a setting is, or is a list of."""
    kinds = (kind, *get_args(kind))
    return next((each for each in kinds if isinstance(each, type) and issubclass(each, BaseModel)), None)
