"""Since when a machine stands still: by its provider's word, else as it was seen."""

from dataclasses import dataclass

from bot.domain.clock import MINUTE
from bot.domain.fleet import Instance, State

SEEN_WITHIN = 15 * MINUTE
"""Two looks that lie no further apart, one that shows it run and one that shows it stopped, have seen it stop."""
RUNS: frozenset[State] = frozenset({"pending", "running", "stopping"})


@dataclass(frozen=True, slots=True)
class Still:
    """A standstill that has not ended."""

    since: int
    exact: bool
    """False where nobody saw it stop: it may have stood still for longer."""


def still_of(
    instance: Instance, known: Still | None, now: int, *, same_launch: bool, seen_running: bool
) -> Still | None:
    """Since when it stands still, as it is seen now; None while it does not.

    `known` is what was known of its standstill before, which goes on while it is the `same_launch`; `seen_running`:
    it was just before this.
    """
    if instance.state != "stopped":
        return None
    told = instance.stopped_at
    if told is not None and told >= (instance.launched_at or 0):
        return Still(min(told, now), exact=True)
    if known is not None and same_launch:
        return known
    return Still(now, exact=same_launch and seen_running)
