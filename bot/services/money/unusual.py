"""Unusual days: the last days held against what their past led to expect, team by team, each told once."""

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain.clock import HOUR_MS
from bot.domain.days import ONE_DAY, day_start, local_day
from bot.domain.money.forecast import DailyHistory
from bot.domain.money.rates import MICROS_PER_USD
from bot.domain.money.scope import TOTAL, Scope
from bot.domain.money.unusual import (
    LEAST_HISTORY_DAYS,
    UnusualAnswer,
    UnusualDay,
    is_news,
    judge_unusual,
    machines_behind,
)
from bot.errors import Refused
from bot.services.context import Context, team_channel
from bot.services.money.forecast_inputs import ForecastInputs, days_metered, gather_inputs, rows_of
from bot.services.money.savings import today
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.machines import fleet as stored_fleet
from store.money import budgets as stored_budgets
from store.money import source_reads
from store.money.spend import DaySpend

KIND = "unusual_day"
DAYS_JUDGED = 3
"""Days, the last one included."""
SETTLED_AFTER_MS = 2 * HOUR_MS
"""So long after a day's end its last charges are in the ledger."""


def look_for_unusual(ctx: Context) -> None:
    """Look at yesterday once it is over and charged, and before it at days that Valet was away for."""
    now_day, zone = today(ctx), ZoneInfo(ctx.settings.digest.timezone)
    db = ctx.store.reading()
    read_at = max((source.ok_at or 0 for source in stored_fleet.fleet_sources(db)), default=0)
    if read_at < day_start(now_day, zone) + SETTLED_AFTER_MS:
        return
    scopes = (*(Scope("team", team.name) for team in ctx.roster().teams), TOTAL)
    days = [now_day - back * ONE_DAY for back in range(DAYS_JUDGED, 0, -1)]
    due = {day: [scope for scope in scopes if not stored_budgets.was_looked_at(db, scope.text, day)] for day in days}
    if not any(due.values()):
        return
    first_read = source_reads.first_read(db)
    if first_read is None or local_day(first_read, zone) >= now_day:
        for day, scopes_due in due.items():
            for scope in scopes_due:
                _note(ctx, scope, day, None)  # nobody looked before today, so nothing can be unusual
        return
    inputs = gather_inputs(ctx)
    for day in days:
        _look_at(ctx, inputs, day, due[day])


def _look_at(ctx: Context, inputs: ForecastInputs, day: date, due: list[Scope]) -> None:
    """Each team's day first, and all of it where no team's explains it."""
    found = {scope: _unusual(ctx, scope, inputs, day) for scope in due if scope != TOTAL}
    explained = any(found.values())
    if TOTAL in due:
        found[TOTAL] = None if explained else _unusual(ctx, TOTAL, inputs, day)
    for scope, told in found.items():
        _note(ctx, scope, day, told)


def _unusual(ctx: Context, scope: Scope, inputs: ForecastInputs, day: date) -> UnusualDay | None:
    rows = rows_of(scope, inputs)
    first = max(inputs.ledger.first_day, min((row.day for row in rows), default=day))
    known = days_metered(scope, inputs)
    if first >= day or day not in known:
        return None
    sums = _sums(rows)
    wanted = [first + n * ONE_DAY for n in range((day - first).days)]
    odd = {said.day for said in stored_budgets.answers_of(ctx.store.reading(), scope.text) if not said.is_expected}
    values = tuple(float(sums.get(past_day, 0)) if past_day in known - odd else None for past_day in wanted)
    past = DailyHistory(first, values, is_certain=True)
    least = int(ctx.settings.budget.unusual_usd * MICROS_PER_USD)
    found = judge_unusual(scope, past, day, sums.get(day, 0), least=least)
    if found is None:
        return None
    that_day = _by_machine(row for row in rows if row.day == day)
    before = _by_machine(row for row in rows if day - LEAST_HISTORY_DAYS * ONE_DAY <= row.day < day)
    usual = {key: micros // LEAST_HISTORY_DAYS for key, micros in before.items()}
    names = {machine.id: machine.name for machine in inputs.machines}
    return UnusualDay(
        scope=scope,
        day=day,
        micros=found.micros,
        expected_micros=found.expected_micros,
        bound_micros=found.bound_micros,
        behind=machines_behind(that_day, usual, names),
    )


def _sums(rows: Iterable[DaySpend]) -> dict[date, int]:
    found: dict[date, int] = {}
    for row in rows:
        found[row.day] = found.get(row.day, 0) + row.micros
    return found


def _by_machine(rows: Iterable[DaySpend]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[row.instance_id] = found.get(row.instance_id, 0) + row.micros
    return found


def _note(ctx: Context, scope: Scope, day: date, found: UnusualDay | None) -> None:
    with ctx.store.writing() as db:
        last = stored_budgets.last_told(db, scope.text, day)
        tells = found is not None and is_news(found, last, stored_budgets.answers_of(db, scope.text))
        told = found if tells else None
        if stored_budgets.note_looked_at(db, scope.text, day, told) and told:
            _tell(ctx, db, scope, f"{scope.text}|{day}")
    ctx.wake()


def _tell(ctx: Context, db: Database, scope: Scope, subject: str) -> None:
    """Post it, or edit what was posted."""
    channel = team_channel(ctx, scope.key)
    stored_outbox.tell(db, channel, f"unusual:{subject}", kind=KIND, subject=subject, now=ctx.clock())


def told_unusual(ctx: Context, subject: str) -> tuple[UnusualDay, UnusualAnswer | None] | None:
    """What a channel was told of a day, and what somebody said of it since."""
    scope, _, day = subject.rpartition("|")
    db = ctx.store.reading()
    told = stored_budgets.told_of_day(db, scope, day)
    if told is None:
        return None
    return told, next((said for said in stored_budgets.answers_of(db, scope) if said.day == told.day), None)


def answer_unusual(ctx: Context, subject: str, person: str, *, is_expected: bool) -> UnusualAnswer:
    """Note that a day was expected, or was not. Raises Refused."""
    found = told_unusual(ctx, subject)
    if found is None:
        raise Refused("Nothing is known of that day any more.")
    told, scope, now = found[0], found[0].scope, ctx.clock()
    _check_may_say(ctx, scope, person)
    said = UnusualAnswer(scope.text, told.day, is_expected, told.micros, person, now)
    did = f"{'expected' if is_expected else 'did not expect'} what {told.day} cost"
    with ctx.store.writing() as db:
        stored_budgets.keep_answer(db, said)
        stored_audit.add(db, now, person, did, subject=scope.key or "everything")
        _tell(ctx, db, scope, subject)
    ctx.wake()
    return said


def _check_may_say(ctx: Context, scope: Scope, person: str) -> None:
    """A team's people and the admins; of everything, whoever approves for a team."""
    roster = ctx.roster()
    teams = [team for team in roster.teams if scope == TOTAL or team.name == scope.key]
    may = roster.admins.union(*(team.approvers for team in teams))
    if scope != TOTAL:
        may = may.union(*(team.members for team in teams))
    if person not in may:
        whose = "an approver or an admin" if scope == TOTAL else f"somebody of team {scope.key} or an admin"
        raise Refused(f"Only {whose} can say whether that was expected.")
