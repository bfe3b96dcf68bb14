"""When a source of rented machines was read: where nobody looked nothing is known, not even that nothing ran."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.domain.clock import HOUR_MS
from bot.domain.days import day_start
from bot.domain.money.plans import Span

PAUSE = 3 * HOUR_MS
"""Looks no further apart tell of the time between: starts and stops in it are dated by the provider, and only a run
that both began and ended in it is missed."""


@dataclass(frozen=True, slots=True)
class Watch:
    """One source: since when it is known, and when it was read."""

    begins: int
    """The first that is known of it: its first charge, or its first look."""
    spans: tuple[Span, ...] = ()
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

    def unread(self, start: int, end: int, now: int) -> list[Span]:
        """When it was not read from `start` up to `end`.

        Of the time before its looks were kept nobody can say more than that it was there: it counts as read.
        """
        edges = [(start, start), *self._read(now), (end, end)]
        holes = ((max(start, before[1]), min(end, after[0])) for before, after in pairwise(edges))
        return [hole for hole in holes if hole[0] < hole[1]]

    def _read(self, now: int) -> Iterator[Span]:
        remembers = now if self.remembers is None else self.remembers
        if self.begins < remembers:
            yield self.begins, remembers
        yield from self.spans[:-1]
        for start, until in self.spans[-1:]:
            goes_on = self.ends is None and now - until <= PAUSE
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
        if read.get(source, kept + PAUSE) < kept + PAUSE and charged:
            found[source] = min(known) if min(known) < kept else min(oldest, *known)
    return found


@dataclass(frozen=True, slots=True)
class WatchedDays:
    """The local days on which one source was there, and those that it was read through."""

    there: frozenset[date]
    read: frozenset[date]

    def with_read(self, days: Iterable[date]) -> "WatchedDays":
        """The same with more days that are known."""
        return WatchedDays(self.there, self.read.union(days))


def watched_days(watch: Watch, days: Iterable[date], zone: ZoneInfo, now: int, awake: Collection[date]) -> WatchedDays:
    """Which of the days a source was there on, and which are known from beginning to end.

    A day before its looks were kept is known if Valet was at work on it (`awake`), as a rented machine's charge or a
    forecast shows.
    """
    there, read = set(), set()
    for day in days:
        start, end = day_start(day, zone), day_start(day + timedelta(days=1), zone)
        if not watch.is_there(start, end):
            continue
        there.add(day)
        is_kept = watch.remembers is not None and watch.remembers <= start
        if (is_kept or day in awake) and not watch.unread(start, end, now):
            read.add(day)
    return WatchedDays(frozenset(there), frozenset(read))


def days_known(watched: Collection[WatchedDays]) -> frozenset[date]:
    """The days on which some source was there, and all that were there were read through."""
    there = frozenset[date]().union(*(each.there for each in watched))
    return frozenset(day for day in there if all(day in each.read or day not in each.there for each in watched))


def without(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """The spans less the time of the holes."""
    left = list(spans)
    for start, end in holes:
        left = [piece for span in left for piece in _cut(span, start, end) if piece[0] < piece[1]]
    return left


def _cut(span: Span, start: int, end: int) -> tuple[Span, Span]:
    before, after = span
    return (before, min(after, start)), (max(before, end), after)
