"""/cost budget: what is spent of it, what is expected, and what follows."""

import re
from dataclasses import replace

from bot.domain.money.budgets import Standing
from bot.domain.money.report import Scope
from bot.errors import Refused, ValetError
from bot.services import silences
from bot.services.desk import Desk
from bot.services.money import budget_amounts, budgeting
from handlers.blocks.money import budgets as blocks
from handlers.blocks.parts import Reply
from handlers.blocks.silence import not_counted
from handlers.commands import days
from handlers.commands.scopes import SCOPES, scope
from handlers.commands.verbs import Ask, Verb

SET_BY = (
    "Budgets are set in valet.toml, by an admin: `budget_usd` of a team, `usd` under `[budget]` for all, "
    "`[[budgets]]` for a type, a machine or one month."
)
AMOUNT = re.compile(r"[$+-]{0,2}\d[\d.,_']*(?:k|m)?\$?(?:usd)?(?:/.*)?", re.ASCII | re.IGNORECASE)
"""What looks like money behind a name: it was to be set."""


def budget(ask: Ask) -> Reply:
    """One budget, or all of them."""
    if ask.words and ask.words[0].lower() in {"set", "change", "add", "raise", "lower"}:
        raise Refused(SET_BY)
    words = [word for word in ask.words if word.lower() not in {"for", "of", "left", "remaining", "all"}]
    if words:
        return of_scope(ask, _scope(replace(ask, words=words)))
    found = every(ask.desk)
    missing = budget_amounts.unknown(ask.desk)
    if not found and not missing:
        return blocks.none(ask.desk.settings.slack.cost_command, Scope())
    return blocks.overview(found, missing, _lacks(ask.desk))


def _lacks(desk: Desk) -> list[str]:
    """What of this month is not counted yet, as a source is silent."""
    return not_counted(silences.now(desk), desk.clock())


def _scope(ask: Ask) -> Scope:
    """As for every money question; whoever names a month as well is told of which one budgets are."""
    try:
        return scope(ask, "budget")
    except ValetError:
        if days.reads(ask.words[-1:], budget_amounts.this_month(ask.desk)):
            command = f"{ask.desk.settings.slack.cost_command} budget {' '.join(ask.words[:-1])[:60]}".strip()
            raise Refused(f"Budgets are told of this month. Try `{command}`.") from None
        if any(AMOUNT.fullmatch(word) for word in ask.words[1:]):
            raise Refused(SET_BY) from None
        raise


def every(desk: Desk) -> list[Standing]:
    """Where each budget stands."""
    return [now for each in budget_amounts.scopes(desk) if (now := budgeting.standing(desk, each))]


def of_scope(ask: Ask, about: Scope) -> Reply:
    """One budget in full."""
    now = budgeting.standing(ask.desk, about)
    if now is None:
        return blocks.none(ask.desk.settings.slack.cost_command, about)
    is_own = budget_amounts.own_budget(ask.desk, about) is not None
    return blocks.standing(now, budgeting.channel_for(ask.desk, about), is_own=is_own, lacks=_lacks(ask.desk))


VERBS = (Verb("budget", f"budget [{SCOPES}]", "What is spent of it, what is expected, what follows.", budget),)
