"""Sources of machines that have not been read for a while: what is said of their machines is as old as that."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.clock import MINUTE

HEARD = 5 * MINUTE
"""What was read so lately is not silent."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A source that was not read lately, with what ran there when it was."""

    name: str
    since: int | None
    """When it was last read; None: never."""
    running: int = 0
    """Rented machines that ran then."""
    micros_per_hour: int = 0
    """What those cost, as far as prices are known."""
    exact: bool = True
    """Whether all of those prices are known and exact."""
    error: str = ""
    """Why it could not be read; empty where nobody tried."""


def until(silent: Iterable[Silence], end: int, now: int) -> tuple[Silence, ...]:
    """Those that leave some time before an instant unknown. Of one that was never read, nobody knows since when."""
    return tuple(each for each in silent if (now if each.since is None else each.since) < end)
