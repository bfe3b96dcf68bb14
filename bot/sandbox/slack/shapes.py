"""Small checks that are put together into the rules of Block Kit.

A check takes a value, its JSON pointer and the list of problems to add to. Problems read like
Slack's own: "must be less than 76 characters [json-pointer:/blocks/0/text/text]".
"""

from collections.abc import Callable, Mapping
from typing import Any

ShapeCheck = Callable[[Any, str, list[str]], None]


def complain(problems: list[str], pointer: str, sentence: str) -> None:
    """Add a problem in Slack's form."""
    problems.append(f"{sentence} [json-pointer:{pointer}]")


def text(longest: int, shortest: int = 1) -> ShapeCheck:
    """A string of that many characters."""

    def check(value: Any, pointer: str, problems: list[str]) -> None:
        if not isinstance(value, str):
            complain(problems, pointer, "must provide a string")
        elif len(value) < shortest:
            complain(problems, pointer, f"must be more than {shortest - 1} characters")
        elif len(value) > longest:
            complain(problems, pointer, f"must be less than {longest + 1} characters")

    return check


def flag(value: Any, pointer: str, problems: list[str]) -> None:
    """True or false."""
    if not isinstance(value, bool):
        complain(problems, pointer, "must provide a boolean")


def anything(_value: Any, _pointer: str, _problems: list[str]) -> None:
    """No rule of ours."""


def number_within(low: float, high: float) -> ShapeCheck:
    """A number from `low` to `high`, both included."""

    def check(value: Any, pointer: str, problems: list[str]) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            complain(problems, pointer, "must provide a number")
        elif not low <= value <= high:
            complain(problems, pointer, f"must be a number from {low:g} to {high:g}")

    return check


def one_of(*allowed: str) -> ShapeCheck:
    """One of these words."""

    def check(value: Any, pointer: str, problems: list[str]) -> None:
        if value not in allowed:
            complain(problems, pointer, f"must be a valid enum value ({', '.join(allowed)})")

    return check


def items(check_item: ShapeCheck, shortest: int = 1, longest: int = 100) -> ShapeCheck:
    """A list of that many things."""

    def check(value: Any, pointer: str, problems: list[str]) -> None:
        if not isinstance(value, list):
            complain(problems, pointer, "must be an array")
            return
        if len(value) < shortest:
            complain(problems, pointer, f"no less than {shortest} items required")
        if len(value) > longest:
            complain(problems, pointer, f"no more than {longest} items allowed")
        for index, item in enumerate(value):
            check_item(item, f"{pointer}/{index}", problems)

    return check


def object_of(fields: Mapping[str, ShapeCheck], required: tuple[str, ...] = ()) -> ShapeCheck:
    """An object with these fields and no others."""

    def check(value: Any, pointer: str, problems: list[str]) -> None:
        if not isinstance(value, dict):
            complain(problems, pointer, "must provide an object")
            return
        for name in required:
            if name not in value:
                complain(problems, pointer, f"missing required field: {name}")
        for name, held in value.items():
            if name not in fields:
                complain(problems, f"{pointer}/{name}", f"invalid additional property: {name}")
            else:
                fields[name](held, f"{pointer}/{name}", problems)

    return check


def one_of_types(kinds: Mapping[str, ShapeCheck], what: str = "type") -> ShapeCheck:
    """An object whose `type` chooses the check; unknown types are refused."""

    def check(value: Any, pointer: str, problems: list[str]) -> None:
        if not isinstance(value, dict):
            complain(problems, pointer, "must provide an object")
            return
        kind = value.get("type")
        if not isinstance(kind, str) or kind not in kinds:
            complain(problems, f"{pointer}/type", f"unsupported {what}: {kind}")
            return
        kinds[kind](value, pointer, problems)

    return check


def plain_text(longest: int, shortest: int = 1) -> ShapeCheck:
    """A plain_text object."""
    return one_of_types({"plain_text": _text_object(longest, shortest)}, "text type")


def prose(longest: int, shortest: int = 1) -> ShapeCheck:
    """A plain_text or an mrkdwn object."""
    check = _text_object(longest, shortest)
    return one_of_types({"plain_text": check, "mrkdwn": check}, "text type")


def _text_object(longest: int, shortest: int) -> ShapeCheck:
    fields = {"type": anything, "text": text(longest, shortest), "emoji": flag, "verbatim": flag}
    return object_of(fields, ("text",))
