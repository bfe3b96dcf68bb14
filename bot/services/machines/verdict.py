"""Who works and who idles: verdicts from what agents reported and other sources told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlite_utils import Database

from bot.domain.clock import MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.machines.listing import waste_of
from bot.domain.machines.readings import AgentReport
from bot.domain.machines.rollups import HourCell
from bot.domain.machines.source_history import SourceHistory, hourly_cells
from bot.domain.machines.sources import Account, combine, judge_account, remembering, sees_but_cannot_measure
from bot.domain.machines.verdict import GpuTrace, IdleRule, Verdict, judge
from bot.services.context import Context
from store.machines import agents, rollups, source_history
from store.machines import fleet as stored_fleet
from store.machines import readings as stored_readings

CLICK_STALE_MINUTES = 3
VERDICT_AHEAD_MS = CLICK_STALE_MINUTES * MINUTE_MS
"""A boot that lies further ahead than this was placed by a clock that has been set back since."""
JUDGED_AT_ONCE = 500
NO_HISTORIES: Mapping[str, Sequence[SourceHistory]] = {}


@dataclass(frozen=True, slots=True)
class _Case:
    """One instance before the judge."""

    traces: Sequence[GpuTrace]
    told: Mapping[str, Sequence[SourceHistory]]
    """By source."""
    gpu_count: int
    launched_at: int | None
    heard: AgentReport | None = None
    booted_at: int = 0
    """When it last booted, as its agent told; 0 where no agent did."""


def judge_all(ctx: Context) -> None:
    """Judge every running instance anew, some at a time: who writes meanwhile waits for those alone."""
    now, db = ctx.clock(), ctx.store.reading()
    running = stored_fleet.running_instances(db)
    rules = {team: ctx.settings.rule_of(team) for team in {row["team"] for row in running}}
    told, heard = source_history.histories(db, list(ctx.settings.source_limits)), agents.reports(db)
    booted, limits = stored_readings.booted(db, now + VERDICT_AHEAD_MS), ctx.settings.source_limits
    for part in (running[at : at + JUDGED_AT_ONCE] for at in range(0, len(running), JUDGED_AT_ONCE)):
        windows = {row["id"]: rules[row["team"]].window_minutes for row in part}
        traces = stored_readings.traces(db, now, windows)
        judged = {}
        for row in part:
            name, seen = row["id"], traces.get(row["id"], ())
            case = _Case(
                traces=seen,
                told=told.get(name, NO_HISTORIES),
                gpu_count=row["gpu_count"],
                launched_at=row["launched_at"],
                heard=heard.get(name),
                booted_at=booted.get(name, 0),
            )
            verdict = _judge(case, rules[row["team"]], now, limits)
            judged[name] = (verdict, waste_of(row["rate_micros"] or 0, verdict, row["gpu_count"]))
        with ctx.store.writing() as written:
            stored_fleet.save_verdicts(written, judged)
    with ctx.store.writing() as written:
        stored_fleet.forget_verdicts_of_stopped(written)


def judge_now(
    ctx: Context, db: Database, instance_id: str, gpu_count: int, *, launched_at: int | None = None
) -> Verdict:
    """The verdict of this moment, for a decision that can't be undone: older readings than usual don't count.

    The bound is one for all sources; only one that can't be quicker is given what it needs beyond it.
    """
    now = ctx.clock()
    row = stored_fleet.by_id(db, instance_id)
    rule = ctx.settings.rule_of(row["team"] if row else "")
    rule = replace(rule, stale_minutes=min(CLICK_STALE_MINUTES, rule.stale_minutes))
    traces = stored_readings.traces_of(db, instance_id, now, window_minutes=rule.window_minutes)
    told = source_history.histories_of(db, instance_id, list(ctx.settings.source_limits))
    limits = ctx.settings.decision_limits(CLICK_STALE_MINUTES)
    case = _Case(
        traces=traces,
        told=told,
        gpu_count=gpu_count,
        launched_at=launched_at,
        heard=agents.report_of(db, instance_id),
        booted_at=stored_readings.quiet_from(db, instance_id, now + VERDICT_AHEAD_MS),
    )
    return _judge(case, rule, now, limits)


def other_sources(ctx: Context, db: Database, instance: Instance, rule: IdleRule) -> list[tuple[str, Verdict]]:
    """What each source but the agent says of an instance by itself, under its name."""
    told, now = source_history.histories_of(db, instance.id, list(ctx.settings.source_limits)), ctx.clock()
    booted_at = stored_readings.quiet_from(db, instance.id, now + VERDICT_AHEAD_MS)
    case = _Case((), told, instance.gpu_count, instance.launched_at, booted_at=booted_at)
    return _others(case, rule, now, ctx.settings.source_limits)


def activity_strip(ctx: Context, db: Database, instance_id: str, now: int) -> tuple[HourCell, ...]:
    """The last 24 hours, oldest first: as the agent saw them; where it saw nothing, as another source did."""
    seen = rollups.hour_strip(db, instance_id, now)
    told = source_history.histories_of(db, instance_id, list(ctx.settings.source_limits))
    rest = [hourly_cells(trails, [each.start for each in seen]) for trails in told.values()]
    return tuple(
        next((each for each in of_hour if each.active_share is not None), of_hour[0])
        for of_hour in zip(seen, *rest, strict=True)
    )


def _others(case: _Case, rule: IdleRule, now: int, limits: Mapping[str, int]) -> list[tuple[str, Verdict]]:
    """What each source says by itself; `limits` are the minutes after which it does not count."""
    launch = {"launched_at": case.launched_at, "booted_at": case.booted_at}
    accounts = [Account(source, tuple(case.told[source]), limits[source]) for source in limits if source in case.told]
    return [(each.source, judge_account(each, rule, now, gpu_count=case.gpu_count, **launch)) for each in accounts]


def _judge(case: _Case, rule: IdleRule, now: int, limits: Mapping[str, int]) -> Verdict:
    """The agent's word, and what the other sources add to it."""
    count, launched_at = case.gpu_count, case.launched_at
    verdict = judge(case.traces, rule, now, gpu_count=count, launched_at=launched_at, heard=case.heard)
    if not case.told:
        return verdict
    return combine(
        remembering(verdict, case.traces, rule, launched_at=case.launched_at),
        _others(case, rule, now, limits),
        gpu_count=case.gpu_count,
        agent_blind=sees_but_cannot_measure(case.traces, rule, now, gpu_count=case.gpu_count),
    )


def prune_minutes(ctx: Context) -> None:
    """Drop minutes that are too old to matter."""
    with ctx.store.writing() as db:
        stored_readings.prune(db, ctx.clock())
