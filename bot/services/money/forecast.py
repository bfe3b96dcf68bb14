"""`/cost forecast`: reports made of the inputs, each kept as it was made and answered while it is fresh."""

import threading
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from bot.domain.clock import DAY_MS, MINUTE_MS
from bot.domain.days import ONE_DAY, day_start, local_day, month_end
from bot.domain.digest import MonthAhead
from bot.domain.machines.sources import UnreadSource
from bot.domain.money.forecast import Forecast, chance_over, first_day_over
from bot.domain.money.forecast.bounds import bounded_outlook, most_per_day, range_of, still_to_come, whole_micros
from bot.domain.money.forecast.expected import STEADY, Expected, forecast_parts
from bot.domain.money.forecast.known_changes import planned_changes, usual_share
from bot.domain.money.forecast.known_spend import DailyLedger, RentedMachine, UsedDays, cost_drivers, past_changes
from bot.domain.money.forecast.pieces import Charged, named_pieces, pieces, pooled_pieces, shortened_pieces
from bot.domain.money.forecast.report import SPANS, ForecastPiece, ForecastReport, KnownChange, ReportDay
from bot.domain.money.forecast.run_plans import ENDING_REASONS
from bot.domain.money.scope import TOTAL, Scope
from bot.errors import Refused
from bot.services.context import Context
from bot.services.machines import sources
from bot.services.money import ledger
from bot.services.money.budget_amounts import budget_of, spent_beyond_budgets
from bot.services.money.forecast_inputs import (
    ForecastInputs,
    days_metered,
    gather_inputs,
    idle_nights,
    is_in,
    rows_of,
    used_days,
)
from store.acting import dormant as stored_dormant
from store.money import ledger as stored_ledger
from store.money import savings as stored_savings
from store.money.spend import DaySpend

FRESH_MS = 90 * MINUTE_MS
"""Long enough that nobody who asks waits for a report that is made every hour, however that jitters."""
DUE_MS = 50 * MINUTE_MS
YOUNG_MS, NOW_MS = 4 * DAY_MS, 2 * MINUTE_MS
"""So long the ledger has no history to go by, only what runs now: reports of that are soon old, and quickly made."""
MOST_KEPT = 20
"""So many types, and so many machines, are kept up to date: those that cost most this month."""


ASKER_WAITS_S = 0.8
_MAKER = threading.RLock()
"""Held by whoever makes reports. The books of a large fleet take seconds and much memory, so one reads them at a time,
and whoever waited finds the report made."""


def current_report(ctx: Context, scope: Scope) -> ForecastReport:
    """The newest report of a scope if it is fresh, else a new one. Raises Refused before anything was looked at."""
    fresh = standing_report(ctx, scope)
    if fresh is not None:
        return fresh
    with _MAKER:
        return standing_report(ctx, scope) or make_report(ctx, scope)


def report_for_asker(ctx: Context, scope: Scope, waits_s: float = ASKER_WAITS_S) -> ForecastReport:
    """The same for somebody who waits for the answer. Raises Refused where others are still making reports by then."""
    fresh = standing_report(ctx, scope)
    if fresh is not None:
        return fresh
    if not _MAKER.acquire(timeout=waits_s):
        command = ctx.settings.slack.cost_command
        raise Refused(f"This forecast is being made just now. Try `{command} forecast` again in a minute.")
    try:
        return current_report(ctx, scope)
    finally:
        _MAKER.release()


def _fresh(ctx: Context, scope: Scope, most: int, began: Sequence[int]) -> ForecastReport | None:
    """The newest report of a scope, if it is no older than that, and no place was read for the first time since.

    In the first days it is of what runs now, which is old after minutes.
    """
    kept = stored_ledger.newest_forecast(ctx.store.reading(), scope.text)
    if kept is None or any(kept.made_at <= at for at in began):
        return None
    is_young = not began or kept.made_at - min(began) < YOUNG_MS
    return kept if 0 <= ctx.clock() - kept.made_at < (NOW_MS if is_young else most) else None


