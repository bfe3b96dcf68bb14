"""Messages that Slack does not take as things are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Undelivered:
    """What one place does not take, for one reason."""

    id: str
    """The id of its first message, for as long as that waits."""
    channel: str
    """Or the person whose direct messages they are for."""
    error: str
    """Slack's word for the reason."""
    since: int
    messages: tuple[tuple[str, str], ...]
    """The kind and subject of each, the oldest first."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A card that a channel did not take, why in Slack's word, and who was asked in person instead."""

    channel: str
    error: str
    people: tuple[str, ...]
