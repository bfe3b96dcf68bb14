"""One time-boxed exception: an instance that is left alone until then."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snooze:
    """Somebody wants to keep an instance for a while."""

    instance_id: str
    until_at: int
    who: str
    """Slack user id."""
    made_at: int
    reason: str = ""