def standing_report(ctx: Context, scope: Scope) -> ForecastReport | None:
    """The newest report of a scope where people would be answered with it; None where one would be made for them."""
    return _fresh(ctx, scope, FRESH_MS, ledger.first_reads(ctx.store.reading()))


def refresh_reports(ctx: Context) -> None:
    """Make the reports that people ask for anew where they are due; run it every hour, or more often.

    Of everything, of every team, and of the types and machines that cost most.
    """
    known = (TOTAL, *(Scope("team", team.name) for team in ctx.roster().teams))
    began = ledger.first_reads(ctx.store.reading())

    def is_due(scope: Scope) -> bool:
        return _fresh(ctx, scope, DUE_MS, began) is None

    if ledger.why_nothing_known(ctx):
        return
    with _MAKER:
        if not any(map(is_due, known)):
            return
        inputs = gather_inputs(ctx)
        total = build_report(ctx, TOTAL, inputs)
        for scope in (*known, *_dearest(total, inputs)):
            if is_due(scope):
                _keep(ctx, total if scope == TOTAL else build_report(ctx, scope, inputs))


def _dearest(total: ForecastReport, inputs: ForecastInputs) -> Iterator[Scope]:
    """The types and machines that the month is dearest for."""
    types = {machine.id: machine.type for machine in inputs.machines}
    machines = [piece for piece in total.by_machine if piece.key]
    yield from (Scope("type", each) for each in list(dict.fromkeys(types[piece.key] for piece in machines))[:MOST_KEPT])
    yield from (Scope("instance", piece.key, piece.name) for piece in machines[:MOST_KEPT])


def make_report(ctx: Context, scope: Scope) -> ForecastReport:
    """Make a report and keep it, for this answer and to be measured by when its days are over.

    Raises Refused before anything was looked at.
    """
    why_not = ledger.why_nothing_known(ctx)
    if why_not:
        raise Refused(why_not)
    with _MAKER:
        return _keep(ctx, build_report(ctx, scope, gather_inputs(ctx)))


def _keep(ctx: Context, report: ForecastReport) -> ForecastReport:
    with ctx.store.writing() as db:
        start = day_start(report.today, ZoneInfo(report.timezone))
        stored_ledger.thin_forecasts(db, report.scope.text, start, report.made_at)
        stored_ledger.keep_forecast(db, report)
    return report


SHOWN_BACK = 31
MOST_SILENT_SOURCES = 2


