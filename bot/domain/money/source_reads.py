"""When a source of rented machines was read: where nobody looked nothing is known, not even that nothing ran."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.domain.clock import HOUR_MS
from bot.domain.days import ONE_DAY, day_start
from bot.domain.spans import TimeSpan

PAUSE_MS = 3 * HOUR_MS
"""Looks no further apart tell of the time between: starts and stops in it are dated by the provider, and only a run
that both began and ended in it is missed."""


@dataclass(frozen=True, slots=True)
class SourceReads:
    """One source: since when it is known, and when it was read."""

    begins: int
    """The first that is known of it: its first charge, or its first look."""
    spans: tuple[TimeSpan, ...] = ()
    """From when to when it was read, the oldest first; looks made before these were kept are not in them."""
    ends: int | None = None
    """When it was read last, of one that the settings don't name any more."""

    @property
    def remembers(self) -> int | None:
        """Since when its looks are kept; None: not yet."""
        return self.spans[0][0] if self.spans else None

    def is_there(self, start: int, end: int) -> bool:
        """Whether it was looked after at any time from `start` up to `end`, read or not."""
        return self.begins < end and (self.ends is None or self.ends > start)

    def unread(self, start: int, end: int, now: int) -> list[TimeSpan]:
        """When it was not read from `start` up to `end`.

        Of the time before its looks were kept nobody can say more than that it was there: it counts as read.
        """
        edges = [(start, start), *self._read(now), (end, end)]
        holes = ((max(start, before[1]), min(end, after[0])) for before, after in pairwise(edges))
        return [hole for hole in holes if hole[0] < hole[1]]

    def _read(self, now: int) -> Iterator[TimeSpan]:
        remembers = now if self.remembers is None else self.remembers
        if self.begins < remembers:
            yield self.begins, remembers
        yield from self.spans[:-1]
        for start, until in self.spans[-1:]:
            goes_on = self.ends is None and now - until <= PAUSE_MS
            yield start, max(until, now) if goes_on else until


def first_known(charged: Mapping[str, int], read: Mapping[str, int]) -> dict[str, int]:
    """The first that is known of each source, by its first charge and by its first look that was kept.

    Of one that was there when the first look of all was kept, and had no charge before, nobody can say since when it
    was there: it counts as long as any.
    """
    kept, oldest = min(read.values(), default=0), min(charged.values(), default=0)
    found = {}
    for source in charged.keys() | read.keys():
        known = [told[source] for told in (charged, read) if source in told]
        found[source] = min(known)
        if read.get(source, kept + PAUSE_MS) < kept + PAUSE_MS and charged:
            found[source] = min(known) if min(known) < kept else min(oldest, *known)
    return found


@dataclass(frozen=True, slots=True)
class ReadDays:
    """The local days on which one source was there, and those that it was read through."""

    there: frozenset[date]
    read: frozenset[date]

    def with_read(self, days: Iterable[date]) -> "ReadDays":
        """The same with more days that are known."""
        return ReadDays(self.there, self.read.union(days))


def days_read_of(
    watch: SourceReads, days: Iterable[date], zone: ZoneInfo, now: int, awake: Collection[date]
) -> ReadDays:
    """Which of the days a source was there on, and which are known from beginning to end.

    A day before its looks were kept is known if Valet was at work on it (`awake`), as a rented machine's charge or a
    forecast shows.
    """
    there, read = set(), set()
    for day in days:
        start, end = day_start(day, zone), day_start(day + ONE_DAY, zone)
        if not watch.is_there(start, end):
            continue
        there.add(day)
        is_kept = watch.remembers is not None and watch.remembers <= start
        if (is_kept or day in awake) and not watch.unread(start, end, now):
            read.add(day)
    return ReadDays(frozenset(there), frozenset(read))


def days_known(watched: Collection[ReadDays]) -> frozenset[date]:
    """The days on which some source was there, and all that were there were read through."""
    there = frozenset[date]().union(*(reads.there for reads in watched))
    return frozenset(day for day in there if all(day in each.read or day not in each.there for each in watched))
