"""A batch: stops of several machines of one team that are asked for, shown and decided on together.

Each is an action of its own, looked at again and carried out by itself; what joins them is the card.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.domain.acting.actions import Action
from bot.errors import Refused

BIGGEST_BATCH = 20
"""More machines than this on one card nobody reads."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What the card of several stops says as a whole."""

    id: str
    team: str
    requester: str
    reason: str
    created_at: int


@dataclass(frozen=True, slots=True)
class BatchDraft:
    """Machines that could be asked about, offered where more were wanted than may be at once."""

    id: str
    requester: str
    reason: str
    instance_ids: tuple[str, ...]
    made_at: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A machine that is in no batch, and why, as a sentence."""

    name: str
    why: str
    instance_id: str = ""


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What came of asking to stop several machines of one team."""

    team: str
    actions: tuple[Action, ...] = ()
    batch: Batch | None = None
    """None where nothing, or only one stop, was asked for."""
    draft: BatchDraft | None = None
    """What could be asked for, where it was too many."""
    wanted: int = 0
    """How many could have been asked about, where that was too many."""
    room: int = 0
    """How many may be asked about now."""
    left: tuple[LeftOut, ...] = field(default=())


def saved_micros_of(stops: Sequence[Action]) -> int:
    """Micro-dollars an hour that all of them together save; those without a known price are left out."""
    return sum(stop.saved_micros or 0 for stop in stops)


ALWAYS_ALLOWED = 2
"""So many always may, however few machines a team has."""


class StopsCapped(Refused):
    """Too many at once: the same request may be made later."""


def stops_allowed(pool: int, most: int) -> int:
    """How many stops may be on their way at once: `most`, and never over half of what the team runs."""
    return min(most, max(ALWAYS_ALLOWED, pool // 2))


def check_stops_cap(under_way: int, pool: int, most: int, *, team: str) -> None:
    """Raises StopsCapped when one more would be too many."""
    if under_way >= stops_allowed(pool, most):
        whose = f"team {team}'s" if team else "the"
        raise StopsCapped(
            f"{under_way} of {whose} {pool} running machines are being stopped or asked about already, and "
            f"{stops_allowed(pool, most)} is the most at once. Ask again when those are decided."
        )
