"""One look at every provider: the fleet into the store, running time into the ledger."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from sqlite_utils import Database

from bot.domain.machines.fleet import (
    RUNNING_STATES,
    SEEN_WITHIN_MS,
    Instance,
    SourceSnapshot,
    Standstill,
    gone_since,
    standstill_of,
)
from bot.domain.money.metering import Meter, SeenInstance, advance
from bot.domain.money.rates import Charge, Rate
from bot.domain.money.splitting import ClaimedGpus
from bot.errors import Impaired, ValetError, answering
from bot.providers import Provider
from bot.services.context import Context
from bot.services.money import rates
from store.acting import dormant as stored_dormant
from store.machines import fleet as stored_fleet
from store.machines import listings, others
from store.money import ledger as stored_ledger
from store.sharing import claims as stored_claims
from store.sql import Row

log = logging.getLogger(__name__)
OWNED_SOURCE = "owned"
NOT_LOOKED_AT = "Nothing in valet.toml covers it any more."


def sweep(ctx: Context) -> None:
    """Look everywhere and write down what was seen; a source that fails leaves the others fresh."""
    looked_at: set[str] = set()
    failure = ""
    for name, provider in ctx.providers.items():
        try:
            _sweep_one(ctx, name, provider, looked_at)
        except Impaired:
            raise
        except ValetError as error:
            failure = str(error)
    _note_unlooked(ctx, looked_at, failure or NOT_LOOKED_AT)
    _meter_owned(ctx)


def _sweep_one(ctx: Context, name: str, provider: Provider, looked_at: set[str]) -> None:
    """Every look of one provider is written by itself: what can't be made of one costs the others nothing.

    Raises ValetError where it breaks off.
    """
    began = ctx.clock()  # what a look shows is at least as new as this
    with answering(f"The provider {name}"):
        for look in provider.sweep():
            looked_at.add(look.source)
            _record_or_say(ctx, look, began)


def _record_or_say(ctx: Context, look: SourceSnapshot, began: int) -> None:
    try:
        record_snapshot(ctx, look, began)
    except Impaired:
        raise
    except Exception as error:  # as at the edge of a job: the other looks must not wait for this one's mending
        log.exception("what was seen in %s can't be written down", look.source)
        with ctx.store.writing() as db:
            said = f"What was seen there can't be written down ({type(error).__name__}); Valet's log has more."
            stored_fleet.note_source_read(db, SourceSnapshot(look.source, error=said), began)


def _note_unlooked(ctx: Context, looked_at: set[str], why: str) -> None:
    """A source that was taken out of valet.toml is not quietly shown as it was on its last day."""
    unlooked = [each for each in stored_fleet.fleet_sources(ctx.store.reading()) if each.name not in looked_at]
    for source in unlooked:
        if source.error != why:
            with ctx.store.writing() as db:
                stored_fleet.note_source_read(db, SourceSnapshot(source.name, error=why), ctx.clock())


def record_snapshot(ctx: Context, look: SourceSnapshot, now: int) -> None:
    """Write one look, with the running time it proves, in one transaction. It began at `now`.

    What an action has seen of a machine since then is newer, and stands.
    """
    with ctx.store.writing() as db:
        last_look = stored_fleet.ok_at(db, look.source)
        stored_fleet.note_source_read(db, look, now)
        if look.error:
            return
        known, missed = (
            stored_fleet.rows_of_source(db, look.source),
            stored_fleet.missed_since(db, look.source, gone_since(now)),
        )
        newer = {key for key, row in known.items() if (row["seen_at"] or 0) > now}
        shown = [each for each in look.instances if each.id not in newer]
        gone = known.keys() - {each.id for each in look.instances} - newer
        book = rates.price_book(ctx, db, look.source)
        told = [(each, rates.team_of_instance(ctx.settings, each), book.rate(each)) for each in shown]
        stored_fleet.save_all(db, [each for each in told if _differs(each, known.get(each[0].id))])
        if look.others is not None:
            others.keep(db, look.source, look.others)
        note_standstills(db, look.source, shown, missed | known, now, last_look=last_look)
        vanished = [(stored_fleet.instance_of(known[each]), False) for each in gone]
        seen = [(each, each.state == "running") for each in shown] + vanished
        _meter(db, look.source, seen, now, last_look=last_look, back=missed.keys() - known.keys())
        stored_fleet.mark_gone(db, gone, now)
        stored_fleet.forget_verdicts_of_stopped(db)


def _differs(told: tuple[Instance, str, Rate | None], row: Row | None) -> bool:
    if row is None:
        return True
    known = stored_fleet.instance_of(row)
    by_its_own_name = replace(known, name=known.told_name, own_name="") if known.own_name else known
    return told != (by_its_own_name, row["team"], stored_fleet.rate_of(row))


def _meter(
    db: Database,
    source: str,
    instances: Iterable[tuple[Instance, bool]],
    now: int,
    *,
    last_look: int | None,
    back: Collection[str] = (),
) -> None:
    """Carry on, open and close the meters of a source's instances, each with whether it runs.

    Those that are `back` were missed just before. The same launch has run all the while, and is charged so.
    """
    meters = stored_ledger.open_meters(db, source)
    terms = listings.charge_terms(db, source)
    holds = stored_claims.holds_by_instance(db, source, min((meter.from_at for meter in meters.values()), default=now))
    charges: list[Charge] = []
    moved: list[Meter] = []
    still: list[str] = []
    for instance, running in instances:
        meter = meters.get(instance.id)
        if meter is None and not running:
            continue
        known = terms.get(instance.id, listings.ChargeTerms(0, "", "?"))
        view = _seen(instance, known, holds.get(instance.id, ()), running=running)
        until = 0 if meter else stored_ledger.charged_until(db, instance.id)
        looked = 0 if instance.id in back and until else last_look
        due, after = advance(meter, view, now, last_look=looked, charged_until=until)
        charges += due
        if after is None:
            still.append(instance.id)
        else:
            moved.append(after)
    stored_ledger.add(db, charges)
    stored_ledger.save_meters(db, moved)
    stored_ledger.close_meters(db, still)


def _seen(
    instance: Instance, known: listings.ChargeTerms, holds: Sequence[ClaimedGpus], *, running: bool
) -> SeenInstance:
    return SeenInstance(
        instance_id=instance.id,
        running=running,
        launched_at=instance.launched_at,
        stopped_at=instance.stopped_at,
        rate_micros=known.rate_micros,
        team=known.team,
        use=known.use,
        holds=tuple(holds),
        exact=known.exact,
    )


def _meter_owned(ctx: Context) -> None:
    """Owned machines cost the same whether they run or not: their time goes on from when they were first known."""
    now = ctx.clock()
    with ctx.store.writing() as db:
        known = stored_fleet.rows_of_source(db, OWNED_SOURCE)
        present = [
            (replace(stored_fleet.instance_of(row), launched_at=None, stopped_at=None), True) for row in known.values()
        ]
        left = [
            row
            for each in stored_ledger.open_meters(db, OWNED_SOURCE).keys() - known.keys()
            if (row := stored_fleet.by_id(db, each))
        ]
        _meter(
            db, OWNED_SOURCE, [*present, *((stored_fleet.instance_of(row), False) for row in left)], now, last_look=None
        )


def note_standstills(
    db: Database, source: str, seen: Iterable[Instance], before: Mapping[str, Row], now: int, *, last_look: int | None
) -> None:
    """Write what a look shows of a source's instances; `before` is how they were last seen, by id, as rows."""
    known = stored_dormant.standstills_of(db, source)
    lately = last_look is not None and now - last_look <= SEEN_WITHIN_MS
    begun: dict[str, Standstill] = {}
    ended: list[str] = []
    for each in seen:
        row, was = before.get(each.id), known.get(each.id)
        same = row is not None and row["launched_at"] == each.launched_at
        ran = lately and row is not None and row["state"] in RUNNING_STATES
        still = standstill_of(each, was, now, same_launch=same, seen_running=ran)
        if still is None and was is not None:
            ended.append(each.id)
        elif still is not None and still != was:
            begun[each.id] = still
    stored_dormant.save(db, begun)
    stored_dormant.end(db, ended)
