"""What CloudWatch and Prometheus say, read every minute and kept as trails."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from sqlite_utils import Database

from bot.domain.clock import DAY_MS, MINUTE_MS
from bot.domain.machines.source_history import KEPT_MINUTES, Observation, SourceAnswer, SourceHistory, extend_history
from bot.domain.machines.sources import (
    READ_WITHIN_MS,
    TOLD_AFTER_MS,
    WELL_FOR_MS,
    SourceStatus,
    SourceTrouble,
    UnreadSource,
    is_another_error,
)
from bot.domain.machines.verdict import IdleRule
from bot.errors import Impaired, ValetError, answering
from bot.services.context import Context
from bot.services.machines.fleet import NOT_LOOKED_AT
from bot.telemetry import GpuSource
from store import outbox as stored_outbox
from store.machines import fleet as stored_fleet
from store.machines import source_history
from store.machines import sources as stored_sources
from store.money import bill as stored_bill
from store.money import prices as stored_prices

AHEAD_MS = 3 * MINUTE_MS
"""A minute that lies further ahead than this was placed by a clock that has been set back since."""
EVERY_PLACE = ""
"""Stands for the places of a source that broke off before it told of any."""


def read_sources(ctx: Context, sources: Sequence[GpuSource]) -> None:
    """Ask every source about every running instance; one that fails leaves the others' readings fresh."""
    for source in sources:
        now, db = ctx.clock(), ctx.store.reading()
        targets = source_history.targets(db)
        known = {each.place: each.read_until for each in source_history.places_read(db, source.name)}
        read_until = {place: at for place, at in known.items() if at is not None and at <= now}
        rules = {team: ctx.settings.rule_of(team) for team in {target.team for target in targets}}
        rule_for = {target.id: rules[target.team] for target in targets}
        try:
            with answering(source.name):
                for told in source.read(targets, read_until, now):
                    record_answer(ctx, source.name, told, now, rule_for=rule_for)
        except Impaired:
            raise
        except ValetError as error:  # one that broke off has told of no place in words of its own
            for place in known or {EVERY_PLACE: None}:
                record_answer(ctx, source.name, SourceAnswer(place, error=str(error)), now, rule_for=rule_for)
        else:
            if EVERY_PLACE in known:
                record_answer(ctx, source.name, SourceAnswer(EVERY_PLACE), now, rule_for=rule_for)


def record_answer(ctx: Context, source: str, told: SourceAnswer, now: int, *, rule_for: Mapping[str, IdleRule]) -> None:
    """Write one answer, in one transaction; `rule_for` has the rule of each instance, by id."""
    with ctx.store.writing() as db:
        source_history.note_history_read(db, source, told, now)
        source_history.save(db, source, _extended(db, source, told, now=now, rule_for=rule_for))


def _extended(
    db: Database, source: str, told: SourceAnswer, *, now: int, rule_for: Mapping[str, IdleRule]
) -> dict[tuple[str, int | None], SourceHistory]:
    seen = [each for each in told.observations if each.known and each.minute < now and each.instance_id in rule_for]
    kept = source_history.histories_by_source(db, source, (each.instance_id for each in seen))
    carried = {}
    for key, of_one in groupby(sorted(seen, key=_place_in_order), key=lambda each: (each.instance_id, each.gpu)):
        before = kept.get(key)
        if before is not None and before.head > now + AHEAD_MS:
            before = None
        trail = extend_history(before, of_one, rule_for[key[0]])
        if trail is not None:
            carried[key] = trail
    return carried


def _place_in_order(told: Observation) -> tuple[str, int, int]:
    return told.instance_id, -1 if told.gpu is None else told.gpu, told.minute


def prune(ctx: Context) -> None:
    """Drop trails that are too old to matter."""
    with ctx.store.writing() as db:
        source_history.prune(db, ctx.clock() - KEPT_MINUTES * MINUTE_MS)


def unread_of(ctx: Context, ids: Iterable[str]) -> tuple[UnreadSource, ...]:
    """Those of them from which some machines come."""
    found = unread_sources(ctx)
    places = stored_fleet.instance_places(ctx.store.reading()) if found else {}
    mine = {places[each][2] for each in ids if each in places}
    return tuple(each for each in found if each.name in mine)


def unread_sources(ctx: Context) -> tuple[UnreadSource, ...]:
    """Every source that was not read within the last minutes; not those taken out of valet.toml with nothing left."""
    found = stored_fleet.unread_rented_sources(ctx.store.reading(), ctx.clock() - READ_WITHIN_MS)
    return tuple(each for each in found if each.running or each.error != NOT_LOOKED_AT)


log = logging.getLogger(__name__)
FAILING, AGAIN = "sources_failing", "sources_again"
TROUBLES_KEPT_MS = 30 * DAY_MS


