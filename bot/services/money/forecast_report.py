"""Makes one report of the books: what a scope's machines are expected to cost, and what stands behind it."""

from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from bot.domain.days import day_start, local_day, month_end
from bot.domain.money.bounds import left, most_per_day, outlook, range_of, whole_micros
from bot.domain.money.expected import STEADY, Expected, parts
from bot.domain.money.forecast import Forecast, chance_over, first_day_over
from bot.domain.money.foresight import changes, usual_share
from bot.domain.money.pieces import Charged, named, pieces, pooled, shortened
from bot.domain.money.plans import ENDS
from bot.domain.money.report import SPANS, KnownChange, Piece, Report, ReportDay, Scope
from bot.domain.money.spending import DAY, Machine, drivers, past_changes
from bot.domain.silence import Silence
from bot.services import silences
from bot.services.desk import Desk
from bot.services.money.books import Books, days_of, is_in, metered, rows_of
from bot.services.money.budget_amounts import beyond, budget
from bot.services.money.nights import idle_nights
from store.acting import standstills
from store.money.spend import DaySpend

SHOWN_BACK = 31
MOST_SILENT = 2


def report(desk: Desk, scope: Scope, books: Books) -> Report:
    """What a scope costs this month and on the days ahead."""
    ledger = books.ledger
    rows = rows_of(scope, books)
    machines, owned = ([each for each in some if is_in(scope, each)] for some in (books.machines, books.owned))
    days = ledger.days if scope.kind == "total" else days_of(rows, ledger.first_day, ledger.today)
    expected = [each for each in books.outlook.machines if is_in(scope, each)]
    rest = (month_end(ledger.today) - ledger.today).days + 1
    charged = _charged(rows, ledger.today.replace(day=1))
    known, variable = _to_come(expected, rest, books)
    most = most_per_day(machines, ledger, max(rest, *SPANS))
    series = parts(expected, books.outlook.kinds, days, ledger).series
    see = partial(outlook, series, passed=books.passed, own=books.own, most=most if scope.kind == "instance" else None)
    whole, today = see(charged, horizon=rest), _charged(rows, ledger.today)
    ahead = {span: see(today, horizon=span) for span in SPANS}
    whose, usual = budget(desk, scope), {each.id: each.variable for each in expected}
    unpriced = sum(machine.runs and machine.rate_micros is None for machine in machines)
    silent, more = _silences(desk, scope, machines, books), beyond(desk, scope, rows, ledger.today)
    early = _unknown(scope, books)
    return Report(
        scope=scope,
        made_at=books.now,
        timezone=books.zone.key,
        today=ledger.today,
        charged_micros=charged,
        month=range_of(charged + known + variable, whole),
        known_rest_micros=known,
        variable_rest_micros=variable,
        next_days=tuple(range_of(today + sum(_to_come(expected, n, books)), each) for n, each in ahead.items()),
        trust=whole.trust,
        days=_chart(rows, ahead[max(SPANS)], metered(scope, books), books),
        budget_micros=whose,
        chance_over=None if whose is None else chance_over(whole, float(whose)),
        over_on=None if whose is None else first_day_over(whole, float(whose)),
        drivers=drivers(machines, books.outlook.kinds, _per_planned_day(machines, books), usual),
        changes=_changes(machines, books),
        uncounted=(*_uncounted(machines, books), *_held_on(desk, machines), *_bought(desk, scope, ledger.today)),
        notes=(*silent, *early, *_notes(whole, unpriced=unpriced, owned=len(owned), beyond=more)),
        unpriced=unpriced,
        owned=len(owned),
        by_team=_by_team(rows, expected, rest, books) if scope.kind == "total" else (),
        by_machine=_by_machine(rows, expected, rest, books) if scope.kind != "instance" else (),
        idle_nights=idle_nights(desk, books) if scope.kind == "total" else (),
        most_micros=None if most is None else charged + left(most[:rest], books.passed),
    )


def _to_come(expected: Iterable[Expected], days: int, books: Books) -> tuple[int, int]:
    """What is known and what varies on so many days from today on, without what has passed of it."""
    found = [each.rest(days, books.passed) for each in expected]
    return sum(known for known, _ in found), sum(variable for _, variable in found)


def _by_team(rows: Sequence[DaySpend], expected: Sequence[Expected], rest: int, books: Books) -> tuple[Piece, ...]:
    charged = _sums(((row.team, row) for row in rows), books)
    found = pieces(charged, expected, lambda each: each.team, rest=rest, passed=books.passed)
    return shortened(pooled(found, books.outlook.uneven))


