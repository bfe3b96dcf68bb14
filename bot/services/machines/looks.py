"""The look before a machine is stopped: every source is asked about it anew, and nothing older counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlite_utils import Database

from bot.domain.clock import MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.looks import Witness, late_witness, stale_witness
from bot.domain.machines.source_history import SourceAnswer, Target
from bot.domain.machines.sources import AGENT
from bot.errors import Unreachable, answering
from bot.services.context import Context
from bot.services.machines import sources
from bot.telemetry import GpuSource
from store.machines import fleet as stored_fleet
from store.machines import readings as stored_readings
from store.machines import source_history


@dataclass(frozen=True, slots=True)
class FreshAnswers:
    """What each source said of one instance when it was asked just now, by its name."""

    told: Mapping[str, SourceAnswer] = field(default_factory=dict)


def ask_sources(ctx: Context, instance: Instance) -> FreshAnswers:
    """Ask every source, and write down the work that it saw. Slow: never within a transaction."""
    row = stored_fleet.by_id(ctx.store.reading(), instance.id)
    team = row["team"] if row else ""
    target = Target(instance.id, instance.name, instance.source, team)
    among = source_history.targets(ctx.store.reading()) if ctx.sources else []
    answers: dict[str, SourceAnswer] = {}
    for source in ctx.sources:
        now = ctx.clock()
        told = _answer(source, target, among, now)
        if told is None:
            continue
        answers[source.name] = told
        if told.observations:
            seen = replace(told, read_until=None)
            sources.record_answer(ctx, source.name, seen, now, rule_for={instance.id: ctx.settings.rule_of(team)})
    return FreshAnswers(answers)


def _answer(source: GpuSource, target: Target, among: Sequence[Target], now: int) -> SourceAnswer | None:
    """What a source says; one that can't be read in whatever way is a witness that says nothing."""
    try:
        with answering(source.name):
            return source.look(target, among, now)
    except Unreachable as error:
        return SourceAnswer(target.place, error=str(error))


def stale_source(ctx: Context, db: Database, instance: Instance, look: FreshAnswers, *, since: int) -> str | None:
    """Which source has not told of a whole minute that began after an instant; None when every one has."""
    return stale_witness(_witnesses(ctx, db, instance, look), since, ctx.clock())


def machine_seen_until(ctx: Context, db: Database, instance: Instance) -> int | None:
    """Up to when the source that knows most of it has seen it; None when nobody has lately."""
    known = [each.seen_until for each in _witnesses(ctx, db, instance, FreshAnswers()) if each.seen_until is not None]
    return min(ctx.clock(), max(known)) if known else None


def slowest_notice(ctx: Context, db: Database, instance: Instance) -> tuple[str, int] | None:
    """Who tells of it, and how late, where nobody tells of work at once."""
    slow = late_witness(_witnesses(ctx, db, instance, FreshAnswers()))
    return (slow.source, slow.late) if slow else None


def _witnesses(ctx: Context, db: Database, instance: Instance, look: FreshAnswers) -> list[Witness]:
    """Whoever told of this launch within the window of the rule, or tells of it now."""
    row, now = stored_fleet.by_id(db, instance.id), ctx.clock()
    window = (ctx.settings.rule_of(row["team"] if row else "").window_minutes + 1) * MINUTE_MS
    by_agent = stored_readings.seen_until(db, instance.id, max(now - window, instance.launched_at or 0))
    found = [Witness(AGENT, _least(by_agent))] if by_agent else []
    limits, late = ctx.settings.source_limits, ctx.settings.lateness
    trails = source_history.histories_of(db, instance.id, list(limits))
    for source, stale in limits.items():
        since = max(now - max(window, stale * MINUTE_MS), instance.launched_at or 0)
        heads = [each.head + MINUTE_MS for each in trails.get(source, ()) if each.head >= since]
        told = look.told.get(source)
        if heads or (told is not None and told.seen_until is not None):
            stored = max(heads, default=None) if told is None else None
            until = told.seen_until if told is not None else stored
            found.append(Witness(source, until, late.get(source, 0), told.error if told else ""))
    return found


def _least(known: list[int | None]) -> int | None:
    """The least of them; None when one is not known."""
    there = [each for each in known if each is not None]
    return min(there) if len(there) == len(known) else None
