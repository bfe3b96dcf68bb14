"""What the budgets say of a start or launch: the team's always, others where they are over, or would be by it."""

from dataclasses import replace

from sqlite_utils import Database

from bot.domain.acting.actions import Facts, OverBudget
from bot.domain.money.rates import cost
from bot.domain.money.report import Scope
from bot.services.desk import Desk
from bot.services.money import budgeting


def known(desk: Desk, db: Database, team: str, facts: Facts, instance_id: str, length: int) -> Facts:
    """The facts with what may be spent this month, and has been; `instance_id` is empty for a machine to come."""
    costs, over = cost(facts.rate_micros or 0, length), []
    for scope, budget, spent in budgeting.limits(desk, db, team, facts.type, instance_id):
        if scope.kind == "team":
            facts = replace(facts, budget_micros=budget, spent_micros=spent)
        elif spent + costs > budget:
            over.append(OverBudget(_name(scope, facts), spent, budget))
    return replace(facts, over=tuple(over))


def _name(scope: Scope, facts: Facts) -> str:
    return {"total": "the company", "type": f"type {facts.type}"}.get(scope.kind, facts.name)
