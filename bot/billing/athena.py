"""The bill from a FOCUS export in place on S3, summed by Athena; only the sums travel.

Athena charges for bytes scanned: the query names its columns and billing periods, so a partitioned Parquet export is
read in part only, and the workgroup's own limit holds the rest.
"""

import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from typing import Any

from bot.billing.deliveries import RUN_FOLDER
from bot.billing.focus import lines_of
from bot.billing.focus_query import FocusShape, Query, literal, quoted
from bot.billing.overlap import NEARLY
from bot.domain.money.bill import BillLook, periods_between, utc_day
from bot.errors import Refused, Unreachable
from bot.providers.ec2_errors import AwsError

AthenaCall = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Makes one call: operation, parameters. Raises Unreachable."""
GLUE_CATALOG = "AwsDataCatalog"
QUERY_PAUSE_S = 2.0
QUERY_PATIENCE_S = 300
"""So many pauses before a query is given up and stopped."""
ENDED_STATES = frozenset({"FAILED", "CANCELLED"})
_PASSING = re.compile(r"internal.error|exhausted resources|try again|slow ?down|rate exceeded", re.IGNORECASE)
PERIOD_KEYS = ("billingperiod", "billing_period")
_MIB = 1024 * 1024


class AthenaDialect:
    """Athena's SQL, where it is its own."""

    def is_text(self, kind: str) -> bool:
        """Whether a column of that type is text."""
        return kind.startswith(("string", "varchar", "char", "binary", "varbinary"))

    def words(self, column: str, kind: str) -> str:
        """A column as text; of maps and the like there is none."""
        if kind.startswith(("map<", "struct<", "array<")):
            return "CAST(NULL AS VARCHAR)"
        return f"from_utf8({column})" if "binary" in kind else f"CAST({column} AS VARCHAR)"

    def day(self, column: str) -> str:
        """The day of a timestamp as text."""
        return f"date_format({column}, '%Y-%m-%d')"

    def tag(self, column: str, kind: str, key: str) -> str | None:
        """One tag; JSON text that is none has no tags. None for a type that has none either."""
        if kind.startswith("map<string"):
            return f"CAST(element_at({column}, {literal(key)}) AS VARCHAR)"
        if self.is_text(kind):
            words, name = self.words(column, kind), json.dumps(key, ensure_ascii=False)
            plain = f"json_extract_scalar({words}, {literal(f'$[{name}]')})"
            if '"' in key:
                return plain
            pairs = f"json_value({words}, {literal(f'lax $[*]?(@.key == {name}).value')})"
            return f"coalesce({plain}, {pairs})"
        if kind.startswith("struct<"):
            known = f"<{key}:" in kind or f",{key}:" in kind
            return f"CAST({column}.{quoted(key)} AS VARCHAR)" if known else "CAST(NULL AS VARCHAR)"
        return None


