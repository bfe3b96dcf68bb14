"""What may be spent in a month, by whom and on what, as the settings say; and what was."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import cast
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain.days import day_start, local_day
from bot.domain.money.rates import MICROS_PER_USD
from bot.domain.money.reports import MUCH_ESTIMATED
from bot.domain.money.scope import TOTAL, Scope, ScopeKind
from bot.services.context import Context, exactly
from bot.settings.money import ScopedBudgetSettings
from store.money import ledger as stored_ledger
from store.money.spend import DaySpend


def this_month(ctx: Context) -> date:
    """Its first day, in the zone of [digest], as for everything about money."""
    return local_day(ctx.clock(), ZoneInfo(ctx.settings.digest.timezone)).replace(day=1)


def scopes(ctx: Context) -> tuple[Scope, ...]:
    """What has a budget of its own this month: everything first, then teams, types and machines."""
    teams = (Scope("team", team.name) for team in ctx.roster().teams)
    others = (
        scope for setting in _of_month(ctx) if (scope := _scope(ctx, setting)) and scope.kind in {"type", "instance"}
    )
    return tuple(scope for scope in dict.fromkeys((TOTAL, *teams, *others)) if own_budget(ctx, scope) is not None)


def unknown_machines(ctx: Context) -> tuple[str, ...]:
    """Machines that have a budget this month, but that nobody knows as rented, by name."""
    return tuple(setting.parts[1] for setting in _of_month(ctx) if _scope(ctx, setting) is None)


def own_budget(ctx: Context, scope: Scope) -> int | None:
    """What was set for a scope, the one for just this month first; None for nothing."""
    found = [setting for setting in _of_month(ctx) if (about := _scope(ctx, setting)) and about.text == scope.text]
    if found:
        return int(max(found, key=lambda each: each.month).usd * MICROS_PER_USD)
    if scope.kind == "total":
        usd = ctx.settings.budget.usd
        return None if usd is None else int(usd * MICROS_PER_USD)
    team = ctx.roster().team(scope.key) if scope.kind == "team" else None
    return team.budget_micros if team else None


def budget_of(ctx: Context, scope: Scope) -> int | None:
    """A scope's own budget; for the whole company, where it has none, the sum of the teams'."""
    own = own_budget(ctx, scope)
    return sum(_of_teams(ctx).values()) if own is None and scope == TOTAL and _of_teams(ctx) else own


def spent_beyond_budgets(ctx: Context, scope: Scope, rows: Iterable[DaySpend], today: date) -> int:
    """This month's spend of teams without a budget, where the total is held against the sum of budgets."""
    if scope != TOTAL or own_budget(ctx, scope) is not None:
        return 0
    budgeted, since = _of_teams(ctx), today.replace(day=1)
    return sum(row.micros for row in rows if row.team not in budgeted and row.day >= since) if budgeted else 0


def spent_of(ctx: Context, db: Database, scope: Scope) -> int:
    """What a scope's rented machines have cost this month up to now, by our own metering."""
    return stored_ledger.spent(db, _month_start(ctx), scope.kind, scope.key)


def is_spent_estimated(ctx: Context, db: Database, scope: Scope, spent: int) -> bool:
    """Whether so much of that is at estimated rates that it may change a decision."""
    return stored_ledger.spent(db, _month_start(ctx), scope.kind, scope.key, estimated=True) > MUCH_ESTIMATED * spent


def _month_start(ctx: Context) -> int:
    return day_start(this_month(ctx), ZoneInfo(ctx.settings.digest.timezone))


def _of_teams(ctx: Context) -> dict[str, int]:
    teams = [team.name for team in ctx.roster().teams]
    found = {name: own_budget(ctx, Scope("team", name)) for name in teams}
    return {name: micros for name, micros in found.items() if micros is not None}


def _of_month(ctx: Context) -> Iterator[ScopedBudgetSettings]:
    month = f"{this_month(ctx):%Y-%m}"
    return (each for each in ctx.settings.budgets if each.month in {"", month})


def _scope(ctx: Context, setting: ScopedBudgetSettings) -> Scope | None:
    """None for a machine that nobody knows as rented."""
    kind, name = setting.parts
    if kind != "instance":
        return Scope(cast("ScopeKind", kind), name)
    found = exactly(ctx, name)
    return (
        Scope("instance", found.instance.id, found.instance.name)
        if found and found.instance.provider != "owned"
        else None
    )
