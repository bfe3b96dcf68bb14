"""On which line of a TOML file a setting stands: the parser itself does not say."""

import tomllib
from collections.abc import Sequence
from typing import Any


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line, counted from 1, on which the statement begins that brings a setting, or what it would stand in.

    `path` are the keys that lead to it, and places in lists, counted from 0. The text has to be TOML.
    """
    lines = text.split("\n")
    depth = _depth(_read(lines) or {}, path)
    if depth == 0:
        return 1
    below, line = 0, len(lines)
    while line - below > 1:  # what a file has up to a line, it has up to every later one
        middle = (below + line) // 2
        ends, table = _statement_end(lines, middle)
        below, line = (below, middle) if _depth(table, path) >= depth else (ends, line)
    return line


def _statement_end(lines: Sequence[str], line: int) -> tuple[int, dict[str, Any]]:
    """The last line of the statement that reaches into a line, and what the file has up to there."""
    for end in range(line, len(lines) + 1):
        table = _read(lines[:end])
        if table is not None:
            return end, table
    return len(lines), {}


def _read(lines: Sequence[str]) -> dict[str, Any] | None:
    try:
        return tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        return None


def _depth(table: Any, path: Sequence[str | int]) -> int:
    """How many of the keys are there."""
    for depth, key in enumerate(path):
        is_there = key in table if isinstance(table, dict) else isinstance(table, list) and _has(table, key)
        if not is_there:
            return depth
        table = table[key]
    return len(path)


def _has(values: Sequence[Any], place: str | int) -> bool:
    return isinstance(place, int) and place < len(values)
