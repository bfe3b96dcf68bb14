"""Sources that can't be read: regions, metrics, prices, the bill. Said once each time, and once when it is over."""

import re
from dataclasses import dataclass

from bot.domain.clock import MINUTE

TOLD_AFTER = 5 * MINUTE
"""What passes sooner is in the log only."""
CALM = 5 * MINUTE
"""So long a source must be well before its trouble is over: some fail every other minute."""
_VARYING = re.compile(r"[0-9a-f-]*[0-9][0-9a-zA-Z-]*")


@dataclass(frozen=True, slots=True)
class Standing:
    """How one source stands at a look."""

    source: str
    """As people read it: "ec2/default/us-east-1", "Prometheus at http://...", "the bill"."""
    ok_at: int | None
    """When it was last read; None where it never was, or that is not kept."""
    error: str = ""
    """Why it can't be read; empty while it can."""
    is_prompt: bool = True
    """It is read every few minutes, and what people are answered counts on that."""


@dataclass(frozen=True, slots=True)
class SourceTrouble:
    """A time in which one source can't be read."""

    id: int
    source: str
    since: int
    """When that was first noticed."""
    ok_at: int | None
    error: str
    is_prompt: bool
    told_at: int | None = None
    well_since: int | None = None
    """Since when it can be read again, not yet for long enough."""
    over_at: int | None = None


def is_other(before: str, after: str) -> bool:
    """Whether two errors say different things; a request's number or a time in them is no difference."""
    return _VARYING.sub("", before) != _VARYING.sub("", after)
