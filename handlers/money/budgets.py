"""/cost budget: what is spent of it, what is expected, and what follows."""

import re
from dataclasses import replace

from bot.domain.money.budgets import BudgetStanding
from bot.domain.money.scope import TOTAL, Scope
from bot.errors import Refused, ValetError
from bot.services.context import Context
from bot.services.machines import sources
from bot.services.money import budget_amounts, budgets, forecast, unusual
from handlers.blocks.money import budgets as budgets_blocks
from handlers.blocks.money import forecast as forecast_blocks
from handlers.blocks.money.budgets import (
    BUDGET_BUTTON,
    BUDGET_CSV_BUTTON,
    BUDGET_DRIVERS_BUTTON,
    BUDGET_HOW_BUTTON,
    UNUSUAL_EXPECTED_BUTTON,
    UNUSUAL_NOT_EXPECTED_BUTTON,
)
from handlers.blocks.parts import Reply, plainly
from handlers.blocks.silence import not_counted
from handlers.controller import Draw, Press
from handlers.parsing import dates
from handlers.parsing.scopes import SCOPES, read_scope, stored_scope
from handlers.verbs import Ask, Verb

SET_BY = (
    "Budgets are set in valet.toml, by an admin: `budget_usd` of a team, `usd` under `[budget]` for all, "
    "`[[budgets]]` for a type, a machine or one month."
)
MONEY_WORD = re.compile(r"[$+-]{0,2}\d[\d.,_']*(?:k|m)?\$?(?:usd)?(?:/.*)?", re.ASCII | re.IGNORECASE)
"""What looks like money behind a name: it was to be set."""


def budget(ask: Ask) -> Reply:
    """One budget, or all of them."""
    if ask.words and ask.words[0].lower() in {"set", "change", "add", "raise", "lower"}:
        raise Refused(SET_BY)
    words = [word for word in ask.words if word.lower() not in {"for", "of", "left", "remaining", "all"}]
    if words:
        return budget_of_scope(ask, _scope(replace(ask, words=words)))
    found = every(ask.ctx)
    missing = budget_amounts.unknown_machines(ask.ctx)
    if not found and not missing:
        return budgets_blocks.no_budget(ask.ctx.settings.slack.cost_command, TOTAL)
    return budgets_blocks.all_budgets(found, missing, _lacks(ask.ctx))


def _lacks(ctx: Context) -> list[str]:
    """What of this month is not counted yet, as a source is silent."""
    return not_counted(sources.unread_sources(ctx), ctx.clock())


def _scope(ask: Ask) -> Scope:
    """As for every money question; whoever names a month as well is told of which one budgets are."""
    try:
        return read_scope(ask, "budget")
    except ValetError:
        if dates.names_days(ask.words[-1:], budget_amounts.this_month(ask.ctx)):
            command = f"{ask.ctx.settings.slack.cost_command} budget {' '.join(ask.words[:-1])[:60]}".strip()
            raise Refused(f"Budgets are for this month only. Try `{command}`.") from None
        if any(MONEY_WORD.fullmatch(word) for word in ask.words[1:]):
            raise Refused(SET_BY) from None
        raise


def every(ctx: Context) -> list[BudgetStanding]:
    """Where each budget stands."""
    return [now for each in budget_amounts.scopes(ctx) if (now := budgets.standing_of(ctx, each))]


def budget_of_scope(ask: Ask, about: Scope) -> Reply:
    """One budget in full."""
    now = budgets.standing_of(ask.ctx, about)
    if now is None:
        return budgets_blocks.no_budget(ask.ctx.settings.slack.cost_command, about)
    is_own = budget_amounts.own_budget(ask.ctx, about) is not None
    return budgets_blocks.one_budget(now, is_own=is_own, lacks=_lacks(ask.ctx))


VERBS = (Verb("budget", f"budget [{SCOPES}]", "What is spent of it, what is expected, what follows.", budget),)


def drivers(ctx: Context, _user: str, _channel: str, value: str) -> Reply:
    """[What drives it]: the forecast of a team or of everything."""
    return forecast_blocks.forecast(forecast.report_for_asker(ctx, stored_scope(ctx, value)), "month")


def one_budget(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[nlp]: its budget in full."""
    return budget_of_scope(Ask(ctx, user, channel, []), stored_scope(ctx, value))


def how_budget_counted(ctx: Context, _user: str, _channel: str, value: str) -> Reply:
    """[How this is counted] of one budget, or of all of them: beside it."""
    if value == budgets_blocks.EVERY_BUDGET:
        standings = every(ctx)
        if not standings:
            raise Refused("All budgets are gone from valet.toml.")
        return budgets_blocks.all_counted(standings[0])
    about = stored_scope(ctx, value)
    now = budgets.standing_of(ctx, about)
    if now is None:
        raise Refused("That budget is gone from valet.toml.")
    is_own = budget_amounts.own_budget(ctx, about) is not None
    return budgets_blocks.budget_counted(now, budgets.channel_for(ctx, about), is_own=is_own)


def as_csv(ctx: Context, _user: str, _channel: str, value: str) -> Reply:
    """[As CSV] of one budget, or of all of them: to whoever pressed."""
    one_of = None if value == budgets_blocks.EVERY_BUDGET else budgets.standing_of(ctx, stored_scope(ctx, value))
    found = every(ctx) if value == budgets_blocks.EVERY_BUDGET else [one_of] if one_of else []
    if not found:
        raise Refused("That budget is gone from valet.toml.")
    return budgets_blocks.as_csv(found[0].month, "".join(budgets.budget_lines(found)))


def expected(ctx: Context, user: str, _channel: str, value: str) -> Reply:
    """[Expected] under an unusual day."""
    return _answer(ctx, user, value, is_expected=True)


def not_expected(ctx: Context, user: str, _channel: str, value: str) -> Reply:
    """[Not expected] under an unusual day."""
    return _answer(ctx, user, value, is_expected=False)


def _answer(ctx: Context, user: str, value: str, *, is_expected: bool) -> Reply:
    return plainly(budgets_blocks.unusual_answered(unusual.answer_unusual(ctx, value, user, is_expected=is_expected)))


BUTTONS: dict[str, Press] = {
    UNUSUAL_EXPECTED_BUTTON: expected,
    UNUSUAL_NOT_EXPECTED_BUTTON: not_expected,
    BUDGET_DRIVERS_BUTTON: drivers,
    BUDGET_BUTTON: one_budget,
    BUDGET_HOW_BUTTON: how_budget_counted,
    BUDGET_CSV_BUTTON: as_csv,
}


def draw_budget(ctx: Context, subject: str) -> Reply | None:
    """A budget that is nearly spent, spent, or expected to be; its subject is "scope|month|mark|micros"."""
    found = budgets.told_budget(ctx, subject)
    return budgets_blocks.budget_told(*found) if found else None


def unusual_day(ctx: Context, subject: str) -> Reply | None:
    """A day far outside its own interval; its subject is "scope|day"."""
    found = unusual.told_unusual(ctx, subject)
    return budgets_blocks.unusual(*found) if found else None


MESSAGES: dict[str, Draw] = {budgets.KIND: draw_budget, unusual.KIND: unusual_day}
