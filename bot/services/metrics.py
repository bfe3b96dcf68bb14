"""The figures of /metrics that the database knows. What is not known has no value there, and is never 0."""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlite_utils import Database

from bot.domain.clock import MINUTE_MS, SECOND_MS
from bot.domain.money.forecast.report import ForecastReport
from bot.domain.money.rates import MICROS_PER_USD
from bot.domain.money.reports import SumBy
from bot.domain.money.scope import TOTAL, Scope, ScopeKind
from bot.domain.people import Roster
from bot.services import backups, outbox
from bot.services.acting import executor
from bot.services.context import Context
from bot.services.machines import sources
from bot.services.money import budget_amounts, forecast, ledger
from bot.telemetry.figures import MetricFamily, metric_family
from store import metrics as stored_metrics
from store.metrics import AgentHost, FleetGroup
from store.money import ledger as stored_ledger

AGENT_SILENT_MS = 5 * MINUTE_MS
"""An agent reports every minute; one that was not heard for this long is silent."""
MOST_HOSTS, MOST_VERSIONS = 100, 20
"""So many hosts and versions are named, so that ten thousand agents make no more series than these."""
NO_TEAM, OTHER_TEAM = "(none)", "(other)"
"""A machine without a team's tag, or whose tag names none of valet.toml: tags are other people's text."""
REST = "(other)"
KINDS = ("stop", "start", "launch", "clone", "resize")
OUTCOMES = ("done", "failed", "unknown", "denied", "expired", "cancelled", "aborted")
MESSAGE_STATES = ("waiting", "sending", "sent", "dead")


def stored_figures(ctx: Context) -> Iterator[MetricFamily]:
    """All that takes the database. Raises Impaired."""
    db = ctx.store.reading()
    yield from _keeping(ctx)
    yield from _sources(ctx)
    yield from _agents(stored_metrics.agent_hosts(db), ctx.clock())
    yield from _fleet(stored_metrics.fleet_groups(db), ctx.roster())
    yield from _sharing(db, ctx.roster())
    yield from _acting(ctx, db)
    if not ledger.why_nothing_known(ctx):
        yield from _money(ctx, db)


def disk_figures(database: Path) -> Iterator[MetricFamily]:
    """What the disk says of the database; nothing where it does not answer."""
    try:
        files = [Path(f"{database}{ending}") for ending in ("", "-wal")]
        size = sum(path.stat().st_size for path in files if path.exists())
        free = shutil.disk_usage(database.resolve().parent).free
    except OSError:
        return
    yield metric_family("valet_database_bytes", size)
    yield metric_family("valet_disk_free_bytes", free)


def _keeping(ctx: Context) -> Iterator[MetricFamily]:
    backup_age, counts = backups.age(ctx), outbox.counts(ctx)
    yield metric_family("valet_outbox_messages", {state: counts.get(state, 0) for state in MESSAGE_STATES})
    yield metric_family("valet_outbox_age_seconds", outbox.waited(ctx) / SECOND_MS)
    yield metric_family("valet_backup_enabled", ctx.settings.backup.enabled)
    if backup_age is not None:
        yield metric_family("valet_backup_age_seconds", backup_age / SECOND_MS)


def _sources(ctx: Context) -> Iterator[MetricFamily]:
    """How old what each source told is, and whether it fails."""
    pace = {each.source: "minutes" if each.is_prompt else "hours" for each in sources.known_sources(ctx)}
    ages, failing = sources.source_ages(ctx), {each.source for each in sources.failing_sources(ctx)}
    named = {source: (source, pace.get(source, "minutes")) for source in ages}
    yield metric_family("valet_source_age_seconds", {named[source]: age / SECOND_MS for source, age in ages.items()})
    yield metric_family("valet_source_failing", {named[source]: float(source in failing) for source in ages})


def agent_state(host: AgentHost, now: int) -> str:
    """How an agent is, in one word: reporting, failing, silent, off or never.

    silent: not heard, though its machine runs as far as anybody knows. off: not heard, and it does not run.
    """
    if host.reported_at is None:
        return "never"
    if now - host.reported_at <= AGENT_SILENT_MS:
        return "failing" if host.error else "reporting"
    return "silent" if host.state in {None, "running", "pending"} else "off"


