"""`/cost forecast`: from the ledger's days and what runs now to a report, kept as it was made."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from bot.domain.clock import HOUR, MINUTE
from bot.domain.days import day_length, day_start, local_day, month_end
from bot.domain.forecast import Forecast, chance_over, first_day_over, forecast_sum
from bot.domain.report import NEXT_DAYS, Range, Report, ReportDay, Scope
from bot.domain.spending import (
    DAY,
    STEADY,
    Days,
    Ledger,
    Machine,
    Parts,
    Used,
    drivers,
    known_changes,
    parts,
    whole_month,
)
from bot.services.desk import Desk
from store import ledger as charges
from store import spend
from store.spend import DaySpend
from store.sql import Row

FRESH = HOUR
DUE = 50 * MINUTE
"""Less than FRESH, so that an hourly run finds every report due, however it jitters."""
LOOK_BACK = 365
SHOWN_BACK = 31
TOTAL = Scope()


@dataclass(frozen=True, slots=True)
class _Books:
    """Everything read for reports of one moment."""

    now: int
    zone: ZoneInfo
    ledger: Ledger
    rows: tuple[DaySpend, ...]
    """Today included."""
    machines: tuple[Machine, ...]
    owned: tuple[Machine, ...]
    """Owned ones that run."""


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
    books = _books(desk)
    for scope in due:
        _keep(desk, _report(desk, scope, books))


def make(desk: Desk, scope: Scope) -> Report:
    """Make a report and keep it, for this answer and to be measured by when its days are over."""
    return _keep(desk, _report(desk, scope, _books(desk)))


def _keep(desk: Desk, report: Report) -> Report:
    with desk.store.writing() as db:
        start = day_start(report.today, ZoneInfo(report.timezone))
        charges.thin_forecasts(db, report.scope.text, start, report.made_at)
        charges.keep_forecast(db, report.scope.text, report.made_at, report.to_json())
    return report


def _books(desk: Desk) -> _Books:
    now, zone = desk.clock(), ZoneInfo(desk.settings.digest.timezone)
    today = local_day(now, zone)
    catch_up(desk)
    db = desk.store.reading()
    rows = (*spend.per_day(db, today - LOOK_BACK * DAY), *_open(db, today))
    begins, machines = spend.begins(db), spend.machines(db)
    known = [row for row in machines if row["provider"] == "ec2"]
    return _Books(
        now=now,
        zone=zone,
        ledger=_ledger(rows, zone, today, begins),
        rows=rows,
        machines=tuple(_machine(row) for row in known),
        owned=tuple(_machine(row) for row in machines if row["provider"] == "owned" and row["runs"]),
    )


def catch_up(desk: Desk) -> None:
    """Bring the sums per local day up to the last charge."""
    done = False
    while not done:
        with desk.store.writing() as db:
            done = spend.catch_up(db, desk.settings.digest.timezone)


def _open(db: Database, today: date) -> Iterator[DaySpend]:
    """What meters show that is not charged yet, as spent today."""
    for meter in charges.rented_meters(db):
        yield DaySpend(today, meter.instance_id, meter.team, meter.micros, meter.until_at - meter.from_at)


def _machine(row: Row) -> Machine:
    fields = {name: row[name] for name in ("id", "name", "type", "team", "rate_micros", "launched_at")}
    return Machine(**fields, runs=bool(row["runs"]))


def _ledger(rows: Sequence[DaySpend], zone: ZoneInfo, today: date, begins: int | None) -> Ledger:
    first = today
    if begins is not None:
        first = max(local_day(begins, zone), today - LOOK_BACK * DAY)
        if day_start(first, zone) < begins:  # it was metered in part only
            first += DAY
    first = min(first, today)
    seen: dict[str, date] = {}
    for row in rows:
        seen.setdefault(row.instance_id, row.day)
    days = _days(rows, first, today)
    return Ledger(zone, today, first, days, seen, frozenset(row.day for row in rows if first <= row.day < today))


def _days(rows: Iterable[DaySpend], first: date, today: date) -> Days:
    """Complete days by instance; a machine that changed its team within a day has two rows of it."""
    found: dict[str, dict[date, Used]] = {}
    for day, instance_id, _, micros, running_ms in rows:
        if not first <= day < today:
            continue
        days = found.setdefault(instance_id, {})
        before = days.get(day)
        used = (micros, running_ms) if before is None else (before.micros + micros, before.running_ms + running_ms)
        days[day] = Used(*used)
    return found


def _report(desk: Desk, scope: Scope, books: _Books) -> Report:
    ledger = books.ledger
    rows = _rows_of(scope, books)
    machines = [machine for machine in books.machines if _is_in(scope, machine)]
    days = ledger.days if scope.kind == "total" else _days(rows, ledger.first_day, ledger.today)
    taken = parts(_with_past(machines, days, books), days, ledger)
    rest = (month_end(ledger.today) - ledger.today).days + 1
    charged = _charged(rows, ledger.today.replace(day=1))
    whole = whole_month(forecast_sum(taken.series, horizon=rest), charged, _passed(books))
    ahead = forecast_sum(taken.series, horizon=max(rest, NEXT_DAYS))
    following = forecast_sum(taken.series, horizon=NEXT_DAYS)
    budget = _budget(desk, scope)
    steady = _steady_rest(taken, whole, charged, rest - _passed(books))
    unpriced = sum(machine.runs and machine.rate_micros is None for machine in machines)
    owned = sum(_is_in(scope, machine) for machine in books.owned)
    return Report(
        scope=scope,
        made_at=books.now,
        timezone=books.zone.key,
        today=ledger.today,
        charged_micros=charged,
        month=_range(whole),
        steady_rest_micros=steady,
        variable_rest_micros=round(whole.total) - charged - steady,
        next_days=_range(following),
        trust=whole.trust,
        days=_chart(rows, ahead, books),
        budget_micros=budget,
        chance_over=None if budget is None else chance_over(whole, float(budget)),
        over_on=None if budget is None else first_day_over(whole, float(budget)),
        drivers=drivers(machines, days, taken, ledger),
        changes=known_changes(machines, taken, ledger),
        notes=_notes(whole, unpriced=unpriced, owned=owned, beyond=_beyond_budgets(desk, scope, rows, ledger.today)),
        unpriced=unpriced,
        owned=owned,
    )


def _rows_of(scope: Scope, books: _Books) -> Sequence[DaySpend]:
    if scope.kind == "total":
        return books.rows
    if scope.kind == "type":
        ids = {machine.id for machine in books.machines if machine.type == scope.key}
        return [row for row in books.rows if row.instance_id in ids]
    if scope.kind == "team":
        return [row for row in books.rows if row.team == scope.key]
    return [row for row in books.rows if row.instance_id == scope.key]


def _is_in(scope: Scope, machine: Machine) -> bool:
    return {"team": machine.team, "type": machine.type, "instance": machine.id, "total": ""}[scope.kind] == scope.key


def _with_past(machines: list[Machine], days: Days, books: _Books) -> list[Machine]:
    """With machines that are another team's now: their days were charged to this one, but they cost it nothing more."""
    present = {machine.id for machine in machines}
    left = [each for each in books.machines if each.id in days and each.id not in present]
    return [*machines, *(replace(each, rate_micros=0) for each in left)]


