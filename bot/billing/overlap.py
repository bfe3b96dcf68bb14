"""Whether files hold the same charges: every run of a month-to-date export, a copy, the same as CSV and Parquet.

Charges are told apart by what they are for, never by what they cost, which changes until a month is closed. Of units
that hold the same, the one that has all the other has counts; of two that have as much, the newer.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from bot.billing.deliveries import Unit
from bot.billing.duck import DuckDialect, query_files, relation
from bot.billing.focus_query import FocusShape, Query, literal, quoted
from bot.errors import Refused

TOLD_BY = (
    *("SubAccountId", "ResourceId", "ServiceName", "ChargeCategory", "ChargeClass", "ChargeDescription", "SkuId"),
    *("SkuPriceId", "SkuMeter", "x_UsageType", "x_Operation", "PricingCategory", "CommitmentDiscountId", "RegionId"),
)
"""What a charge is for, beside its hour."""
SAME, APART = 0.5, 0.1
"""Share of the fewer charges that is in both, from which two hold the same; and up to which they don't."""
NEARLY = 0.9
"""A whole delivery may have so many charges of the one before: some are taken back."""
EQUAL = 0.005
ENOUGH_CELLS = 3
"""So many days and accounts with equal sums are no chance."""
SAMPLE_BYTES = 256 * 1024 * 1024
"""From so many bytes on only a part of the charges is compared."""
AGE_S = 60.0
"""Files written closer together than that were copied, and their times say nothing."""
MOST_NOTES = 3
OverlapCell = tuple[str, str]
"""A day and an account."""


@dataclass(frozen=True, slots=True)
class BillSource:
    """A unit with its columns."""

    unit: Unit
    shape: FocusShape


@dataclass(slots=True)
class _Month:
    """What one unit has of one billing period: charges and billed sum by day and account."""

    cells: dict[OverlapCell, tuple[int, float]]

    @property
    def charges(self) -> int:
        return sum(count for count, _ in self.cells.values())


@dataclass(slots=True)
class Chosen:
    """The months of each source that others have as well and that don't count, by its number; and what to say."""

    without: dict[int, set[str]]
    notes: list[str]


def choose_sources(database: Any, sources: Sequence[BillSource], team_tag: str, since: str) -> Chosen:
    """Raises Refused, with both names, where two hold the same and nothing tells which counts."""
    found = Chosen(defaultdict(set), [])
    some = _rivals(sources)
    if len(some) < 2:
        return found
    months = {number: _months(database, sources[number], team_tag, since) for number in some}
    for period in sorted({period for by_period in months.values() for period in by_period}):
        there = {number: by_period[period] for number, by_period in months.items() if period in by_period}
        touching = [pair for pair in combinations(there, 2) if _shared(*(there[each] for each in pair))]
        if touching:
            _decide(found, database, sources, there, touching, period, team_tag)
    if len(found.notes) > MOST_NOTES:
        more = len(found.notes) - MOST_NOTES
        found.notes[MOST_NOTES:] = [f"So it is with {more} more of its files."]
    return found


def sources_apart(database: Any, sources: Sequence[BillSource], team_tag: str) -> list[BillSource]:
    """Sources whose files are each a run of its own, though their names are those of parts, as one source a file."""
    found: list[BillSource] = []
    for source in sources:
        if len(source.unit.files) > 1 and not source.unit.vouched and _has_runs(database, source, team_tag):
            found += [BillSource(Unit((path,), source.unit.period), source.shape) for path in source.unit.files]
        else:
            found.append(source)
    return found


