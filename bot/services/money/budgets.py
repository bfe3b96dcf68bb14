"""Budgets: where each stands, and what its channel hears of it, each thing once a month and amount."""

from collections.abc import Iterable, Iterator

from sqlite_utils import Database

from bot.domain.money.budgets import BudgetStanding, gravest_news, reached_marks
from bot.domain.money.forecast.report import Range
from bot.domain.money.scope import TOTAL, Scope
from bot.services.context import Context, team_channel
from bot.services.csv_lines import csv_line, safe
from bot.services.money import budget_amounts, forecast, ledger
from bot.services.money.ledger_export import exact_usd
from store import outbox as stored_outbox
from store.machines import fleet as stored_fleet
from store.money import budgets as stored_budgets

KIND = "budget"


def standing_of(ctx: Context, scope: Scope) -> BudgetStanding | None:
    """Where a budget stands, with what the month is expected to come to; None without a budget.

    Raises Refused before anything was looked at.
    """
    budget = budget_amounts.budget_of(ctx, scope)
    if budget is None:
        return None
    month, spent = budget_amounts.this_month(ctx), budget_amounts.spent_of(ctx, ctx.store.reading(), scope)
    report = forecast.current_report(ctx, scope)
    ahead = report if report.today.replace(day=1) == month and report.trust != "run-rate" else None
    return BudgetStanding(
        scope=scope,
        month=month,
        budget_micros=budget,
        spent_micros=spent,
        expected=_at_least(spent, ahead.month) if ahead else None,
        chance_over=ahead.chance_over if ahead else None,
        over_on=ahead.over_on if ahead else None,
        asks=asks_over_budget(ctx, _team_of(ctx, scope)),
        warn_percent=ctx.settings.budget.warn_percent,
        timezone=ctx.settings.digest.timezone,
        since=ledger.counted_from(ctx, month),
        is_estimated=budget_amounts.is_spent_estimated(ctx, ctx.store.reading(), scope, spent),
    )


def _at_least(spent: int, month: Range) -> Range:
    """The forecast may be an hour older than what was spent since."""

    def at_least(bound: int | None) -> int | None:
        return None if bound is None else max(bound, spent)

    return Range(max(month.micros, spent), at_least(month.lo_micros), at_least(month.hi_micros))


def asks_over_budget(ctx: Context, team: str) -> bool:
    """Whether a team wants a yes for what goes beyond its budget."""
    known = ctx.settings.teams.get(team)
    return known is None or known.ask_over_budget


def budget_limits(
    ctx: Context, db: Database, team: str, type_: str, instance_id: str
) -> Iterator[tuple[Scope, int, int]]:
    """Every budget that counts for a machine of a team, with what was spent of it this month, micro-dollars."""
    machine = (Scope("instance", instance_id),) if instance_id else ()
    for scope in (TOTAL, Scope("team", team), Scope("type", type_), *machine):
        budget = budget_amounts.own_budget(ctx, scope)
        if budget is not None:
            yield scope, budget, budget_amounts.spent_of(ctx, db, scope)


def tell_budgets(ctx: Context) -> None:
    """Tell what has come about; run it every few minutes. Late is fine, twice is not."""
    for scope in () if ledger.why_nothing_known(ctx) else budget_amounts.scopes(ctx):
        now = standing_of(ctx, scope)
        reached = reached_marks(now) if now else ()
        if now is None or not reached:
            continue
        known = stored_budgets.marks_noted(ctx.store.reading(), scope.text, now.month, now.budget_micros)
        if not known.issuperset(reached):
            _tell(ctx, now, reached)


def channel_for(ctx: Context, scope: Scope) -> str:
    """Where a scope's people are told of its budget: a machine's are its team."""
    return team_channel(ctx, _team_of(ctx, scope))


def _team_of(ctx: Context, scope: Scope) -> str:
    """Whose it is; empty for types and for everything."""
    return {"team": scope.key, "instance": stored_fleet.team_of(ctx.store.reading(), scope.key)}.get(scope.kind, "")


def _tell(ctx: Context, now: BudgetStanding, reached: tuple[str, ...]) -> None:
    scope, at, micros = now.scope, ctx.clock(), now.budget_micros
    with ctx.store.writing() as db:
        gravest = gravest_news(reached_marks(now), stored_budgets.marks_noted(db, scope.text, now.month, micros))
        for mark in reached:
            stored_budgets.note_budget_mark(db, scope.text, now.month, mark, micros=micros, now=at, standing=now)
        if gravest is not None:
            subject = f"{scope.text}|{now.month}|{gravest}|{micros}"
            channel = channel_for(ctx, scope)
            stored_outbox.tell(db, channel, f"budget:{subject}", kind=KIND, subject=subject, now=at)
    ctx.wake()


def told_budget(ctx: Context, subject: str) -> tuple[BudgetStanding, str] | None:
    """The budget as it stood when its channel was told, and of what."""
    scope, month, mark, *micros = subject.split("|")  # messages of a version before name no amount
    found = stored_budgets.standing_noted(ctx.store.reading(), scope, month, mark, int(micros[0]) if micros else None)
    return (found, mark) if found else None


COLUMNS = (
    *("budget_of", "name", "month", "budget_usd", "spent_usd", "expected_usd", "low_80_usd", "high_80_usd"),
    *("chance_to_exceed_percent", "expected_over_on"),
)


def budget_lines(standings: Iterable[BudgetStanding]) -> Iterator[str]:
    """A line per budget, the header included; what is not known is empty."""
    yield csv_line(COLUMNS)
    for standing in standings:
        ahead = standing.expected
        bounds = (ahead.micros, ahead.lo_micros, ahead.hi_micros) if ahead else (None, None, None)
        money = (
            "" if micros is None else exact_usd(micros)
            for micros in (standing.budget_micros, standing.spent_micros, *bounds)
        )
        chance = "" if standing.chance_over is None else f"{standing.chance_over * 100:.1f}"
        over_on = standing.over_on.isoformat() if standing.over_on else ""
        name = safe(standing.scope.label or standing.scope.key)
        yield csv_line((standing.scope.kind, name, f"{standing.month:%Y-%m}", *money, chance, over_on))
