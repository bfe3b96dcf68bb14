"""What a team's people may start and launch without asking: so much a month, for all of it together."""

from sqlite_utils import Database

from bot.domain.acting.actions import BY_RULE, Action
from bot.domain.acting.starting import month
from bot.domain.money.rates import cost
from bot.services.acting import overuse
from bot.services.desk import Desk
from bot.services.money import budgeting
from store.acting import actions


def may_go(desk: Desk, db: Database, action: Action) -> bool:
    """Whether nobody need be asked: it stays within the team's limit, counting what runs by this rule already."""
    limit, rate = desk.settings.unasked_micros(action.team), action.facts.rate_micros
    if action.kind not in {"start", "launch"} or not limit or rate is None:
        return False
    if overuse.must_ask(desk, action):
        return False
    if desk.roster().team_of(action.requester) != action.team:
        return False
    if budgeting.asks(desk, action.team):
        costs = cost(rate, action.length or 0)
        known = budgeting.limits(desk, db, action.team, action.facts.type, action.instance_id)
        if any(spent + costs > budget for _, budget, spent in known):
            return False
    return month(rate + actions.rule_micros(db, action.team, but=action.id)) < limit


def no_longer(desk: Desk, db: Database, action: Action) -> str | None:
    """Why a decision by this rule does not hold any more; None when it does, or a person decided."""
    if action.decider != BY_RULE or may_go(desk, db, action):
        return None
    return "It no longer stays within what the team may start unasked. Ask again, and an approver decides."