def _by_machine(rows: Sequence[DaySpend], expected: Sequence[Expected], rest: int, books: Books) -> tuple[Piece, ...]:
    charged = _sums(((row.instance_id, row) for row in rows), books)
    found = pieces(charged, expected, lambda each: each.id, rest=rest, passed=books.passed)
    return shortened(named(found, {each.id: each.name for each in books.machines}))


def _sums(rows: Iterable[tuple[str, DaySpend]], books: Books) -> dict[str, Charged]:
    """What was charged this month and today, by key."""
    found: dict[str, Charged] = {}
    for key, row in rows:
        if row.day >= books.ledger.today.replace(day=1):
            so_far, today = found.get(key, Charged()), row.micros if row.day == books.ledger.today else 0
            found[key] = Charged(so_far.month + row.micros, so_far.today + today)
    return found


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


def _held_on(desk: Desk, machines: Iterable[Machine]) -> Iterator[str]:
    """What is paid for machines that stand still; the ledger charges while they run."""
    held = standstills.held_on(desk.store.reading())
    for each in machines:
        if each.id in held:
            yield f"{held[each.id]} of {each.name}, which is stopped: it is paid whether that runs or not."


def _bought(desk: Desk, scope: Scope, today: date) -> Iterator[str]:
    """Machines bought of late, or about to be: on no bill, but somebody may look for them here."""
    for name, host in desk.settings.owned.hosts.items():
        day = host.purchased_on
        if day is not None and today - SHOWN_BACK * DAY <= day and scope in {Scope(), Scope("team", host.team)}:
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


def _charged(rows: Iterable[DaySpend], since: date) -> int:
    return sum(row.micros for row in rows if row.day >= since)


def _chart(rows: Iterable[DaySpend], ahead: Forecast, known: Container[date], books: Books) -> tuple[ReportDay, ...]:
    today = books.ledger.today
    spent: dict[date, int] = {}
    for row in rows:
        spent[row.day] = spent.get(row.day, 0) + row.micros
    first = max(books.ledger.first_day, today - SHOWN_BACK * DAY)
    days = [first + n * DAY for n in range((today - first).days)]
    past = [ReportDay(day, spent.get(day, 0 if day in known else None)) for day in days]
    so_far = spent.get(today, 0)
    expected = so_far + round(ahead.days[0].mean)
    coming = [
        ReportDay(day.date, None, round(day.mean), whole_micros(day.lo80), whole_micros(day.hi80))
        for day in ahead.days[1:]
    ]
    return (*past, ReportDay(today, so_far, expected), *coming)


def _silences(desk: Desk, scope: Scope, machines: Iterable[Machine], books: Books) -> tuple[str, ...]:
    """What was charged lacks something while a source is silent."""
    total = scope.kind == "total"
    found = silences.now(desk) if total else silences.of_machines(desk, (each.id for each in machines))
    return tuple(_lacks(each, books.zone) for each in found[:MOST_SILENT])


def _lacks(silent: Silence, zone: ZoneInfo) -> str:
    if silent.since is None:
        return f"{silent.name} was never read, so nothing of it is in what was charged."
    last = datetime.fromtimestamp(silent.since / 1000, zone)
    read = f"{silent.name} was last read on {last.day} {last:%b} at {last:%H:%M} ({zone.key})"
    return f"{read}: what its machines cost since then is not in what was charged."


def _unknown(scope: Scope, books: Books) -> Iterator[str]:
    """What the month can't have in it: its days before the first look, of all or of a place that was added."""
    first = day_start(books.ledger.today.replace(day=1), books.zone)
    late = {name: since for name, since in books.begins.items() if since > first and _has_part(scope, name, books)}
    if late and min(late.values()) == min(books.begins.values()):
        since = local_day(min(late.values()), books.zone)
        yield f"{since:%B} is counted from {since.day} {since:%b} on: what it cost before nobody saw."
    elif late:
        name, at = min(late.items(), key=lambda each: each[1])
        since, more = local_day(at, books.zone), f", and {len(late) - 1} more later" if len(late) > 1 else ""
        yield f"{name} is counted from {since.day} {since:%b} on{more}: what it cost before nobody saw."


def _has_part(scope: Scope, source: str, books: Books) -> bool:
    """Whether any machine of the scope is there."""
    return any(books.ledger.sources.get(each.id) == source for each in books.machines if is_in(scope, each))


def _notes(outlook: Forecast, *, unpriced: int, owned: int, beyond: int) -> tuple[str, ...]:
    said = [note for note in dict.fromkeys(outlook.notes) if not note.startswith((f"{STEADY}: ", "Only "))]
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
