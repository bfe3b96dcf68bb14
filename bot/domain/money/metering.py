"""From what was seen running to charges: hour by hour, never more than was observed.

A meter runs from the moment an instance was first seen (or launched) and is carried on by every look that still finds
the same launch running, so looks that were missed cost nothing. At the end of each clock hour (UTC), and whenever its
rate or team changes or a GPU falls idle, the time so far becomes a charge. Whose it was follows from the claims of that
time, however late the look; whether it worked is known only while somebody looked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.days import MachineMs
from bot.domain.money.rates import Charge, cost_between
from bot.domain.money.splitting import ClaimedGpus, UseMarks, all_idle_ms, split_cost

BLIND_MS = 15 * MINUTE_MS
"""So long without a look, nobody knows what its GPUs did in between."""


@dataclass(frozen=True, slots=True)
class Meter:
    """A running instance's uncharged time, from `from_at` to `until_at` (when it was last seen running)."""

    instance_id: str
    from_at: int
    until_at: int
    launched_at: int | None
    rate_micros: int
    team: str = ""
    marks: UseMarks = ((0, "?"),)
    """The use of its GPUs in that time."""
    exact: bool = True
    """Whether the rate is."""

    @property
    def terms(self) -> tuple[int, str, bool]:
        """What a charge must be uniform in."""
        return self.rate_micros, self.team, self.exact

    @property
    def micros(self) -> int:
        """Micro-dollars not yet charged."""
        return cost_between(self.rate_micros, self.from_at, self.until_at)


@dataclass(frozen=True, slots=True)
class SeenInstance:
    """One instance in one look, with the claims on it since its meter began."""

    instance_id: str
    running: bool
    launched_at: int | None
    stopped_at: int | None
    rate_micros: int
    team: str = ""
    use: str = "?"
    """A letter per GPU: `splitting.use_letters`."""
    holds: tuple[ClaimedGpus, ...] = ()
    exact: bool = True
    """Whether the rate is."""


def advance(
    meter: Meter | None, seen: SeenInstance, now: int, *, last_look: int | None, charged_until: int = 0
) -> tuple[list[Charge], Meter | None]:
    """Charges that fell due with this look, and the meter from here on (None: it stands still).

    `last_look` is when its source was read before; time since then is charged only if it was certainly running.
    `charged_until` is where its last charge ends: no time is charged twice, whatever the clock does.
    """
    charges: list[Charge] = []
    # its run has ended, or it is another launch: what was metered is charged, and nothing of the time between
    if meter is not None and not (seen.running and _same_launch(meter, seen)):
        end = _end(meter, seen, now)
        charges = list(_close(_blinded(meter, end), end, seen.holds))
        charged_until, meter = max(charged_until, end), None
    if not seen.running:
        return charges, None
    if meter is None:
        return charges, _open(seen, now, last_look, charged_until=charged_until)
    # the same run goes on; what is charged must be at one rate, of one team and within one clock hour
    carried = _marked(replace(_blinded(meter, now), until_at=max(meter.until_at, now)), seen)
    if carried.terms != (seen.rate_micros, seen.team, seen.exact) or _falls_idle(meter, seen):
        closed = _close(carried, carried.until_at, seen.holds)
        fresh = replace(carried, rate_micros=seen.rate_micros, team=seen.team, exact=seen.exact)
        return [*charges, *closed], _from(fresh, carried.until_at)
    hour = carried.until_at // HOUR_MS * HOUR_MS
    if carried.from_at < hour:
        return [*charges, *_close(carried, hour, seen.holds)], _from(carried, hour)
    return charges, carried


def _falls_idle(meter: Meter, seen: SeenInstance) -> bool:
    """Whether a GPU idles that did not before: what a machine costs unused can be told from then on."""
    before = meter.marks[-1][1]
    return any(use == "i" and before[gpu : gpu + 1] != "i" for gpu, use in enumerate(seen.use))


def charges_so_far(meter: Meter, holds: tuple[ClaimedGpus, ...]) -> list[Charge]:
    """What a meter shows, told apart as it will be once it is charged."""
    return list(_close(meter, meter.until_at, holds))


def _same_launch(meter: Meter, seen: SeenInstance) -> bool:
    return meter.launched_at == seen.launched_at


def _end(meter: Meter, seen: SeenInstance, now: int) -> int:
    """When the metered run ended: by the provider's word when it tells of this run, else when it was last seen."""
    if seen.running or not _same_launch(meter, seen) or seen.stopped_at is None:
        return meter.until_at
    return max(meter.until_at, min(seen.stopped_at, now))


def _open(seen: SeenInstance, now: int, last_look: int | None, *, charged_until: int) -> Meter:
    """A new launch is metered from its launch, but an instance never seen before only from its first look."""
    known = last_look is not None and seen.launched_at is not None and seen.launched_at >= last_look
    start = max(min(seen.launched_at or now, now) if known else now, charged_until)
    until = max(start, now)
    marks = ((start, "?" * len(seen.use)), (until, seen.use)) if start < until else ((start, seen.use),)
    return Meter(seen.instance_id, start, until, seen.launched_at, seen.rate_micros, seen.team, marks, seen.exact)


def _blinded(meter: Meter, until: int) -> Meter:
    """What its GPUs did from when it was last seen is not known if nobody looked for long."""
    if until - meter.until_at <= BLIND_MS:
        return meter
    return replace(meter, marks=(*meter.marks, (meter.until_at, "?" * len(meter.marks[-1][1]))))


def _marked(meter: Meter, seen: SeenInstance) -> Meter:
    if meter.marks[-1][1] == seen.use:
        return meter
    return replace(meter, marks=(*meter.marks, (meter.until_at, seen.use)))


def _from(meter: Meter, start: int) -> Meter:
    """The meter with what comes after an instant only."""
    past = [letters for at, letters in meter.marks if at <= start]
    later = tuple(mark for mark in meter.marks if mark[0] > start)
    return replace(meter, from_at=start, marks=((start, past[-1]), *later) if past else later)


def _close(meter: Meter, until: int, holds: tuple[ClaimedGpus, ...]) -> Iterator[Charge]:
    start = meter.from_at
    while start < until:
        end = min(until, start // HOUR_MS * HOUR_MS + HOUR_MS)
        micros = cost_between(meter.rate_micros, start, end)
        shares = split_cost(micros, (start, end), team=meter.team, marks=meter.marks, holds=holds)
        rate, team, exact = meter.terms
        ran, idle = MachineMs(end - start), all_idle_ms((start, end), meter.marks)
        yield Charge(meter.instance_id, start, end, ran, micros, rate, team, shares, exact=exact, idle_ms=idle)
        start = end