def _has_runs(database: Any, source: BillSource, team_tag: str) -> bool:
    """Whether most charges of one of its files are in another as well, where charges can be told apart at all."""
    files, query = source.unit.files, Query(source.shape, DuckDialect(), team_tag)
    columns = [each for each in TOLD_BY if source.shape.find(each)]
    part = 1 + sum(path.stat().st_size for path in files) // SAMPLE_BYTES
    database.execute("CREATE TABLE parts (file INTEGER, charge UBIGINT, times UBIGINT)")
    for number, path in enumerate(files):
        keys = query.keys(relation([path], source.shape.kinds), columns, hour=_hour(source.shape))
        key = "hash(concat_ws(chr(31), day, account, charge))"
        sql = f"SELECT {number}, {key} AS charge, count(*) FROM ({keys}) WHERE {key} % {part} = 0 GROUP BY 2"
        list(query_files(database, f"INSERT INTO parts {sql}", [path]))
    sql = (
        "SELECT count(*), sum(times), count(*) FILTER (WHERE files > 1) FROM "
        "(SELECT file, times, count(*) OVER (PARTITION BY charge) AS files FROM parts) GROUP BY file"
    )
    rows = list(query_files(database, sql, ()))
    database.execute("DROP TABLE parts")
    return any(also >= SAME * charges and charges >= NEARLY * float(times) for charges, times, also in rows)


def _rivals(sources: Sequence[BillSource]) -> list[int]:
    """Those that might hold the same month as another; where every folder names a month of its own, none does."""
    by_period: dict[str, list[int]] = defaultdict(list)
    for number, source in enumerate(sources):
        by_period[source.unit.period].append(number)
    if len(by_period.get("", [])):
        return list(range(len(sources)))
    return [number for some in by_period.values() if len(some) > 1 for number in some]


def _table(source: BillSource) -> str:
    return relation(source.unit.files, source.shape.kinds)


def _months(database: Any, source: BillSource, team_tag: str, since: str) -> dict[str, _Month]:
    query = Query(source.shape, DuckDialect(), team_tag)
    sql = (
        "SELECT period, day, coalesce(account, ''), count(*), sum(billed) FROM "
        f"({query.keys(_table(source), (), hour='NULL')}) "
        f"WHERE period >= {literal(since)} AND day IS NOT NULL GROUP BY 1, 2, 3"
    )
    found: dict[str, _Month] = {}
    for period, day, account, count, billed in query_files(database, sql, source.unit.files):
        found.setdefault(period, _Month({})).cells[(day, account)] = (count, float(billed or 0))
    return found


def _shared(one: _Month, two: _Month) -> set[OverlapCell]:
    return one.cells.keys() & two.cells.keys()


def _decide(
    found: Chosen,
    database: Any,
    sources: Sequence[BillSource],
    there: Mapping[int, _Month],
    touching: Sequence[tuple[int, int]],
    period: str,
    team_tag: str,
) -> None:
    """Leave out what another counts for."""
    some = sorted({number for pair in touching for number in pair})
    columns = [each for each in TOLD_BY if all(sources[number].shape.find(each) for number in some)]
    size = max(sum(path.stat().st_size for path in sources[number].unit.files) for number in some)
    part = 1 + size // SAMPLE_BYTES
    for number in some:
        _keep_keys(database, number, sources[number], team_tag, (columns, period, part))
    for one, two in touching:
        units = sources[one].unit, sources[two].unit
        names = units[0].name_beside(units[1]), units[1].name_beside(units[0])
        if not _is_same(database, one, two, there, (*names, period)):
            continue
        counts = _winner(one, two, sources, there)
        if counts is None:
            raise Refused(
                f"{names[0]} and {names[1]} hold the same charges of {period}, and nothing tells which counts. "
                "Take one of them out of the folder. Nothing was taken from the export."
            )
        lost = two if counts == one else one
        if period not in found.without[lost]:
            found.without[lost].add(period)
            found.notes.append(
                f"{names[lost == two]} and {names[counts == two]} hold the same charges of {period}: "
                f"{names[counts == two]} counts."
            )
    for number in some:
        database.execute(f"DROP TABLE keys_{number}")