def source_statuses(ctx: Context, db: Database) -> Iterator[SourceStatus]:
    """How every source stands."""
    now = ctx.clock()
    for place in stored_fleet.fleet_sources(db):
        if place.error != NOT_LOOKED_AT:
            yield SourceStatus(place.name, place.ok_at, place.error or _why_unread(place.ok_at, now))
    names = set(ctx.settings.source_limits)
    for read in source_history.places_read(db):
        if read.source in names:
            name = f"{read.source} of {read.place}" if read.place else read.source
            yield SourceStatus(name, read.ok_at, read.error)
    for source in stored_bill.bill_sources(db):
        good, bad = stored_bill.newest_look(db, source, ok=True), stored_bill.newest_look(db, source, ok=False)
        fails = bad is not None and (good is None or bad.looked_at > good.looked_at)
        error = bad.error if bad is not None and fails else ""
        yield SourceStatus(f"the bill ({source})", good.looked_at if good else None, error, is_prompt=False)
    for trouble in stored_prices.price_troubles(db):
        yield SourceStatus(f"{trouble.sheet} prices of {trouble.place}", None, trouble.error, is_prompt=False)


def _why_unread(ok_at: int | None, now: int) -> str:
    """A look that neither fails nor comes to its end is none either."""
    if ok_at is None or now - ok_at <= READ_WITHIN_MS:
        return ""
    return f"it has not been read for over {READ_WITHIN_MS // MINUTE_MS} minutes, and no error came"


def watch_sources(ctx: Context) -> None:
    """Note which sources fail, log each change once, and tell the admins of what lasts, and of its end."""
    now, db = ctx.clock(), ctx.store.reading()
    known, seen = stored_sources.open_troubles(db), {each.source: each for each in source_statuses(ctx, db)}
    if not known and not any(each.error for each in seen.values()):
        return
    with ctx.store.writing() as writing:
        for standing in seen.values():
            _keep_trouble(writing, standing, known.get(standing.source), now)
        for source in known.keys() - seen.keys():
            _note_well(writing, known[source], now)
        _tell_of_changes(ctx, writing, now)
    ctx.wake()


def _keep_trouble(db: Database, standing: SourceStatus, known: SourceTrouble | None, now: int) -> None:
    if known is None:
        if standing.error:
            log.warning("%s can't be read: %s", standing.source, standing.error, extra=_fails(standing))
            stored_sources.begin(db, standing, now)
    elif not standing.error:
        _note_well(db, known, now)
    elif is_another_error(known.error, standing.error):
        why = "%s still can't be read, now for another reason: %s"
        log.warning(why, standing.source, standing.error, extra=_fails(standing))
        stored_sources.change_error(db, known, standing.error)
    elif known.well_since is not None:
        stored_sources.change_error(db, known, standing.error)


def _fails(standing: SourceStatus) -> dict[str, object]:
    return {"fields": {"event": "source fails", "source": standing.source, "error": standing.error}}


def _note_well(db: Database, known: SourceTrouble, now: int) -> None:
    if known.well_since is None:
        stored_sources.note_well(db, known, now)


def _tell_of_changes(ctx: Context, db: Database, now: int) -> None:
    """Tell of what has lasted, and of what is over; several at once are one message."""
    current = stored_sources.open_troubles(db).values()
    lasting = [
        each
        for each in current
        if each.told_at is None and each.well_since is None and now - each.since >= TOLD_AFTER_MS
    ]
    ended = [each for each in current if each.well_since is not None and now - each.well_since >= WELL_FOR_MS]
    for each in ended:
        back = {"event": "source is back", "source": each.source}
        log.warning("%s can be read again", each.source, extra={"fields": back})
    stored_sources.note_troubles_told(db, lasting, now)
    stored_sources.note_troubles_over(db, ended, now)
    stored_sources.prune(db, now - TROUBLES_KEPT_MS)
    if lasting:
        _tell(ctx, db, FAILING, now)
    if any(each.told_at is not None for each in ended):
        _tell(ctx, db, AGAIN, now)


def _tell(ctx: Context, db: Database, kind: str, now: int) -> None:
    for admin in sorted(ctx.roster().admins):
        stored_outbox.tell(db, admin, f"{kind}:{now}", kind=kind, subject=str(now), now=now)


def failing_sources(ctx: Context) -> list[SourceTrouble]:
    """Sources that have not been readable for some minutes, the oldest first."""
    now, found = ctx.clock(), stored_sources.open_troubles(ctx.store.reading()).values()
    return [each for each in found if each.well_since is None and now - each.since >= TOLD_AFTER_MS]


def known_sources(ctx: Context) -> list[SourceStatus]:
    """How every source stands."""
    return list(source_statuses(ctx, ctx.store.reading()))


def source_ages(ctx: Context) -> dict[str, int]:
    """Milliseconds since each source was last read; of one that never was, since that was noticed."""
    now, db = ctx.clock(), ctx.store.reading()
    known = stored_sources.open_troubles(db)
    since = {each.source: each.ok_at or _noticed(known.get(each.source)) for each in source_statuses(ctx, db)}
    return {source: max(0, now - at) for source, at in since.items() if at is not None}


def _noticed(trouble: SourceTrouble | None) -> int | None:
    return trouble.since if trouble else None


def troubles_told_at(ctx: Context, at: int) -> list[SourceTrouble]:
    """What the admins were told of together."""
    return stored_sources.troubles_told_at(ctx.store.reading(), at)


def troubles_over_at(ctx: Context, at: int) -> list[SourceTrouble]:
    """What they were told is over."""
    return stored_sources.troubles_over_at(ctx.store.reading(), at)