def _agents(hosts: list[AgentHost], now: int) -> Iterator[MetricFamily]:
    states = Counter(dict.fromkeys(("reporting", "failing", "silent", "off", "never"), 0))
    states.update(agent_state(host, now) for host in hosts)
    yield metric_family("valet_agents", states)
    heard = [host for host in hosts if host.reported_at is not None]
    yield metric_family("valet_agents_by_version", _versions(heard))
    worst = sorted(heard, key=lambda host: (not host.error, host.reported_at, host.host))[:MOST_HOSTS]
    ages = {each.host: max(0, now - (each.reported_at or now)) / SECOND_MS for each in worst}
    yield metric_family("valet_agent_age_seconds", ages)
    yield metric_family("valet_agent_failing", {each.host: bool(each.error) for each in worst})
    yield metric_family("valet_agent_gpus", {each.host: each.gpus for each in worst})
    yield metric_family("valet_agent_info", {(each.host, each.version, each.driver): 1 for each in worst})


def _versions(heard: Iterable[AgentHost]) -> dict[str, int]:
    counts = Counter(host.version for host in heard)
    named = dict(counts.most_common(MOST_VERSIONS))
    rest = counts.total() - sum(named.values())
    return named | ({REST: rest} if rest else {})


def _team(name: str, roster: Roster) -> str:
    if not name:
        return NO_TEAM
    return name if roster.team(name) else OTHER_TEAM


def _fleet(groups: Iterable[FleetGroup], roster: Roster) -> Iterator[MetricFamily]:
    instances, gpus, unpriced, estimated, priced, judged = (Counter[tuple[str, ...]]() for _ in range(6))
    rates, idle, unknown = (Counter[tuple[str, ...]]() for _ in range(3))
    for group in groups:
        key = (_team(group.team, roster), group.provider)
        instances[*key, group.state] += group.instances
        gpus[*key, group.state] += group.gpus
        unpriced[key] += group.unpriced
        estimated[key] += group.estimated
        if not group.runs:
            continue
        with_price = group.instances - group.unpriced
        priced[key] += with_price
        rates[key] += group.rate_micros
        idle[key] += group.waste_micros
        unknown[key] += group.rate_micros if group.state == "unknown" else 0
        judged[key] += 0 if group.state == "unknown" else with_price
    known = [key for key in unpriced if priced[key] or not unpriced[key]]
    seen = [key for key in known if judged[key] or not priced[key]]
    yield metric_family("valet_instances", instances)
    yield metric_family("valet_gpus", gpus)
    yield metric_family("valet_instances_unpriced", unpriced)
    yield metric_family("valet_instances_estimated", estimated)
    yield metric_family("valet_usd_per_hour", {key: _usd(rates[key]) for key in known})
    yield metric_family("valet_usd_per_hour_idle", {key: _usd(idle[key]) for key in seen})
    yield metric_family("valet_usd_per_hour_unknown", {key: _usd(unknown[key]) for key in known})


def _sharing(db: Database, roster: Roster) -> Iterator[MetricFamily]:
    teams = [*(team.name for team in roster.teams), NO_TEAM]
    claims, gpus, places = (Counter(dict.fromkeys(teams, 0)) for _ in range(3))
    for row in stored_metrics.claims_by_holder(db):
        team = roster.team_of(row["holder"]) or NO_TEAM
        claims[team] += row["claims"]
        gpus[team] += row["gpus"]
    for row in stored_metrics.places_by_person(db):
        places[roster.team_of(row["person"]) or NO_TEAM] += row["places"]
    yield metric_family("valet_claims", claims)
    yield metric_family("valet_claimed_gpus", gpus)
    yield metric_family("valet_waiting", places)


def _acting(ctx: Context, db: Database) -> Iterator[MetricFamily]:
    """Outcomes are counted from the start of this process on, as counters are; every kind and outcome begins at 0."""
    none_open = {(kind, state): 0 for kind in KINDS for state in ("pending", "approved", "executing")}
    none_ended = {(kind, outcome): 0 for kind in KINDS for outcome in OUTCOMES}
    yield metric_family("valet_actions_open", none_open | stored_metrics.open_actions(db))
    yield metric_family("valet_actions_total", none_ended | stored_metrics.ended_actions(db, ctx.began_at))
    yield metric_family("valet_approved_age_seconds", executor.executor_waited(ctx) / SECOND_MS)


