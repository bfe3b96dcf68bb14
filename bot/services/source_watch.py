"""Watches whether sources can be read: regions, metrics, prices and the bill. The admins hear of it once."""

import logging
from collections.abc import Iterator

from sqlite_utils import Database

from bot.domain.clock import DAY, MINUTE
from bot.domain.silence import HEARD
from bot.domain.source_troubles import CALM, TOLD_AFTER, SourceTrouble, Standing, is_other
from bot.services.desk import Desk
from bot.services.measuring.sweeping import NOT_LOOKED_AT
from store import fleet, outbox
from store.measuring import observations, source_troubles
from store.money import bill, prices

log = logging.getLogger(__name__)
FAILING, AGAIN = "sources_failing", "sources_again"
KEPT = 30 * DAY


def standings(desk: Desk, db: Database) -> Iterator[Standing]:
    """How every source stands."""
    now = desk.clock()
    for place in fleet.sources(db):
        if place.error != NOT_LOOKED_AT:
            yield Standing(place.name, place.ok_at, place.error or _unread(place.ok_at, now))
    names = set(desk.settings.source_limits)
    for read in observations.places(db):
        if read.source in names:
            name = f"{read.source} of {read.place}" if read.place else read.source
            yield Standing(name, read.ok_at, read.error)
    for source in bill.sources(db):
        good, bad = bill.newest(db, source, ok=True), bill.newest(db, source, ok=False)
        fails = bad is not None and (good is None or bad.looked_at > good.looked_at)
        error = bad.error if bad is not None and fails else ""
        yield Standing(f"the bill ({source})", good.looked_at if good else None, error, is_prompt=False)
    for trouble in prices.troubles(db):
        yield Standing(f"{trouble.sheet} prices of {trouble.place}", None, trouble.error, is_prompt=False)


def _unread(ok_at: int | None, now: int) -> str:
    """A look that neither fails nor comes to its end is none either."""
    if ok_at is None or now - ok_at <= HEARD:
        return ""
    return f"it has not been read for over {HEARD // MINUTE} minutes, and no error came"


def look(desk: Desk) -> None:
    """Note which sources fail, log each change once, and tell the admins of what lasts, and of its end."""
    now, db = desk.clock(), desk.store.reading()
    known, seen = source_troubles.current(db), {each.source: each for each in standings(desk, db)}
    if not known and not any(each.error for each in seen.values()):
        return
    with desk.store.writing() as writing:
        for standing in seen.values():
            _follow(writing, standing, known.get(standing.source), now)
        for source in known.keys() - seen.keys():
            _is_well(writing, known[source], now)
        _settle(desk, writing, now)
    desk.wake()


def _follow(db: Database, standing: Standing, known: SourceTrouble | None, now: int) -> None:
    if known is None:
        if standing.error:
            log.warning("%s can't be read: %s", standing.source, standing.error)
            source_troubles.begin(db, standing, now)
    elif not standing.error:
        _is_well(db, known, now)
    elif is_other(known.error, standing.error):
        log.warning("%s still can't be read, now for another reason: %s", standing.source, standing.error)
        source_troubles.say(db, known, standing.error)
    elif known.well_since is not None:
        source_troubles.say(db, known, standing.error)


def _is_well(db: Database, known: SourceTrouble, now: int) -> None:
    if known.well_since is None:
        source_troubles.well(db, known, now)


def _settle(desk: Desk, db: Database, now: int) -> None:
    """Tell of what has lasted, and of what is over; several at once are one message."""
    current = source_troubles.current(db).values()
    lasting = [
        each for each in current if each.told_at is None and each.well_since is None and now - each.since >= TOLD_AFTER
    ]
    ended = [each for each in current if each.well_since is not None and now - each.well_since >= CALM]
    for each in ended:
        log.warning("%s can be read again", each.source)
    source_troubles.told(db, lasting, now)
    source_troubles.over(db, ended, now)
    source_troubles.prune(db, now - KEPT)
    if lasting:
        _tell(desk, db, FAILING, now)
    if any(each.told_at is not None for each in ended):
        _tell(desk, db, AGAIN, now)


def _tell(desk: Desk, db: Database, kind: str, now: int) -> None:
    for admin in sorted(desk.roster().admins):
        outbox.tell(db, admin, f"{kind}:{now}", kind=kind, subject=str(now), now=now)


def failing(desk: Desk) -> list[SourceTrouble]:
    """Sources that have not been readable for some minutes, the oldest first."""
    now, found = desk.clock(), source_troubles.current(desk.store.reading()).values()
    return [each for each in found if each.well_since is None and now - each.since >= TOLD_AFTER]


def ages(desk: Desk) -> dict[str, int]:
    """Milliseconds since each source was last read; of one that never was, since that was noticed."""
    now, db = desk.clock(), desk.store.reading()
    known = source_troubles.current(db)
    since = {each.source: each.ok_at or _noticed(known.get(each.source)) for each in standings(desk, db)}
    return {source: max(0, now - at) for source, at in since.items() if at is not None}


def _noticed(trouble: SourceTrouble | None) -> int | None:
    return trouble.since if trouble else None


def told_at(desk: Desk, at: int) -> list[SourceTrouble]:
    """What the admins were told of together."""
    return source_troubles.told_of_at(desk.store.reading(), at)


def over_at(desk: Desk, at: int) -> list[SourceTrouble]:
    """What they were told is over."""
    return source_troubles.over_at(desk.store.reading(), at)