def build_report(ctx: Context, scope: Scope, inputs: ForecastInputs) -> ForecastReport:
    """What a scope costs this month and on the days ahead."""
    ledger, rows = inputs.ledger, rows_of(scope, inputs)
    machines, owned = ([m for m in some if is_in(scope, m)] for some in (inputs.machines, inputs.owned))
    expected = [cost for cost in inputs.outlook.machines if is_in(scope, cost)]
    # the sums: what is charged, and what is known and what varies of the rest of the month, today included
    rest = (month_end(ledger.today) - ledger.today).days + 1
    charged, today = _charged(rows, ledger.today.replace(day=1)), _charged(rows, ledger.today)
    known, variable = _to_come(expected, rest, inputs)
    # their bounds: no sum of the machines' bounds, but made anew from the days of the sum
    most = most_per_day(machines, ledger, max(rest, *SPANS))
    series = forecast_parts(expected, inputs.outlook.kinds, _days_of(scope, rows, ledger), ledger).series
    limit = most if scope.kind == "instance" else None  # elsewhere more machines may be launched
    see = partial(bounded_outlook, series, passed=inputs.passed, own=inputs.own, most=limit)
    whole, ahead = see(charged, horizon=rest), {span: see(today, horizon=span) for span in SPANS}
    # what stands behind them, and what is left out
    budget, usual = budget_of(ctx, scope), {cost.id: cost.variable for cost in expected}
    unpriced = sum(machine.runs and machine.rate_micros is None for machine in machines)
    more = spent_beyond_budgets(ctx, scope, rows, ledger.today)
    gaps = (*_silences(ctx, scope, machines, inputs), *_unknown(scope, inputs))
    report = ForecastReport(
        scope=scope,
        made_at=inputs.now,
        timezone=inputs.zone.key,
        today=ledger.today,
        charged_micros=charged,
        month=range_of(charged + known + variable, whole),
        known_rest_micros=known,
        variable_rest_micros=variable,
        next_days=tuple(range_of(today + sum(_to_come(expected, n, inputs)), seen) for n, seen in ahead.items()),
        trust=whole.trust,
        days=_chart(rows, ahead[max(SPANS)], days_metered(scope, inputs), inputs),
        budget_micros=budget,
        chance_over=None if budget is None else chance_over(whole, float(budget)),
        over_on=None if budget is None else first_day_over(whole, float(budget)),
        drivers=cost_drivers(machines, inputs.outlook.kinds, _per_planned_day(machines, inputs), usual),
        changes=_changes(machines, inputs),
        uncounted=(*_uncounted(machines, inputs), *_held_on(ctx, machines), *_bought(ctx, scope, ledger.today)),
        notes=_notes(whole, unpriced=unpriced, owned=len(owned), beyond=more),
        gaps=gaps,
        unpriced=unpriced,
        owned=len(owned),
        most_micros=None if most is None else charged + still_to_come(most[:rest], inputs.passed),
    )
    return _told_apart(ctx, report, rows, expected, rest, inputs)


def _told_apart(
    ctx: Context,
    report: ForecastReport,
    rows: Sequence[DaySpend],
    expected: Sequence[Expected],
    rest: int,
    inputs: ForecastInputs,
) -> ForecastReport:
    """The report with the parts that add up to it, as far as its scope has any."""
    kind = report.scope.kind
    return replace(
        report,
        by_team=_by_team(rows, expected, rest, inputs) if kind == "total" else (),
        by_machine=_by_machine(rows, expected, rest, inputs) if kind != "instance" else (),
        idle_nights=idle_nights(ctx, inputs) if kind == "total" else (),
    )


def _days_of(scope: Scope, rows: Sequence[DaySpend], ledger: DailyLedger) -> UsedDays:
    return ledger.days if scope.kind == "total" else used_days(rows, ledger.first_day, ledger.today)


def _to_come(expected: Iterable[Expected], days: int, inputs: ForecastInputs) -> tuple[int, int]:
    """What is known and what varies on so many days from today on, without what has passed of it."""
    found = [cost.rest(days, inputs.passed) for cost in expected]
    return sum(known for known, _ in found), sum(variable for _, variable in found)


def _by_team(
    rows: Sequence[DaySpend], expected: Sequence[Expected], rest: int, inputs: ForecastInputs
) -> tuple[ForecastPiece, ...]:
    charged = _sums(((row.team, row) for row in rows), inputs)
    found = pieces(charged, expected, lambda each: each.team, rest=rest, passed=inputs.passed)
    return shortened_pieces(pooled_pieces(found, inputs.outlook.uneven))


def _by_machine(
    rows: Sequence[DaySpend], expected: Sequence[Expected], rest: int, inputs: ForecastInputs
) -> tuple[ForecastPiece, ...]:
    charged = _sums(((row.instance_id, row) for row in rows), inputs)
    found = pieces(charged, expected, lambda each: each.id, rest=rest, passed=inputs.passed)
    return shortened_pieces(named_pieces(found, {machine.id: machine.name for machine in inputs.machines}))


