"""Spans of time, from one instant to another: joined where they overlap, and cut where something is left out."""

from collections.abc import Iterable

TimeSpan = tuple[int, int]
"""From one instant to another, the second not counted."""


def merged_spans(spans: Iterable[TimeSpan]) -> tuple[TimeSpan, ...]:
    """Spans that don't overlap, in order, which cover the same time."""
    joined: list[TimeSpan] = []
    for begin, over in sorted(span for span in spans if span[1] > span[0]):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], over))
        else:
            joined.append((begin, over))
    return tuple(joined)


def without_holes(spans: Iterable[TimeSpan], holes: Iterable[TimeSpan]) -> list[TimeSpan]:
    """The spans less the time of the holes."""
    left = list(spans)
    for start, end in holes:
        left = [part for span in left for part in _cut(span, start, end) if part[0] < part[1]]
    return left


def _cut(span: TimeSpan, start: int, end: int) -> tuple[TimeSpan, TimeSpan]:
    before, after = span
    return (before, min(after, start)), (max(before, end), after)
