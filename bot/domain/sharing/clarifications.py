"""A question about words that could not be read: what each answer would have said."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Wording:
    """One way to say what may have been meant."""

    label: str
    """Of its button."""
    words: tuple[str, ...]
    """The whole command, without its name."""
    quoted: frozenset[int] = field(default=frozenset())
    """Which of the words stand in quotes, by their number."""


@dataclass(frozen=True, slots=True)
class Clarification:
    """A question to one person; an answer carries on with what they typed."""

    id: str
    at: int
    """UTC, milliseconds."""
    person: str
    command: str
    """gpu or cost."""
    wordings: tuple[Wording, ...]
