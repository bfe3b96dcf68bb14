"""Budgets: where each stands, and what its channel hears of it, each thing once a month and amount."""

from collections.abc import Iterator

from sqlite_utils import Database

from bot.domain.money.budgets import Standing, marks, news
from bot.domain.money.report import Range, Scope
from bot.services.desk import Desk, channel_of
from bot.services.money import budget_amounts, forecasting, watching
from store import fleet, outbox
from store.money import budgets

KIND = "budget"
TOTAL = forecasting.TOTAL


def standing(desk: Desk, scope: Scope) -> Standing | None:
    """Where a budget stands, with what the month is expected to come to; None without a budget.

    Raises Refused before anything was looked at.
    """
    budget = budget_amounts.budget(desk, scope)
    if budget is None:
        return None
    month, spent = budget_amounts.this_month(desk), budget_amounts.spent(desk, desk.store.reading(), scope)
    report = forecasting.answer(desk, scope)
    ahead = report if report.today.replace(day=1) == month and report.trust != "run-rate" else None
    return Standing(
        scope=scope,
        month=month,
        budget_micros=budget,
        spent_micros=spent,
        expected=_at_least(spent, ahead.month) if ahead else None,
        chance_over=ahead.chance_over if ahead else None,
        over_on=ahead.over_on if ahead else None,
        asks=asks(desk, _team_of(desk, scope)),
        warn_percent=desk.settings.budget.warn_percent,
        timezone=desk.settings.digest.timezone,
        since=watching.counted_from(desk, month),
    )


def _at_least(spent: int, month: Range) -> Range:
    """The forecast may be an hour older than what was spent since."""

    def at_least(bound: int | None) -> int | None:
        return None if bound is None else max(bound, spent)

    return Range(max(month.micros, spent), at_least(month.lo_micros), at_least(month.hi_micros))


def asks(desk: Desk, team: str) -> bool:
    """Whether a team wants a yes for what goes beyond its budget."""
    known = desk.settings.teams.get(team)
    return known is None or known.ask_over_budget


def limits(desk: Desk, db: Database, team: str, type_: str, instance_id: str) -> Iterator[tuple[Scope, int, int]]:
    """Every budget that counts for a machine of a team, with what was spent of it this month, micro-dollars."""
    machine = (Scope("instance", instance_id),) if instance_id else ()
    for scope in (TOTAL, Scope("team", team), Scope("type", type_), *machine):
        budget = budget_amounts.own_budget(desk, scope)
        if budget is not None:
            yield scope, budget, budget_amounts.spent(desk, db, scope)


def look(desk: Desk) -> None:
    """Tell what has come about; run it every few minutes. Late is fine, twice is not."""
    for scope in () if watching.unseen(desk) else budget_amounts.scopes(desk):
        now = standing(desk, scope)
        reached = marks(now) if now else ()
        if now is None or not reached:
            continue
        known = budgets.marks(desk.store.reading(), scope.text, now.month, now.budget_micros)
        if not known.issuperset(reached):
            _tell(desk, now, reached)


def channel_for(desk: Desk, scope: Scope) -> str:
    """Where a scope's people are told of its budget: a machine's are its team."""
    return channel_of(desk, _team_of(desk, scope))


def _team_of(desk: Desk, scope: Scope) -> str:
    """Whose it is; empty for types and for everything."""
    return {"team": scope.key, "instance": fleet.team_of(desk.store.reading(), scope.key)}.get(scope.kind, "")


def _tell(desk: Desk, now: Standing, reached: tuple[str, ...]) -> None:
    scope, at, micros = now.scope, desk.clock(), now.budget_micros
    with desk.store.writing() as db:
        gravest = news(marks(now), budgets.marks(db, scope.text, now.month, micros))
        for mark in reached:
            budgets.note(db, scope.text, now.month, mark, micros=micros, now=at, standing=now.to_json())
        if gravest is not None:
            subject = f"{scope.text}|{now.month}|{gravest}|{micros}"
            channel = channel_for(desk, scope)
            outbox.tell(db, channel, f"budget:{subject}", kind=KIND, subject=subject, now=at)
    desk.wake()


def told(desk: Desk, subject: str) -> tuple[Standing, str] | None:
    """The budget as it stood when its channel was told, and of what."""
    scope, month, mark, *micros = subject.split("|")  # messages of a version before name no amount
    found = budgets.noted(desk.store.reading(), scope, month, mark, int(micros[0]) if micros else None)
    return (Standing.from_json(found), mark) if found else None
