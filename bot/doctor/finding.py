"""What the doctor found: one sentence each, with a lasting id."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Level: TypeAlias = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. An id stands for the same check in every version."""

    id: str
    level: Level
    sentence: str
    hint: str = ""
    """What to do about it; empty when nothing needs doing."""


def fine(number: str, sentence: str, hint: str = "") -> Finding:
    """All is well."""
    return Finding(number, "ok", sentence, hint)


def warning(number: str, sentence: str, hint: str) -> Finding:
    """Valet works, but not all of it, or not for long."""
    return Finding(number, "warning", sentence, hint)


def error(number: str, sentence: str, hint: str) -> Finding:
    """Valet can't start, or can't do its work."""
    return Finding(number, "error", sentence, hint)
