"""What the budgets say of a start or launch: the team's always, others where they are over, or would be by it."""

from dataclasses import replace
from typing import TypeVar

from sqlite_utils import Database

from bot.domain.acting.actions import Action, Facts, Kind, OverBudget, PaidFacts
from bot.domain.acting.obstacles import is_over
from bot.domain.money.rates import cost
from bot.domain.money.report import Scope
from bot.services import silences
from bot.services.desk import Desk
from bot.services.money import budget_amounts, budgeting, watching

F = TypeVar("F", bound=PaidFacts)
PAID: frozenset[Kind] = frozenset({"start", "launch", "clone", "resize"})
"""What makes something run that costs money."""


def known(desk: Desk, db: Database, team: str, facts: F, instance_id: str, length: int) -> F:
    """The facts with what may be spent this month, and has been; `instance_id` is empty for a machine to come."""
    costs, over = cost(facts.rate_micros or 0, length), []
    for scope, budget, spent in budgeting.limits(desk, db, team, facts.type, instance_id):
        if scope.kind == "team":
            facts = replace(facts, budget_micros=budget, spent_micros=spent)
        elif spent + costs > budget:
            over.append(OverBudget(_name(scope, facts), spent, budget))
    facts = replace(facts, over=tuple(over))
    return facts if facts.budget_micros is None and not over else _counted(desk, facts)


def _counted(desk: Desk, facts: F) -> F:
    """With what is not in what is spent: days before the first look, and sources that are silent."""
    begins = watching.counted_from(desk, budget_amounts.this_month(desk))
    silent = silences.now(desk)
    since = min((each.since for each in silent if each.since is not None), default=None)
    unread = tuple(each.name for each in silent)
    return replace(facts, spent_from=begins.isoformat() if begins else "", unread=unread, unread_since=since)


def _name(scope: Scope, facts: Facts) -> str:
    return {"total": "the company", "type": f"type {facts.type}"}.get(scope.kind, facts.name)


def over(desk: Desk, db: Database, action: Action) -> frozenset[str]:
    """The budgets that are over by now, or would be by an action."""
    if action.paid is None:
        return frozenset()
    runs = action.instance_id if action.kind == "start" else ""
    facts = known(desk, db, action.team, replace(action.paid, budget_micros=None), runs, action.length or 0)
    team = {f"team {action.team}"} if is_over(facts, action.length) else set()
    return frozenset({each.name for each in facts.over} | team)
