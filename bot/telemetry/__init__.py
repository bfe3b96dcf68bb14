"""How busy GPUs are, and how that reaches the bot."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from bot.domain.machines.source_history import SourceAnswer, Target


class GpuSource(Protocol):
    """Somebody besides the agent who knows what GPUs did: CloudWatch, a Prometheus. Calls may be slow."""

    @property
    def name(self) -> str:
        """As people know it."""
        ...

    def read(self, targets: Sequence[Target], read_until: Mapping[str, int], now: int) -> Iterator[SourceAnswer]:
        """What each target did in the last whole minutes, one SourceAnswer per place.

        `read_until` says by place up to when it has been read; `now` is epoch milliseconds. A place that fails is a
        SourceAnswer with `error`; nothing is raised. What is not known is left out, never 0.
        """
        ...

    def look(self, target: Target, among: Sequence[Target], now: int) -> SourceAnswer | None:
        """What one target of all there are has done in the last minutes, at the finest step there is, up to now.

        `seen_until` says up to when; it is None, as are the observations empty, for a target that is not known there.
        None where the target lies in no place that this source reads.
        """
        ...