def _sums(rows: Iterable[tuple[str, DaySpend]], inputs: ForecastInputs) -> dict[str, Charged]:
    """What was charged this month and today, by key."""
    found: dict[str, Charged] = {}
    this_day, first = inputs.ledger.today, inputs.ledger.today.replace(day=1)
    for key, row in rows:
        if row.day >= first:
            so_far, today = found.get(key, Charged()), row.micros if row.day == this_day else 0
            found[key] = Charged(so_far.month + row.micros, so_far.today + today)
    return found


def _changes(machines: Sequence[RentedMachine], inputs: ForecastInputs) -> tuple[KnownChange, ...]:
    """What has just changed, and what is known to come."""
    past = past_changes(machines, inputs.kinds, inputs.ledger)
    return (*past, *planned_changes(machines, inputs.kinds, inputs.plans, inputs.ledger))


def _uncounted(machines: Sequence[RentedMachine], inputs: ForecastInputs) -> tuple[str, ...]:
    """Claims that end on machines which ran before them: nothing says that those stop."""
    ends = inputs.foreseen.open_ended
    found = [machine for machine in machines if machine.id in ends and inputs.kinds[machine.id] == "steady"]
    found = [each for each in found if each.id not in inputs.plans]
    if not found:
        return ()
    first = min(found, key=lambda each: ends[each.id])
    day = local_day(ends[first.id], inputs.zone)
    more = f", and {len(found) - 1} more like it" if len(found) > 1 else ""
    return (f"the end of the claim on {first.name} on {day.day} {day:%b}{more}: it ran before, so it may run on.",)


def _held_on(ctx: Context, machines: Iterable[RentedMachine]) -> Iterator[str]:
    """What is paid for machines that stand still; the ledger charges while they run."""
    held = stored_dormant.held_on(ctx.store.reading())
    for machine in machines:
        if machine.id in held:
            yield f"{held[machine.id]} of {machine.name}, which is stopped: it is paid whether that runs or not."


def _bought(ctx: Context, scope: Scope, today: date) -> Iterator[str]:
    """Machines bought of late, or about to be: on no bill, but somebody may look for them here."""
    for name, host in ctx.settings.owned.hosts.items():
        day = host.purchased_on
        if day is not None and today - SHOWN_BACK * ONE_DAY <= day and scope in {TOTAL, Scope("team", host.team)}:
            yield f"the purchase of {name} on {day.day} {day:%b %Y}: owned machines are on no bill."


def _per_planned_day(machines: Sequence[RentedMachine], inputs: ForecastInputs) -> dict[str, int]:
    """What planned machines cost on the days that they run, or on the mean day by their on-hours."""
    found = {}
    for machine in machines:
        made = inputs.plans.get(machine.id)
        if made is None or (made.why in ENDING_REASONS and made.at <= inputs.now):
            continue
        share = 1.0 if made.why in ENDING_REASONS else usual_share(made, inputs.ledger)
        found[machine.id] = round(share * machine.micros_per_day)
    return found


def _charged(rows: Iterable[DaySpend], since: date) -> int:
    return sum(row.micros for row in rows if row.day >= since)


def _chart(
    rows: Iterable[DaySpend], ahead: Forecast, known: Container[date], inputs: ForecastInputs
) -> tuple[ReportDay, ...]:
    today = inputs.ledger.today
    spent: dict[date, int] = {}
    for row in rows:
        spent[row.day] = spent.get(row.day, 0) + row.micros
    first = max(inputs.ledger.first_day, today - SHOWN_BACK * ONE_DAY)
    days = [first + n * ONE_DAY for n in range((today - first).days)]
    past = [ReportDay(day, spent.get(day, 0 if day in known else None)) for day in days]
    so_far = spent.get(today, 0)
    expected = so_far + round(ahead.days[0].mean)
    coming = [
        ReportDay(day.date, None, round(day.mean), whole_micros(day.lo80), whole_micros(day.hi80))
        for day in ahead.days[1:]
    ]
    return (*past, ReportDay(today, so_far, expected), *coming)


