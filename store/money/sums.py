"""Sums of the ledger over any span, by whom and what: whole days by `day_sums`, and the rest from the charges."""

from collections.abc import Iterable, Iterator
from operator import add

from sqlite_utils import Database

from bot.domain.clock import DAY_MS
from bot.domain.machines.models import owned_type
from bot.domain.money.reports import LedgerSum, SumBy
from bot.domain.spans import TimeSpan
from store.money import day_sums
from store.sql import bound, one

_TYPE = "CASE WHEN i.provider = 'owned' THEN i.gpu_count || 'x' || i.gpu_model ELSE i.type END"
_KEYS: dict[SumBy, str] = {
    "team": "r.team",
    "used_by": "r.used_by",
    "person": "r.holder",
    "type": _TYPE,
    "instance": "r.instance_id",
}
_OF_A_DAY = ", ".join(f"sum(r.{name}) AS {name}" for name in day_sums.MEASURES)
_BY_MACHINE = frozenset({"type", "instance"})
"""Ways to tell sums apart that need to know the machine."""
_OF_ONE = (
    " AND c.id IN (SELECT id FROM charges WHERE instance_id = ?5 AND corrects IS NULL AND from_at >= ?1 "
    "AND from_at < ?2 UNION ALL SELECT k.id FROM charges b JOIN charges k ON k.corrects = b.id "
    "WHERE b.instance_id = ?5 AND b.corrects IS NULL AND b.from_at >= ?1 AND b.from_at < ?2)"
)
"""The charges of one machine with their corrections, so that an index serves them however long the ledger is."""
_EVERY_CHARGE = 0, 2**62


def sums_by(
    db: Database, by: SumBy, start: int, end: int, *, team: str | None = None, instance_id: str | None = None
) -> list[LedgerSum]:
    """The sums of charges from `start` up to `end` (of one team's machines, or of one machine).

    Rented ones first, the dearest first. A charge belongs to where its time begins.
    """
    with day_sums.snapshot(db):
        if instance_id is not None:
            hours = _charge_sums(db, by, (start, end), index=day_sums.BY_NUMBER, of=instance_id)
            found = merged_sums([*_old_sums(db, by, start, end, of=instance_id), *hours])
        else:
            found = merged_sums(_parts(db, by, start, end, team))
    typed = [_typed(each) for each in found] if by == "type" else found
    return sorted(typed, key=lambda each: (each.provider, -each.micros, each.name))


def _parts(db: Database, by: SumBy, start: int, end: int, team: str | None) -> Iterator[LedgerSum]:
    """The sums of whole days, and of what no whole day has: hours at both ends, and charges not counted yet."""
    days = day_sums.whole_days(db, start, end)
    if days is None:
        yield from _day_by_day(db, by, start, end, team)
        return
    yield from _whole_days(db, by, days, team)
    uncounted = days.charge_id, _EVERY_CHARGE[1]
    yield from _charge_sums(db, by, (days.start, days.end), index=day_sums.BY_NUMBER, numbers=uncounted, team=team)
    for span in ((start, days.start), (days.end, end)):
        if span[0] < span[1]:
            yield from _charge_sums(db, by, span, team=team)


def _whole_days(db: Database, by: SumBy, days: day_sums.WholeDays, team: str | None) -> list[LedgerSum]:
    key = _KEYS[by]
    if by in _BY_MACHINE:
        rowset = "machine_days r JOIN instances i ON i.id = r.instance_id"
        name, provider = "i.name" if by == "instance" else key, "i.provider"
    else:
        rowset, name, provider = "people_days r", key, "r.provider"
    told = "" if team is None else " AND r.team = ?"
    found = db.execute(
        f"SELECT {key} AS key, {name} AS name, {provider} AS provider, {_OF_A_DAY} FROM {rowset} "
        f"WHERE r.starts_at >= ? AND r.starts_at < ?{told} GROUP BY 1, 3",
        [days.start, days.end, *bound([] if team is None else [team])],
    )
    return [LedgerSum(*row) for row in found]


