"""`/cost forecast`: reports made of the books, each kept as it was made and answered while it is fresh."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from bot.domain.clock import DAY, MINUTE
from bot.domain.days import day_start
from bot.domain.money.report import Report, Scope
from bot.errors import Refused
from bot.services.desk import Desk
from bot.services.money import watching
from bot.services.money.books import Books, catch_up, open_books
from bot.services.money.forecast_report import report
from store.money import ledger as charges

__all__ = ["TOTAL", "answer", "catch_up", "make", "refresh"]

FRESH = 90 * MINUTE
"""Long enough that nobody who asks waits for a report that is made every hour, however that jitters."""
DUE = 50 * MINUTE
YOUNG, NOW = 4 * DAY, 2 * MINUTE
"""So long the ledger has no history to go by, only what runs now: reports of that are soon old, and quickly made."""
MOST = 20
"""So many types, and so many machines, are kept up to date: those that cost most this month."""
TOTAL = Scope()


def answer(desk: Desk, scope: Scope) -> Report:
    """The newest report of a scope if it is fresh, else a new one. Raises Refused before anything was looked at."""
    return _fresh(desk, scope, FRESH, watching.begun(desk.store.reading())) or make(desk, scope)


def _fresh(desk: Desk, scope: Scope, most: int, began: Sequence[int]) -> Report | None:
    """The newest report of a scope, if it is no older than that, and no place was read for the first time since.

    In the first days it is of what runs now, which is old after minutes.
    """
    kept = charges.newest_forecast(desk.store.reading(), scope.text)
    if kept is None or any(kept[0] <= at for at in began):
        return None
    is_young = not began or kept[0] - min(began) < YOUNG
    if not 0 <= desk.clock() - kept[0] < (NOW if is_young else most):
        return None
    try:
        return Report.from_json(kept[1])
    except (KeyError, TypeError, ValueError):
        return None  # another version wrote it


def refresh(desk: Desk) -> None:
    """Make the reports that people ask for anew where they are due; run it every hour, or more often.

    Of everything, of every team, and of the types and machines that cost most.
    """
    known = (TOTAL, *(Scope("team", team.name) for team in desk.roster().teams))
    began = watching.begun(desk.store.reading())

    def is_due(scope: Scope) -> bool:
        return _fresh(desk, scope, DUE, began) is None

    if watching.unseen(desk) or not any(map(is_due, known)):
        return
    books = open_books(desk)
    total = report(desk, TOTAL, books)
    for scope in (*known, *_dearest(total, books)):
        if is_due(scope):
            _keep(desk, total if scope == TOTAL else report(desk, scope, books))


def _dearest(total: Report, books: Books) -> Iterator[Scope]:
    """The types and machines that the month is dearest for."""
    types = {machine.id: machine.type for machine in books.machines}
    machines = [piece for piece in total.by_machine if piece.key]
    yield from (Scope("type", each) for each in list(dict.fromkeys(types[piece.key] for piece in machines))[:MOST])
    yield from (Scope("instance", piece.key, piece.name) for piece in machines[:MOST])


def make(desk: Desk, scope: Scope) -> Report:
    """Make a report and keep it, for this answer and to be measured by when its days are over.

    Raises Refused before anything was looked at.
    """
    why_not = watching.unseen(desk)
    if why_not:
        raise Refused(why_not)
    return _keep(desk, report(desk, scope, open_books(desk)))


def _keep(desk: Desk, made: Report) -> Report:
    with desk.store.writing() as db:
        start = day_start(made.today, ZoneInfo(made.timezone))
        charges.thin_forecasts(db, made.scope.text, start, made.made_at)
        charges.keep_forecast(db, made.scope.text, made.made_at, made.to_json())
    return made
