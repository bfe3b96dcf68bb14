"""Standstills as they begin, go on and end."""

from collections.abc import Iterable, Mapping

from sqlite_utils import Database

from bot.domain.fleet import Instance
from bot.domain.standing import RUNS, SEEN_WITHIN, Still, still_of
from store.acting import standstills
from store.sql import Row


def note(
    db: Database, source: str, seen: Iterable[Instance], before: Mapping[str, Row], now: int, *, last_look: int | None
) -> None:
    """Write what a look shows of a source's instances; `before` is how they were last seen, by id, as rows."""
    known = standstills.of_source(db, source)
    lately = last_look is not None and now - last_look <= SEEN_WITHIN
    begun: dict[str, Still] = {}
    ended: list[str] = []
    for each in seen:
        row, was = before.get(each.id), known.get(each.id)
        same = row is not None and row["launched_at"] == each.launched_at
        ran = lately and row is not None and row["state"] in RUNS
        still = still_of(each, was, now, same_launch=same, seen_running=ran)
        if still is None and was is not None:
            ended.append(each.id)
        elif still is not None and still != was:
            begun[each.id] = still
    standstills.save(db, begun)
    standstills.end(db, ended)
