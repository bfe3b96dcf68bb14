"""Filters of the fleet, as people type them: idle, mine, team:nlp."""

from collections.abc import Sequence

from bot.domain.listing import Filter
from bot.errors import Refused

STATES = (
    "idle",
    "free",
    "held",
    "partial",
    "active",
    "unknown",
    "running",
    "stopped",
    "dormant",
    "pending",
    "stopping",
)
FILTERS = "mine|free|idle|dormant|owned|team:NAME|type:p4d|state:held"


def is_filter(word: str) -> bool:
    """Whether it may be one, rather than a name."""
    return ":" in word or word.lower() in {"mine", "owned", "rented", *STATES}


def filter_of(user: str, words: Sequence[str]) -> Filter:
    """What the words choose. Raises Refused with the filters there are."""
    fields: dict[str, str | bool] = {}
    for word in words:
        key, _, value = word.lower().partition(":")
        if word.lower() == "mine":
            fields["holder"] = user
        elif word.lower() in {"owned", "rented"}:
            fields["provider"] = "owned" if word.lower() == "owned" else "ec2"
        elif word.lower() == "free":
            fields |= {"state": "idle", "unclaimed": True}
        elif word.lower() in STATES or (key == "state" and value in STATES):
            fields["state"] = value or word.lower()
        elif key == "team" and value:
            fields["team"] = word.partition(":")[2]
        elif key == "type" and value:
            fields["type_prefix"] = value
        else:
            raise Refused(f'"{word[:40]}" is no filter. Try {FILTERS.replace("|", ", ")}.')
    return Filter(**fields)  # type: ignore[arg-type]  # keys and types agree above
