"""What may be spent in a month, by whom, as the settings say."""

from collections.abc import Iterable
from datetime import date

from bot.domain.money.rates import USD
from bot.domain.money.report import Scope
from bot.services.desk import Desk
from store.spend import DaySpend


def own_budget(desk: Desk, scope: Scope) -> int | None:
    """What was set for a team, or for the whole company; None for nothing."""
    if scope.kind == "total":
        usd = desk.settings.budget.usd
        return None if usd is None else int(usd * USD)
    team = desk.roster().team(scope.key) if scope.kind == "team" else None
    return team.budget_micros if team else None


def budget(desk: Desk, scope: Scope) -> int | None:
    """A scope's own budget; for the whole company, where it has none, the sum of the teams'."""
    own = own_budget(desk, scope)
    budgets = [team.budget_micros for team in desk.roster().teams if team.budget_micros is not None]
    return sum(budgets) if own is None and scope.kind == "total" and budgets else own


def beyond(desk: Desk, scope: Scope, rows: Iterable[DaySpend], today: date) -> int:
    """This month's spend of teams without a budget, where the total is held against the sum of budgets."""
    if scope.kind != "total" or own_budget(desk, scope) is not None or budget(desk, scope) is None:
        return 0
    budgeted = {team.name for team in desk.roster().teams if team.budget_micros is not None}
    since = today.replace(day=1)
    return sum(row.micros for row in rows if row.team not in budgeted and row.day >= since)