@dataclass(frozen=True, slots=True)
class AthenaTable:
    """Where the export lies and how it is asked."""

    database: str
    table: str
    workgroup: str = "primary"
    output: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Athena:
    """One table of FOCUS charges."""

    ask: AthenaCall
    table: AthenaTable
    team_tag: str
    wait: Callable[[float], None] = time.sleep
    name: str = "FOCUS by Athena"

    def seal(self) -> str:
        """Only asking can tell."""
        return ""

    def shape(self) -> tuple[FocusShape, tuple[str, ...], bool]:
        """The columns, which of them are partitions, and whether rows tell their file. Free. Raises Unreachable."""
        asked = {"CatalogName": GLUE_CATALOG, "DatabaseName": self.table.database, "TableName": self.table.table}
        found = self.ask("get_table_metadata", asked)["TableMetadata"]
        keys = found.get("PartitionKeys", [])
        kinds = {each["Name"]: each.get("Type", "string") for each in [*found.get("Columns", []), *keys]}
        of_files = found.get("TableType") == "EXTERNAL_TABLE"  # a view's rows are of no file
        return FocusShape(kinds, self.table.columns), tuple(each["Name"] for each in keys), of_files

    def check(self) -> str:
        """Whether the table is there and has the columns."""
        shape, *_ = self.shape()
        Query(shape, AthenaDialect(), self.team_tag)
        return f"The table {self.table.database}.{self.table.table} has the columns that are needed."

    def look(self, since: date, now: int, spend: Callable[[], None]) -> BillLook:
        """Have the billing periods from the month of `since` on summed: one query, and one for which folders count."""
        shape, partitions, of_files = self.shape()
        query = Query(shape, AthenaDialect(), self.team_tag)
        relation = f"{quoted(self.table.database)}.{quoted(self.table.table)}"
        wanted = self._wanted(partitions, since, utc_day(now))
        deliveries, looked = TableDeliveries(), 0
        if of_files:
            spend()
            looked, told = self._run(deliveries_query(query, relation, f"{wanted} AND {query.counted(since)}"))
            deliveries = newest_deliveries(told)
        if deliveries.without:
            wanted = f"{wanted} AND {deliveries.counted(query)}"
        spend()
        scanned, rows = self._run(query.text(f"(SELECT * FROM {relation} WHERE {wanted})", since))
        sums = lines_of(rows)
        if not sums.lines:
            raise Refused(f"{self.table.table} has no charges in USD from {since:%B %Y} on.")
        plain = [f"{note[0].upper()}{note[1:]}." for note in query.notes()]
        notes = [f"Athena scanned {(looked + scanned) / _MIB:,.0f} MiB.", *deliveries.notes, *sums.notes(), *plain]
        periods = tuple(sorted({line.period for line in sums.lines}))
        place = f"{self.table.database}.{self.table.table}"
        return BillLook(self.name, place, now, periods, tuple(sums.lines), notes=tuple(notes))

    def _wanted(self, partitions: Sequence[str], since: date, today: date) -> str:
        """Only the partitions of the periods asked for, where the table has such, as a condition."""
        key = next((each for each in partitions if each.lower() in PERIOD_KEYS), None)
        if key is None:
            return "TRUE"
        wanted = ", ".join(literal(each) for each in periods_between(since, today))
        return f"substr(CAST({quoted(key)} AS VARCHAR), 1, 7) IN ({wanted})"

    def _run(self, sql: str) -> tuple[int, Iterator[Sequence[Any]]]:
        """Bytes scanned, and the rows."""
        asked: dict[str, Any] = {"QueryString": sql, "WorkGroup": self.table.workgroup}
        if self.table.output:
            asked["ResultConfiguration"] = {"OutputLocation": self.table.output}
        query_id = self.ask("start_query_execution", asked)["QueryExecutionId"]
        for _ in range(QUERY_PATIENCE_S):
            run = self.ask("get_query_execution", {"QueryExecutionId": query_id})["QueryExecution"]
            state = run["Status"]["State"]
            if state == "SUCCEEDED":
                return int(run.get("Statistics", {}).get("DataScannedInBytes", 0)), self._rows(query_id)
            if state in ENDED_STATES:
                raise _gone_wrong(run["Status"].get("StateChangeReason") or state.lower())
            self.wait(QUERY_PAUSE_S)
        self.ask("stop_query_execution", {"QueryExecutionId": query_id})
        raise Unreachable(
            f"Athena took over {QUERY_PAUSE_S * QUERY_PATIENCE_S / 60:.0f} minutes, so the query was stopped"
        )

    def _rows(self, query_id: str) -> Iterator[Sequence[Any]]:
        """Every row of the result; the first page begins with the names of the columns."""
        asked: dict[str, Any] = {"QueryExecutionId": query_id}
        first = True
        while True:
            page = self.ask("get_query_results", asked)
            result = page["ResultSet"]
            names = [each["Name"] for each in result["ResultSetMetadata"]["ColumnInfo"]]
            for row in result["Rows"]:
                cells = [cell.get("VarCharValue") for cell in row["Data"]]
                if not (first and cells == names):
                    yield cells
                first = False
            if not page.get("NextToken"):
                return
            asked["NextToken"] = page["NextToken"]


