"""Between rows and records: one column for each field of a dataclass, as the type of the field says.

Numbers, texts and None stand as they are, a bool as 0 or 1, a date and a time in ISO 8601, all else as JSON.
"""

import json
from collections.abc import Callable
from dataclasses import fields
from datetime import date, time
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from sqlite_utils import Database

from store.sql import Row, changed, rows

T = TypeVar("T")
PLAIN: frozenset[object] = frozenset({int, str, float, bytes})


class Column(NamedTuple):
    """How a value that is not None becomes a cell and a cell a value; None for as it is."""

    write: Callable[[Any], object] | None = None
    read: Callable[[Any], Any] | None = None


class JsonColumn(NamedTuple):
    """The same of a value that becomes JSON text."""

    write: Callable[[Any], str]
    read: Callable[[Any], Any]


def insert(db: Database, table: str, record: object, *, verb: str = "INSERT", then: str = "", **cells: object) -> int:
    """Write a record as a row; how many were written.

    `cells` are columns that it has no field for, or that are to hold something else than the field.
    """
    values = {name: _cell(record, name, column) for name, column in _columns(type(record)).items() if name not in cells}
    named = ", ".join(f'"{name}"' for name in (*values, *cells))
    marks = ", ".join("?" * (len(values) + len(cells)))
    return changed(db, f"{verb} INTO {table} ({named}) VALUES ({marks}) {then}", *values.values(), *cells.values())


def find_record(db: Database, kind: type[T], sql: str, *values: object) -> T | None:
    """The record of the first row of a query, if any."""
    found = rows(db, sql, *values)
    return record_of(kind, found[0]) if found else None


def find_all(db: Database, kind: type[T], sql: str, *values: object) -> list[T]:
    """The records of the rows of a query."""
    return [record_of(kind, row) for row in rows(db, sql, *values)]


def record_of(kind: type[T], row: Row, **known: object) -> T:
    """The record of a row; columns that it has no field for are passed over, and `known` fields are not read."""
    columns = _columns(kind)
    values = {name: value for name, value in row.items() if name in columns} | known
    for name, read in _READ[kind]:
        if name not in known and values.get(name) is not None:
            values[name] = read(values[name])
    return kind(**values)


def json_text(record: object) -> str:
    """A record with all that is in it as JSON text."""
    kind: Any = type(record)
    return _json(kind).write(record)


def of_json_text(kind: type[T], text: str) -> T:
    """The record of such a text; fields that came since take their defaults.

    Raises ValueError for a text of something else, as another version may have written it.
    """
    hint: Any = kind
    record: T = _json(hint).read(text)
    return record


def _cell(record: object, name: str, column: Column) -> object:
    value = getattr(record, name)
    return value if value is None or column.write is None else column.write(value)


_KNOWN: dict[type, dict[str, Column]] = {}
_READ: dict[type, list[tuple[str, Callable[[Any], Any]]]] = {}
"""What was worked out of a class already: its columns, and those whose cells are not the values themselves."""


def _columns(kind: Any) -> dict[str, Column]:
    if kind not in _KNOWN:
        hints = get_type_hints(kind)
        columns = {each.name: _column(hints[each.name]) for each in fields(kind)}
        _READ[kind] = [(name, column.read) for name, column in columns.items() if column.read]
        _KNOWN[kind] = columns  # last, as another thread takes it for complete
    return _KNOWN[kind]


def _column(hint: Any) -> Column:
    types = frozenset(_types(hint))
    if types <= PLAIN:
        return Column()
    if types == {bool}:
        return Column(int, bool)
    if len(types) == 1 and types <= {date, time}:
        return Column(lambda value: value.isoformat(), next(iter(types)).fromisoformat)
    return Column(*_json(hint))


def _types(hint: Any) -> list[Any]:
    """What a hint may be beside None: the types of a union, of a literal's words, and under a new name."""
    if get_origin(hint) in {Union, UnionType}:
        return [each for part in get_args(hint) for each in _types(part)]
    if get_origin(hint) is Literal:
        return [type(word) for word in get_args(hint)]
    if hasattr(hint, "__supertype__"):
        return _types(hint.__supertype__)
    return [] if hint is NoneType else [hint]


@cache
def _json(hint: Any) -> JsonColumn:
    from pydantic import TypeAdapter

    adapter: TypeAdapter[Any] = TypeAdapter(hint)

    def write(value: object) -> str:
        # Not pydantic's own JSON: words from chat can hold half a surrogate pair, which it refuses.
        return json.dumps(adapter.dump_python(value, mode="json"))

    return JsonColumn(write, lambda cell: adapter.validate_python(json.loads(cell)))
