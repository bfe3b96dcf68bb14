"""`/cost forecast`: reports made of the books, each kept as it was made and answered while it is fresh."""

from zoneinfo import ZoneInfo

from bot.domain.clock import HOUR, MINUTE
from bot.domain.days import day_start
from bot.domain.money.report import Report, Scope
from bot.services.desk import Desk
from bot.services.money.books import catch_up, open_books
from bot.services.money.forecast_report import report
from store import ledger as charges

__all__ = ["TOTAL", "answer", "catch_up", "make", "refresh"]

FRESH = HOUR
DUE = 50 * MINUTE
"""Less than FRESH, so that an hourly run finds every report due, however it jitters."""
TOTAL = Scope()


def answer(desk: Desk, scope: Scope) -> Report:
    """The newest report of a scope if it is less than an hour old, else a new one."""
    kept = charges.newest_forecast(desk.store.reading(), scope.text)
    if kept is not None and 0 <= desk.clock() - kept[0] < FRESH:
        try:
            return Report.from_json(kept[1])
        except (KeyError, TypeError, ValueError):
            pass  # another version wrote it
    return make(desk, scope)


def refresh(desk: Desk) -> None:
    """Make the reports of the total and of every team anew where they are due; run it every hour, or more often."""
    db, now = desk.store.reading(), desk.clock()
    scopes = (TOTAL, *(Scope("team", team.name) for team in desk.roster().teams))
    made = {scope: charges.newest_forecast(db, scope.text) for scope in scopes}
    due = [scope for scope, kept in made.items() if kept is None or not 0 <= now - kept[0] < DUE]
    if not due:
        return
    books = open_books(desk)
    for scope in due:
        _keep(desk, report(desk, scope, books))


def make(desk: Desk, scope: Scope) -> Report:
    """Make a report and keep it, for this answer and to be measured by when its days are over."""
    return _keep(desk, report(desk, scope, open_books(desk)))


def _keep(desk: Desk, made: Report) -> Report:
    with desk.store.writing() as db:
        start = day_start(made.today, ZoneInfo(made.timezone))
        charges.thin_forecasts(db, made.scope.text, start, made.made_at)
        charges.keep_forecast(db, made.scope.text, made.made_at, made.to_json())
    return made
