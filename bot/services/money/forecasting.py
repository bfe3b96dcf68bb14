"""`/cost forecast`: from the ledger's days and what runs now to a report, kept as it was made."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from bot.domain.clock import HOUR, MINUTE
from bot.domain.days import day_start, local_day, month_end
from bot.domain.money.forecast import Forecast, chance_over, first_day_over, forecast_sum
from bot.domain.money.foresight import changes, usual_share
from bot.domain.money.plans import ENDS
from bot.domain.money.rates import USD
from bot.domain.money.report import SPANS, KnownChange, Range, Report, ReportDay, Scope
from bot.domain.money.spending import (
    DAY,
    STEADY,
    Days,
    Machine,
    Parts,
    capped,
    drivers,
    parts,
    past_changes,
    whole_month,
)
from bot.services.desk import Desk
from bot.services.money.books import Books, catch_up, days_of, is_in, open_books, rows_of
from store import ledger as charges
from store.spend import DaySpend

__all__ = ["TOTAL", "answer", "catch_up", "make", "refresh"]

FRESH = HOUR
DUE = 50 * MINUTE
"""Less than FRESH, so that an hourly run finds every report due, however it jitters."""
SHOWN_BACK = 31
LEARNED_FROM = 60
"""With shorter histories ranges are wider by the table, so they tell nothing of the table's last row."""
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
        _keep(desk, _report(desk, scope, books))


def make(desk: Desk, scope: Scope) -> Report:
    """Make a report and keep it, for this answer and to be measured by when its days are over."""
    return _keep(desk, _report(desk, scope, open_books(desk)))


def _keep(desk: Desk, report: Report) -> Report:
    with desk.store.writing() as db:
        start = day_start(report.today, ZoneInfo(report.timezone))
        charges.thin_forecasts(db, report.scope.text, start, report.made_at)
        charges.keep_forecast(db, report.scope.text, report.made_at, report.to_json())
    return report


def _report(desk: Desk, scope: Scope, books: Books) -> Report:
    ledger = books.ledger
    rows = rows_of(scope, books)
    machines = [machine for machine in books.machines if is_in(scope, machine)]
    days = ledger.days if scope.kind == "total" else days_of(rows, ledger.first_day, ledger.today)
    shares = {each: made.shares(ledger.today, books.zone, books.now) for each, made in books.plans.items()}
    taken = parts(_with_past(machines, days, books), days, ledger, shares)
    rest = (month_end(ledger.today) - ledger.today).days + 1
    charged = _charged(rows, ledger.today.replace(day=1))
    limit = _most_per_day(scope, machines)
    whole = whole_month(forecast_sum(taken.series, horizon=rest, own=books.own), charged, books.passed)
    whole = whole if limit is None else capped(whole, limit, passed=books.passed)
    ahead = {span: forecast_sum(taken.series, horizon=span, own=books.own) for span in SPANS}
    ahead = {span: each if limit is None else capped(each, limit) for span, each in ahead.items()}
    whose = budget(desk, scope)
    known = _known_rest(taken, books.passed, rest, most=round(whole.total) - charged)
    unpriced = sum(machine.runs and machine.rate_micros is None for machine in machines)
    owned = sum(is_in(scope, machine) for machine in books.owned)
    return Report(
        scope=scope,
        made_at=books.now,
        timezone=books.zone.key,
        today=ledger.today,
        charged_micros=charged,
        month=_range(whole),
        known_rest_micros=known,
        variable_rest_micros=round(whole.total) - charged - known,
        next_days=tuple(_range(ahead[span]) for span in SPANS),
        trust=whole.trust,
        days=_chart(rows, ahead[max(SPANS)], books),
        budget_micros=whose,
        chance_over=None if whose is None else chance_over(whole, float(whose)),
        over_on=None if whose is None else first_day_over(whole, float(whose)),
        drivers=drivers(machines, days, taken, ledger, _per_planned_day(machines, books)),
        changes=_changes(machines, books),
        uncounted=(*_uncounted(machines, books), *_bought(desk, scope, ledger.today)),
        notes=_notes(whole, unpriced=unpriced, owned=owned, beyond=_beyond_budgets(desk, scope, rows, ledger.today)),
        unpriced=unpriced,
        owned=owned,
    )


def _changes(machines: Sequence[Machine], books: Books) -> tuple[KnownChange, ...]:
    """What has just changed, and what is known to come."""
    past = past_changes(machines, books.kinds, books.ledger)
    return (*past, *changes(machines, books.kinds, books.plans, books.ledger))


def _uncounted(machines: Sequence[Machine], books: Books) -> tuple[str, ...]:
    """Claims that end on machines which ran before them: nothing says that those stop."""
    ends = books.foreseen.open_ended
    found = [each for each in machines if each.id in ends and books.kinds[each.id] == "steady"]
    found = [each for each in found if each.id not in books.plans]
    if not found:
        return ()
    first = min(found, key=lambda each: ends[each.id])
    day = local_day(ends[first.id], books.zone)
    more = f", and {len(found) - 1} more like it" if len(found) > 1 else ""
    return (f"the end of the claim on {first.name} on {day.day} {day:%b}{more}: it ran before, so it may run on.",)