def _money(ctx: Context, db: Database) -> Iterator[MetricFamily]:
    budgeted = {scope: budget_amounts.budget_of(ctx, scope) for scope in budget_amounts.scopes(ctx)}
    total_budget = budget_amounts.budget_of(ctx, TOTAL)
    budgets = {scope: micros for scope, micros in budgeted.items() if micros is not None}
    budgets |= {} if total_budget is None else {TOTAL: total_budget}
    asked = list(dict.fromkeys([TOTAL, *(Scope("team", team.name) for team in ctx.roster().teams), *budgets]))
    spent, reports = _spent(ctx, db, asked), _reports(ctx, asked)
    yield metric_family("valet_month_spent_usd", {_label(scope): _usd(spent[scope]) for scope in asked})
    yield metric_family("valet_month_counted_from_timestamp_seconds", _counted_from(ctx, db) / SECOND_MS)
    yield metric_family("valet_budget_usd", {_label(scope): _usd(micros) for scope, micros in budgets.items()})
    yield metric_family("valet_budget_spent_usd", {_label(scope): _usd(spent[scope]) for scope in budgets})
    chances = {scope: report.chance_over for scope, report in reports.items() if scope in budgets}
    over = {_label(scope): chance for scope, chance in chances.items() if chance is not None}
    yield metric_family("valet_budget_chance_over_ratio", over)
    yield metric_family("valet_month_forecast_usd", dict(_expected(reports)))
    if TOTAL in reports:
        yield metric_family("valet_forecast_age_seconds", max(0, ctx.clock() - reports[TOTAL].made_at) / SECOND_MS)


def _counted_from(ctx: Context, db: Database) -> int:
    """When the month begins, or when Valet first looked, if that was later."""
    month = budget_amounts.this_month(ctx)
    start, _ = ledger.span_of(month, month, ctx.settings.digest.timezone)
    return max(start, ledger.rented_begins(db) or start)


WAY_OF_SCOPE: dict[ScopeKind, SumBy] = {"total": "team", "team": "team", "type": "type", "instance": "instance"}


def _spent(ctx: Context, db: Database, asked: Iterable[Scope]) -> dict[Scope, int]:
    """What each scope's rented machines have cost this month, as `/cost budget` counts it."""
    month, zone = budget_amounts.this_month(ctx), ctx.settings.digest.timezone
    start, _ = ledger.span_of(month, month, zone)
    running = [each for each in stored_ledger.running_meters(db) if each.provider == "ec2"]
    sums: dict[SumBy, Counter[str]] = {}
    for kind in {WAY_OF_SCOPE[scope.kind] for scope in asked}:
        sums[kind] = Counter(stored_metrics.charged_since(db, kind, month, zone))
        for each in running:
            if each.meter.from_at >= start:
                key = {"team": each.meter.team, "type": each.type}.get(kind, each.meter.instance_id)
                sums[kind][key] += each.meter.micros
    return {
        scope: sums["team"].total() if scope.kind == "total" else sums[WAY_OF_SCOPE[scope.kind]][scope.key]
        for scope in asked
    }


def _reports(ctx: Context, asked: Iterable[Scope]) -> dict[Scope, ForecastReport]:
    """The forecasts that stand; none is made for being counted."""
    kept = {scope: forecast.standing_report(ctx, scope) for scope in asked}
    return {scope: report for scope, report in kept.items() if report is not None}


def _expected(reports: dict[Scope, ForecastReport]) -> Iterator[tuple[tuple[str, ...], float]]:
    for scope, report in reports.items():
        month = report.month
        for bound, micros in (("mean", month.micros), ("low", month.lo_micros), ("high", month.hi_micros)):
            if micros is not None:
                yield (_label(scope), bound), _usd(micros)


def _label(scope: Scope) -> str:
    return "total" if scope == TOTAL else f"{scope.kind}:{scope.label or scope.key}"


def _usd(micros: int) -> float:
    return micros / MICROS_PER_USD
