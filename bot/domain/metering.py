"""From what was seen running to charges: hour by hour, never more than was observed.

A meter runs from the moment an instance was first seen (or launched) and is carried on by every look that still
finds the same launch running, so looks that were missed cost nothing. At the end of each clock hour (UTC), and
whenever its rate, team, holder or verdict changes, the time so far becomes a charge.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.domain.clock import HOUR
from bot.domain.rates import Charge, cost_between


@dataclass(frozen=True, slots=True)
class Meter:
    """A running instance's uncharged time, from `from_at` to `until_at` (when it was last seen running)."""

    instance_id: str
    from_at: int
    until_at: int
    launched_at: int | None
    rate_micros: int
    team: str = ""
    holder: str = ""
    verdict: str = "unknown"

    @property
    def terms(self) -> tuple[int, str, str, str]:
        """What a charge must be uniform in."""
        return self.rate_micros, self.team, self.holder, self.verdict

    @property
    def micros(self) -> int:
        """Micro-dollars not yet charged."""
        return cost_between(self.rate_micros, self.from_at, self.until_at)


@dataclass(frozen=True, slots=True)
class Seen:
    """One instance in one look."""

    instance_id: str
    running: bool
    launched_at: int | None
    stopped_at: int | None
    rate_micros: int
    team: str = ""
    holder: str = ""
    verdict: str = "unknown"


def advance(
    meter: Meter | None, seen: Seen, now: int, *, last_look: int | None, charged_until: int = 0
) -> tuple[list[Charge], Meter | None]:
    """Charges that fell due with this look, and the meter from here on (None: it stands still).

    `last_look` is when its source was read before; time since then is charged only if it was certainly running.
    `charged_until` is where its last charge ends: no time is charged twice, whatever the clock does.
    """
    charges: list[Charge] = []
    if meter is not None and not (seen.running and _same_launch(meter, seen)):
        end = _end(meter, seen, now)
        charges, charged_until, meter = list(_close(meter, end)), max(charged_until, end), None
    if not seen.running:
        return charges, None
    if meter is None:
        return charges, _open(seen, now, last_look, charged_until=charged_until)
    carried = replace(meter, until_at=max(meter.until_at, now))
    fresh = _terms(carried, seen)
    if carried.terms != fresh.terms:
        return [*charges, *_close(carried, carried.until_at)], replace(fresh, from_at=carried.until_at)
    hour = carried.until_at // HOUR * HOUR
    if carried.from_at < hour:
        return [*charges, *_close(carried, hour)], replace(carried, from_at=hour)
    return charges, carried


def _same_launch(meter: Meter, seen: Seen) -> bool:
    return meter.launched_at == seen.launched_at


def _end(meter: Meter, seen: Seen, now: int) -> int:
    """When the metered run ended: by the provider's word when it tells of this run, else when it was last seen."""
    if seen.running or not _same_launch(meter, seen) or seen.stopped_at is None:
        return meter.until_at
    return max(meter.until_at, min(seen.stopped_at, now))


def _open(seen: Seen, now: int, last_look: int | None, *, charged_until: int) -> Meter:
    """A new launch is metered from its launch, but an instance never seen before only from its first look."""
    known = last_look is not None and seen.launched_at is not None and seen.launched_at >= last_look
    start = max(min(seen.launched_at or now, now) if known else now, charged_until)
    until = max(start, now)
    return Meter(
        seen.instance_id, start, until, seen.launched_at, seen.rate_micros, seen.team, seen.holder, seen.verdict
    )


def _terms(meter: Meter, seen: Seen) -> Meter:
    return replace(meter, rate_micros=seen.rate_micros, team=seen.team, holder=seen.holder, verdict=seen.verdict)


def _close(meter: Meter, until: int) -> Iterator[Charge]:
    start = meter.from_at
    while start < until:
        end = min(until, start // HOUR * HOUR + HOUR)
        micros = cost_between(meter.rate_micros, start, end)
        yield Charge(meter.instance_id, start, end, end - start, micros, *meter.terms)
        start = end