def _gone_wrong(why: str) -> Unreachable:
    """The failure of a query, which has no code but only words."""
    said = AwsError("Athena", 400, "StartQueryExecution", why, "athena")
    words = said.words.removeprefix("Athena: ")
    told = words if words in why else f"{words} ({why[:200]})"
    return Unreachable(f"Athena did not read the export: {told}", retryable=bool(_PASSING.search(why)))


PATH_COLUMN = '"$path"'
"""Athena's column with the file of a row; views have none."""
FOLDER = f"regexp_extract({PATH_COLUMN}, '^(.*)/[^/]*$', 1)"


@dataclass(frozen=True, slots=True)
class _Held:
    """What one folder has of one account in one month."""

    charges: int
    first: str
    last: str
    """Days."""


@dataclass(slots=True)
class TableDeliveries:
    """Folders that don't count, with the months they don't count for; and what to say."""

    without: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    notes: list[str] = field(default_factory=list)

    def counted(self, query: Query) -> str:
        """The rows that count, as a condition."""
        parts = []
        for folder, months in sorted(self.without.items()):
            some = ", ".join(literal(each) for each in sorted(months))
            parts.append(f"({FOLDER} = {literal(folder)} AND {query.period()} IN ({some}))")
        return f"NOT coalesce({' OR '.join(parts)}, FALSE)"  # a month that can't be read is a hole, not left out


def deliveries_query(query: Query, relation: str, counted: str) -> str:
    """What is where: month, folder, account, charges, first and last day. It reads few columns."""
    period, day = query.period(), query.day()
    told = f"{period} AS period, {FOLDER} AS folder, coalesce({query.account()}, '') AS account"
    return (
        f"SELECT period, folder, account, count(*), min(day), max(day) FROM (SELECT {told}, {day} AS day "
        f"FROM {relation} WHERE {counted}) "
        "WHERE period IS NOT NULL AND day IS NOT NULL GROUP BY period, folder, account"
    )


def newest_deliveries(rows: Iterable[Sequence[Any]]) -> TableDeliveries:
    """Of deliveries of the same charges the newest that is whole. Raises Refused, with both names, where none tells."""
    months: dict[str, dict[str, dict[str, _Held]]] = defaultdict(lambda: defaultdict(dict))
    for period, folder, account, charges, first, last in rows:
        months[period][folder or ""][account] = _Held(int(charges), first, last)
    found = TableDeliveries()
    for period, folders in sorted(months.items()):
        for one, two in combinations(sorted(folders), 2):
            if _touches(folders[one], folders[two]):
                _decide(found, period, folders, one, two)
    return found


def _touches(one: Mapping[str, _Held], two: Mapping[str, _Held]) -> bool:
    """Whether both have charges of an account on the same days."""
    return any(one[each].first <= two[each].last and two[each].first <= one[each].last for each in one.keys() & two)


def _decide(
    found: TableDeliveries, period: str, folders: Mapping[str, Mapping[str, _Held]], one: str, two: str
) -> None:
    (place, _, older), (other, _, newer) = one.rpartition("/"), two.rpartition("/")
    if place != other or not (RUN_FOLDER.fullmatch(older) and RUN_FOLDER.fullmatch(newer)):
        raise Refused(
            f"{one} and {two} both hold {period} of the same accounts, and nothing tells which counts. "
            "Let the table lie over one of them. Nothing was taken from the export."
        )
    if period in found.without[one] or period in found.without[two]:
        return
    if _is_whole(folders[two], folders[one]):
        found.without[one].add(period)
    else:
        found.without[two].add(period)
        found.notes.append(f"The delivery {newer} of {period} is still arriving: {older} is read.")


def _is_whole(newer: Mapping[str, _Held], older: Mapping[str, _Held]) -> bool:
    return all(
        each in newer and newer[each].last >= older[each].last and newer[each].charges >= NEARLY * older[each].charges
        for each in older
    )
