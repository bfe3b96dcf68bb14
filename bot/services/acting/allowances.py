"""What the budgets say of a start or launch: the team's always, others where they are over, or would be by it."""

from dataclasses import replace
from typing import TypeVar

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.acting.actions import VALET, Action, ActionFacts, ActionKind, OverBudget, PaidFacts, StopFacts
from bot.domain.acting.obstacles import is_over
from bot.domain.money.rates import cost_for
from bot.domain.money.scope import Scope
from bot.domain.sharing.claims import Claim
from bot.services.context import Context
from bot.services.machines import sources
from bot.services.money import budget_amounts, budgets, ledger
from bot.services.sharing import limits
from store.machines import fleet as stored_fleet
from store.machines import listings
from store.sharing import claims as stored_claims

_F = TypeVar("_F", bound=PaidFacts)
PAID: frozenset[ActionKind] = frozenset({"start", "launch", "clone", "resize"})
"""What makes something run that costs money."""


def with_budgets(ctx: Context, db: Database, team: str, facts: _F, instance_id: str, length: int) -> _F:
    """The facts with what may be spent this month, and has been; `instance_id` is empty for a machine to come."""
    costs, over = cost_for(facts.rate_micros or 0, length), []
    for scope, budget, spent in budgets.budget_limits(ctx, db, team, facts.type, instance_id):
        if scope.kind == "team":
            facts = replace(facts, budget_micros=budget, spent_micros=spent)
        elif spent + costs > budget:
            over.append(OverBudget(_name(scope, facts), spent, budget))
    facts = replace(facts, over=tuple(over))
    return facts if facts.budget_micros is None and not over else _counted(ctx, facts)


def _counted(ctx: Context, facts: _F) -> _F:
    """With what is not in what is spent: days before the first look, and sources that are silent."""
    begins = ledger.counted_from(ctx, budget_amounts.this_month(ctx))
    silent = sources.unread_sources(ctx)
    since = min((source.since for source in silent if source.since is not None), default=None)
    unread = tuple(source.name for source in silent)
    return replace(facts, spent_from=begins.isoformat() if begins else "", unread=unread, unread_since=since)


def _name(scope: Scope, facts: ActionFacts) -> str:
    return {"total": "the company", "type": f"type {facts.type}"}.get(scope.kind, facts.name)


def budgets_over(ctx: Context, db: Database, action: Action) -> frozenset[str]:
    """The budgets that are over by now, or would be by an action."""
    if action.paid is None:
        return frozenset()
    runs = action.instance_id if action.kind == "start" else ""
    facts = with_budgets(ctx, db, action.team, replace(action.paid, budget_micros=None), runs, action.length or 0)
    team = {f"team {action.team}"} if is_over(facts, action.length) else set()
    return frozenset({budget.name for budget in facts.over} | team)


def with_fair_use(ctx: Context, db: Database, action: Action) -> Action:
    """An action with what it would go beyond, for its card. Raises OverLimit where nobody can let that pass."""
    planned = _planned(ctx, db, action)
    if planned is None or isinstance(action.facts, StopFacts):
        return action
    if ctx.settings.fair_use(planned.team).at_limit == "refuse":
        limits.check_limits(ctx, db, planned, advice="Release something first, or ask for a smaller one.")
    passed = limits.limit_excess(ctx, db, planned, whose=parts.person(action.requester))
    return replace(action, facts=replace(action.facts, beyond="; ".join(passed)))


def beyond_fair_use(ctx: Context, db: Database, action: Action) -> str | None:
    """What it goes beyond by now and somebody has to let pass; None where that is not a question."""
    planned = _planned(ctx, db, action)
    if planned is None:
        return None
    is_asked = ctx.settings.fair_use(planned.team).at_limit != "warn"
    return "; ".join(limits.limit_excess(ctx, db, planned, whose=parts.person(action.requester))) if is_asked else ""


def fair_use_asks(ctx: Context, action: Action) -> bool:
    """Whether an approver has to let it pass."""
    return (
        action.paid is not None
        and bool(action.paid.beyond)
        and ctx.settings.fair_use(_team(ctx, action)).at_limit == "ask"
    )


def _team(ctx: Context, action: Action) -> str:
    return ctx.roster().team_of(action.requester)


def _planned(ctx: Context, db: Database, action: Action) -> Claim | None:
    """The claim that comes of it; what a resize gives up for it does not count twice."""
    if action.kind not in PAID or action.requester == VALET or action.facts.rule or action.length is None:
        return None
    at, gpus = ctx.clock(), tuple(range(_count(ctx, db, action)))
    theirs = stored_claims.open_claims_of(db, action.requester)
    held = [claim for claim in theirs if claim.instance_id == action.instance_id]
    before = held[0].id if held and action.kind in {"resize", "start"} else action.id
    return Claim(
        id=before,
        instance_id=action.instance_id,
        holder=action.requester,
        from_at=at,
        until_at=at + action.length,
        gpus=gpus,
        team=_team(ctx, action),
    )


def _count(ctx: Context, db: Database, action: Action) -> int:
    """How many GPUs the machine has, as far as that is known."""
    template = ctx.settings.templates.get(action.template)
    row = stored_fleet.by_id(db, action.instance_id) if action.instance_id else None
    known = template.gpu_count if template else stored_fleet.instance_of(row).gpu_count if row else 0
    return max(1, (listings.gpus_of_type(db, action.facts.type) or known) if action.kind == "resize" else known)