def _charged(rows: Iterable[DaySpend], since: date) -> int:
    return sum(row.micros for row in rows if row.day >= since)


def _passed(books: _Books) -> float:
    """The share of today that is over."""
    today, zone = books.ledger.today, books.zone
    return min(1.0, (books.now - day_start(today, zone)) / day_length(today, zone))


def _steady_rest(taken: Parts, whole: Forecast, charged: int, days_left: float) -> int:
    return min(round(taken.steady_micros_per_day * days_left), round(whole.total) - charged)


def _range(outlook: Forecast) -> Range:
    return Range(round(outlook.total), _whole(outlook.lo80), _whole(outlook.hi80))


def _whole(amount: float | None) -> int | None:
    return None if amount is None else round(amount)


def _chart(rows: Iterable[DaySpend], ahead: Forecast, books: _Books) -> tuple[ReportDay, ...]:
    today = books.ledger.today
    spent: dict[date, int] = {}
    for row in rows:
        spent[row.day] = spent.get(row.day, 0) + row.micros
    first = max(books.ledger.first_day, today - SHOWN_BACK * DAY)
    past = [ReportDay(day, spent.get(day, 0)) for n in range((today - first).days) if (day := first + n * DAY)]
    so_far = spent.get(today, 0)
    expected = so_far + round(ahead.days[0].mean * (1 - _passed(books)))
    coming = [ReportDay(day.date, None, round(day.mean), _whole(day.lo80), _whole(day.hi80)) for day in ahead.days[1:]]
    return (*past, ReportDay(today, so_far, expected), *coming)


def _budget(desk: Desk, scope: Scope) -> int | None:
    roster = desk.roster()
    if scope.kind == "team":
        team = roster.team(scope.key)
        return team.budget_micros if team else None
    budgets = [team.budget_micros for team in roster.teams if team.budget_micros is not None]
    return sum(budgets) if scope.kind == "total" and budgets else None


def _beyond_budgets(desk: Desk, scope: Scope, rows: Iterable[DaySpend], today: date) -> int:
    """This month's spend of teams without a budget, where the total is held against the sum of budgets."""
    if _budget(desk, scope) is None or scope.kind != "total":
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