def _bought(desk: Desk, scope: Scope, today: date) -> Iterator[str]:
    """Machines bought of late, or about to be: on no bill, but somebody may look for them here."""
    for name, host in desk.settings.owned.hosts.items():
        day = host.purchased_on
        if day is not None and today - SHOWN_BACK * DAY <= day and scope in {TOTAL, Scope("team", host.team)}:
            yield f"the purchase of {name} on {day.day} {day:%b %Y}: owned machines are on no bill."


def _per_planned_day(machines: Sequence[Machine], books: Books) -> dict[str, int]:
    """What planned machines cost on the days that they run, or on the mean day by their on-hours."""
    found = {}
    for machine in machines:
        made = books.plans.get(machine.id)
        if made is None or (made.why in ENDS and made.at <= books.now):
            continue
        share = 1.0 if made.why in ENDS else usual_share(made, books.ledger)
        found[machine.id] = round(share * machine.micros_per_day)
    return found


def _most_per_day(scope: Scope, machines: Sequence[Machine]) -> int | None:
    """What a single machine costs if it never stops; None for other scopes, or where no price is known."""
    if scope.kind != "instance" or not machines or machines[0].rate_micros is None:
        return None
    return machines[0].micros_per_day


def _with_past(machines: list[Machine], days: Days, books: Books) -> list[Machine]:
    """With machines that are another team's now: their days were charged to this one, but they cost it nothing more."""
    present = {machine.id for machine in machines}
    left = [each for each in books.machines if each.id in days and each.id not in present]
    return [*machines, *(replace(each, rate_micros=0) for each in left)]


def _charged(rows: Iterable[DaySpend], since: date) -> int:
    return sum(row.micros for row in rows if row.day >= since)


def _known_rest(taken: Parts, passed: float, rest: int, *, most: int) -> int:
    first, *others = taken.known_micros[:rest]
    return min(round(first * (1 - passed)) + sum(others), most)


def _range(outlook: Forecast) -> Range:
    bounds = (outlook.lo80, outlook.hi80, outlook.lo95, outlook.hi95)
    spread = outlook.spread if outlook.known_days >= LEARNED_FROM else None
    return Range(round(outlook.total), *(_whole(each) for each in (*bounds, spread)))


def _whole(amount: float | None) -> int | None:
    return None if amount is None else round(amount)


def _chart(rows: Iterable[DaySpend], ahead: Forecast, books: Books) -> tuple[ReportDay, ...]:
    today = books.ledger.today
    spent: dict[date, int] = {}
    for row in rows:
        spent[row.day] = spent.get(row.day, 0) + row.micros
    first = max(books.ledger.first_day, today - SHOWN_BACK * DAY)
    past = [ReportDay(day, spent.get(day, 0)) for n in range((today - first).days) if (day := first + n * DAY)]
    so_far = spent.get(today, 0)
    expected = so_far + round(ahead.days[0].mean * (1 - books.passed))
    coming = [ReportDay(day.date, None, round(day.mean), _whole(day.lo80), _whole(day.hi80)) for day in ahead.days[1:]]
    return (*past, ReportDay(today, so_far, expected), *coming)


def own_budget(desk: Desk, scope: Scope) -> int | None:
    """What was set for a team, or for the whole company; None for nothing."""
    if scope.kind == "total":
        usd = desk.settings.budget.usd
        return None if usd is None else int(usd * USD)
    team = desk.roster().team(scope.key) if scope.kind == "team" else None
    return team.budget_micros if team else None


def budget(desk: Desk, scope: Scope) -> int | None:
    """A scope's own budget; for the whole company, where it has none, the sum of the teams'."""
    own = own_budget(desk, scope)
    budgets = [team.budget_micros for team in desk.roster().teams if team.budget_micros is not None]
    return sum(budgets) if own is None and scope.kind == "total" and budgets else own


def _beyond_budgets(desk: Desk, scope: Scope, rows: Iterable[DaySpend], today: date) -> int:
    """This month's spend of teams without a budget, where the total is held against the sum of budgets."""
    if scope.kind != "total" or own_budget(desk, scope) is not None or budget(desk, scope) is None:
        return 0
    budgeted = {team.name for team in desk.roster().teams if team.budget_micros is not None}
    return _charged((row for row in rows if row.team not in budgeted), today.replace(day=1))


def _notes(outlook: Forecast, *, unpriced: int, owned: int, beyond: int) -> tuple[str, ...]:
    said = [note for note in dict.fromkeys(outlook.notes) if not note.startswith((STEADY, "Only "))]
    if outlook.trust == "run-rate":
        said = ["The ledger has under 3 days, so this is what runs now, without a range."]
    if unpriced:
        them = "1 running instance has" if unpriced == 1 else f"{unpriced} running instances have"
        said.append(f"{them} no known price, so this forecast leaves that out.")
    if owned:
        them = "1 owned instance costs" if owned == 1 else f"{owned} owned instances cost"
        said.append(f"{them} the same whether used or not, so this forecast of the bill leaves that out.")
    if beyond:
        said.append("The budget is the sum of the teams' budgets; what others spend counts against it too.")
    return tuple(said)
