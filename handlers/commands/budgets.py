"""/cost budget: what is spent of it, what is expected, and what follows."""

from bot.domain.money.budgets import Standing
from bot.domain.money.report import Scope
from bot.services.desk import Desk
from bot.services.money import budget_amounts, budgeting
from handlers.blocks.money import budgets as blocks
from handlers.blocks.parts import Reply
from handlers.commands.scopes import SCOPES, scope
from handlers.commands.verbs import Ask, Verb


def budget(ask: Ask) -> Reply:
    """One budget, or all of them."""
    if ask.words:
        return of_scope(ask, scope(ask, "budget"))
    found = every(ask.desk)
    missing = budget_amounts.unknown(ask.desk)
    if not found and not missing:
        return blocks.none(ask.desk.settings.slack.cost_command, Scope())
    return blocks.overview(found, missing)


def every(desk: Desk) -> list[Standing]:
    """Where each budget stands."""
    return [now for each in budget_amounts.scopes(desk) if (now := budgeting.standing(desk, each))]


def of_scope(ask: Ask, about: Scope) -> Reply:
    """One budget in full."""
    now = budgeting.standing(ask.desk, about)
    if now is None:
        return blocks.none(ask.desk.settings.slack.cost_command, about)
    is_own = budget_amounts.own_budget(ask.desk, about) is not None
    return blocks.standing(now, budgeting.channel_for(ask.desk, about), is_own=is_own)


VERBS = (Verb("budget", f"budget [{SCOPES}]", "What is spent of it, what is expected, what follows.", budget),)