def _day_by_day(db: Database, by: SumBy, start: int, end: int, team: str | None) -> Iterator[LedgerSum]:
    """From the charges alone, a day at a time: the sums of a year at once would take gigabytes to sort."""
    ends = one(db, "SELECT min(from_at) AS first, max(from_at) + 1 AS last FROM charges") or {}
    yield from _old_sums(db, by, start, end, team=team)
    if ends["first"] is None:
        return
    for at in range(max(start, ends["first"]), min(end, ends["last"]), DAY_MS):
        yield from _charge_sums(db, by, (at, min(at + DAY_MS, end)), team=team)


def _old_sums(
    db: Database, by: SumBy, start: int, end: int, *, team: str | None = None, of: str | None = None
) -> list[LedgerSum]:
    """From hours that have become days."""
    name = "i.name" if by == "instance" else _KEYS[by]
    where = " AND r.team = ?" * (team is not None) + " AND r.instance_id = ?" * (of is not None)
    found = db.execute(
        f"SELECT {_KEYS[by]} AS key, {name} AS name, i.provider, {day_sums.SUMMED} FROM old_days r "
        f"JOIN instances i ON i.id = r.instance_id WHERE r.starts_at >= ? AND r.starts_at < ?{where} "
        "GROUP BY 1, i.provider",
        [start, end, *bound(each for each in (team, of) if each is not None)],
    )
    return [LedgerSum(*row) for row in found]


def _charge_sums(
    db: Database,
    by: SumBy,
    span: TimeSpan,
    *,
    index: str = day_sums.BY_TIME,
    numbers: tuple[int, int] = _EVERY_CHARGE,
    team: str | None = None,
    of: str | None = None,
) -> list[LedgerSum]:
    """From the charges that begin in a span, of these numbers (of one team, or of one machine)."""
    name = "i.name" if by == "instance" else _KEYS[by]
    shares = day_sums.shares_sql(index, also="" if of is None else _OF_ONE)
    where = "" if team is None else "WHERE r.team = ?5"
    found = db.execute(
        f"SELECT {_KEYS[by]} AS key, {name} AS name, i.provider, {day_sums.SUMMED} "
        f"FROM ({shares}) r JOIN instances i ON i.id = r.instance_id {where} GROUP BY 1, i.provider",
        [*span, *numbers, *bound(each for each in (team, of) if each is not None)],
    )
    return [LedgerSum(*row) for row in found]


def rented_since(db: Database, since: int, kind: str, key: str, *, estimated: bool) -> int:
    """Micro-dollars charged for rented machines since then: all, a "team"'s, of a "type", or one "instance"'s.

    `estimated`: only what is at rates that are not exact.
    """
    by: SumBy = "type" if kind == "type" else "instance" if kind == "instance" else "team"
    team, machine = key if kind == "team" else None, key if kind == "instance" else None
    found = sums_by(db, by, since, day_sums.NEVER_MS, team=team, instance_id=machine)
    wanted = [each for each in found if each.provider == "ec2" and (by == "team" or each.key == key)]
    return sum(each.estimated_micros if estimated else each.micros for each in wanted)


def merged_sums(sums: Iterable[LedgerSum]) -> list[LedgerSum]:
    """One sum for each key and provider."""
    found: dict[tuple[str, str], LedgerSum] = {}
    for each in sums:
        before = found.get((each.key, each.provider))
        found[each.key, each.provider] = each if before is None else _plus(before, each)
    return list(found.values())


def _plus(one_sum: LedgerSum, other: LedgerSum) -> LedgerSum:
    return LedgerSum(*one_sum[:3], *map(add, one_sum[3:], other[3:]))


def _typed(each: LedgerSum) -> LedgerSum:
    if each.provider != "owned":
        return each
    count, _, model = each.key.partition("x")
    name = owned_type(int(count), model)
    return each._replace(key=name, name=name)
