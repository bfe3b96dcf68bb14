"""/cost budget: what is spent of it, what is expected, and what follows."""

from bot.domain.money.report import Scope
from bot.errors import Refused
from bot.nearest import nearest
from bot.services.desk import channel_of
from bot.services.money import budgeting
from handlers.blocks import budgets as blocks
from handlers.blocks.parts import Reply
from handlers.commands.verbs import Ask, Verb


def budget(ask: Ask) -> Reply:
    """One budget, or all of them."""
    words = [word for word in ask.words if word.lower() != "team"]
    if words:
        return of_scope(ask, _scope(ask, " ".join(words)))
    found = [now for scope in budgeting.scopes(ask.desk) if (now := budgeting.standing(ask.desk, scope))]
    return blocks.overview(found) if found else blocks.none(ask.desk.settings.slack.cost_command, "")


def of_scope(ask: Ask, scope: Scope) -> Reply:
    """One budget in full."""
    now = budgeting.standing(ask.desk, scope)
    if now is None:
        return blocks.none(ask.desk.settings.slack.cost_command, scope.key)
    is_own = scope in budgeting.scopes(ask.desk)
    return blocks.standing(now, channel_of(ask.desk, scope.key), is_own=is_own)


def _scope(ask: Ask, name: str) -> Scope:
    known = [team.name for team in ask.desk.roster().teams]
    if name == "total":
        return budgeting.TOTAL
    if name not in known:
        close = nearest(name, [*known, "total"]) or ["total"]
        raise Refused(f'There is no team "{name[:60]}". Try {" or ".join(close)}.')
    return Scope("team", name)


VERBS = (Verb("budget", "budget [team|total]", "What is spent of it, what is expected, what follows.", budget),)