def _keep_keys(
    database: Any, number: int, source: BillSource, team_tag: str, told: tuple[Sequence[str], str, int]
) -> None:
    """A table of the charges of a unit in a month, each once for its day and account."""
    columns, period, part = told
    query = Query(source.shape, DuckDialect(), team_tag)
    keys = query.keys(_table(source), columns, hour=_hour(source.shape))
    sql = (
        f"CREATE TABLE keys_{number} AS SELECT DISTINCT day, coalesce(account, '') AS account, hash(charge) AS charge "
        f"FROM ({keys}) WHERE period = {literal(period)} AND day IS NOT NULL AND hash(charge) % {part} = 0"
    )
    list(query_files(database, sql, source.unit.files))


def _hour(shape: FocusShape) -> str:
    """The hour a charge begins in, alike of timestamps and of text."""
    name = shape.find("ChargePeriodStart") or ""
    if shape.kinds[name].startswith("TIMESTAMP"):
        return f"strftime(CAST({quoted(name)} AS TIMESTAMP), '%Y-%m-%d %H')"
    text = DuckDialect().words(quoted(name), shape.kinds[name])
    return f"rpad(replace(substr({text}, 1, 13), 'T', ' '), 13, ' 00')"


def _is_same(database: Any, one: int, two: int, there: Mapping[int, _Month], told: tuple[str, str, str]) -> bool:
    """Whether two units hold the same charges. Raises Refused where they share some and no more."""
    shared = _shared(there[one], there[two])
    alike = f"SELECT day, account FROM keys_{one} INTERSECT SELECT day, account FROM keys_{two}"
    counted = [f"SELECT count(*) FROM keys_{number} WHERE (day, account) IN ({alike})" for number in (one, two)]
    both = f"SELECT count(*) FROM keys_{one} SEMI JOIN keys_{two} USING (day, account, charge)"
    fewest = min(next(query_files(database, sql, ()))[0] for sql in counted)
    share = next(query_files(database, both, ()))[0] / fewest if fewest else 0.0
    if share >= SAME:
        return True
    equal = [_equal(there[one].cells[cell][1], there[two].cells[cell][1]) for cell in shared]
    if len(shared) >= ENOUGH_CELLS and all(equal):
        return True  # by the hour in one, by the day in the other
    if share <= APART:
        return False
    raise Refused(
        f"{told[0]} and {told[1]} share {share:.0%} of their charges of {told[2]}: two parts of a bill or two "
        "runs of one, that can't be told. Take one of them out of the folder. Nothing was taken from the export."
    )


def _equal(one: float, two: float) -> bool:
    return abs(one - two) <= EQUAL * max(abs(one), abs(two), 0.01)


def _winner(one: int, two: int, sources: Sequence[BillSource], there: Mapping[int, _Month]) -> int | None:
    """Which of two that hold the same counts; None where nothing tells."""
    has_all = _covers(there[one], there[two]), _covers(there[two], there[one])
    if has_all[0] != has_all[1]:
        return one if has_all[0] else two
    if not has_all[0]:
        return None
    later = _later(sources[one].unit, sources[two].unit)
    if later:
        return one if later > 0 else two
    cells = there[one].cells
    if all(
        cells[cell][0] == count and _equal(cells[cell][1], billed) for cell, (count, billed) in there[two].cells.items()
    ):
        return one
    return None


def _covers(one: _Month, two: _Month) -> bool:
    """Whether one has every day and account of the other, and about as many charges."""
    return two.cells.keys() <= one.cells.keys() and one.charges >= NEARLY * two.charges


def _later(one: Unit, two: Unit) -> int:
    """1 where the first was written later, -1 where the second was, 0 where nothing tells."""
    (first, copy), (second, other) = one.stamp, two.stamp
    if first != second and len(first) == len(second):
        return 1 if first > second else -1
    if first == second and copy != other:
        return 1 if copy > other else -1
    age = one.modified - two.modified
    return 0 if abs(age) < AGE_S else 1 if age > 0 else -1