def _silences(ctx: Context, scope: Scope, machines: Iterable[RentedMachine], inputs: ForecastInputs) -> tuple[str, ...]:
    """What was charged lacks something while a source is silent."""
    total = scope.kind == "total"
    found = sources.unread_sources(ctx) if total else sources.unread_of(ctx, (machine.id for machine in machines))
    return tuple(_lacks(each, inputs.zone) for each in found[:MOST_SILENT_SOURCES])


def _lacks(silent: UnreadSource, zone: ZoneInfo) -> str:
    if silent.since is None:
        return f"{silent.name} was never read, so nothing of it is in what was charged."
    last = datetime.fromtimestamp(silent.since / 1000, zone)
    read = f"{silent.name} was last read on {last.day} {last:%b} at {last:%H:%M} ({zone.key})"
    return f"{read}: what its machines cost since then is not in what was charged."


def _unknown(scope: Scope, inputs: ForecastInputs) -> Iterator[str]:
    """What the month can't have in it: its days before the first look, of all or of a place that was added."""
    first = day_start(inputs.ledger.today.replace(day=1), inputs.zone)
    late = {name: since for name, since in inputs.begins.items() if since > first and _has_part(scope, name, inputs)}
    if late and min(late.values()) == min(inputs.begins.values()):
        since = local_day(min(late.values()), inputs.zone)
        yield f"{since:%B} is counted from {since.day} {since:%b} on: what it cost before is not known."
    elif late:
        name, at = min(late.items(), key=lambda each: each[1])
        since, more = local_day(at, inputs.zone), f", and {len(late) - 1} more later" if len(late) > 1 else ""
        yield f"{name} is counted from {since.day} {since:%b} on{more}: what it cost before is not known."


def _has_part(scope: Scope, source: str, inputs: ForecastInputs) -> bool:
    """Whether any machine of the scope is there."""
    return any(inputs.ledger.sources.get(machine.id) == source for machine in inputs.machines if is_in(scope, machine))


def _notes(outlook: Forecast, *, unpriced: int, owned: int, beyond: int) -> tuple[str, ...]:
    said = [note for note in dict.fromkeys(outlook.notes) if not note.startswith((f"{STEADY}: ", "Only "))]
    if outlook.trust == "run-rate":
        said = ["The ledger has under 3 days, so this is what runs now, without a range."]
    if unpriced:
        them = "1 running instance has" if unpriced == 1 else f"{unpriced} running instances have"
        said.append(f"{them} no known price, so this forecast leaves that out.")
    if owned:
        them = "1 owned instance costs" if owned == 1 else f"{owned} owned instances cost"
        said.append(f"{them} the same whether used or not, so this forecast of the bill leaves that out.")
    if beyond:
        said.append("The budget is the sum of the teams' budgets; what others spend counts against it too.")
    return tuple(said)


def month_ahead_of(ctx: Context, channel: str) -> MonthAhead | None:
    """Of the team whose channel it is, or of everything in the general one; None where no forecast of it was kept."""
    teams = [team.name for team in ctx.roster().teams if team.channel == channel]
    if channel != ctx.settings.slack.channel and len(teams) != 1:
        return None
    team = "" if channel == ctx.settings.slack.channel else teams[0]
    now, zone = ctx.clock(), ZoneInfo(ctx.settings.digest.timezone)
    first = local_day(now, zone).replace(day=1)
    report = _kept(ctx, Scope("team", team) if team else TOTAL, now)
    if report is None or report.today.replace(day=1) != first or report.trust == "run-rate":
        return None
    found = stored_savings.between(ctx.store.reading(), day_start(first, zone), now)
    micros = sum(each.micros for each in found if team in {"", each.team})
    return MonthAhead(team, first, report.month.micros, report.budget_micros, report.chance_over, micros)


def _kept(ctx: Context, scope: Scope, now: int) -> ForecastReport | None:
    kept = stored_ledger.newest_forecast(ctx.store.reading(), scope.text)
    return None if kept is None or now - kept.made_at > DAY_MS else kept
