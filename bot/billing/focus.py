"""The bill from FOCUS exports in files: CSV, CSV.gz and Parquet, read by DuckDB in this process. Its only import.

AWS delivers a billing period either over the last delivery or beside it, in a folder per delivery named by its time;
of those only the newest counts (docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html).
"""

import glob
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from bot.billing.focus_query import Query, Shape, Sums, added_up, lines_of, literal, quoted
from bot.domain.money.bill import BillLook
from bot.errors import Refused, Unreachable

CSV, PARQUET = "csv", "parquet"
PERIOD = re.compile(r"billing_?period=(\d{4}-\d{2}).*", re.IGNORECASE)
CSV_BUFFER = 4 * 1024 * 1024
"""Bytes; DuckDB's own 32 MB for each file and thread do not fit into a small limit."""
THREADS = 4
"""At most: each takes memory, and the bot has other things to do."""
AT_A_TIME = 2_000
INSTALL = "To read FOCUS files, Valet needs DuckDB: pip install 'gpu-valet[focus]'."


class DuckDialect:
    """DuckDB's SQL, where it is its own."""

    def is_text(self, kind: str) -> bool:
        """Whether a column of that type is text."""
        return kind in {"VARCHAR", "JSON"}

    def day(self, column: str) -> str:
        """The day of a timestamp as text, in UTC."""
        return f"strftime(CAST({column} AS TIMESTAMP), '%Y-%m-%d')"

    def tag(self, column: str, kind: str, key: str) -> str:
        """One tag; JSON text that is none has no tags."""
        if kind.startswith("MAP("):
            return f"CAST({column}[{literal(key)}] AS VARCHAR)"
        if kind.endswith("[]"):
            return f"CAST(list_filter({column}, lambda pair: pair.key = {literal(key)})[1].value AS VARCHAR)"
        if kind.startswith("STRUCT("):
            return _field(column, kind, key)
        if self.is_text(kind):
            path = literal(f"$.{json.dumps(key, ensure_ascii=False)}")
            return f"CASE WHEN json_valid({column}) THEN json_extract_string({column}, {path}) ELSE NULL END"
        raise Refused(f"The export's Tags are {kind[:60]}; Valet reads a map, a record, or JSON text.")


def _field(column: str, kind: str, key: str) -> str:
    """A field of a record, where it has one."""
    if f"{quoted(key)} " not in kind and f"({key} " not in kind and f", {key} " not in kind:
        return "CAST(NULL AS VARCHAR)"
    return f"CAST(struct_extract({column}, {literal(key)}) AS VARCHAR)"


@dataclass(frozen=True, slots=True)
class Focus:
    """Files under a path, a folder or a pattern."""

    path: str
    team_tag: str
    columns: Mapping[str, str] = field(default_factory=dict)
    memory_mib: int = 512
    name: str = "FOCUS files"

    def seal(self) -> str:
        """Stands for the files as they are now. Raises Unreachable when there are none."""
        told = hashlib.sha256()
        for path in self._files():
            stat = path.stat()
            told.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
        return told.hexdigest()

    def look(self, since: date, now: int, spend: Callable[[], None]) -> BillLook:
        """Sum the billing periods from the month of `since` on; costs nothing but time."""
        seal, files = self.seal(), [path for path in self._files() if not _is_older(path, since)]
        if not files:
            raise Refused(f"The export in {self.path} has no billing period from {since:%B %Y} on.")
        newest = max(int(path.stat().st_mtime * 1000) for path in files)
        with tempfile.TemporaryDirectory(prefix="valet-focus-") as spill:
            database = _duckdb(self.memory_mib, spill)
            try:
                sums = lines_of(self._rows(database, files, since))
            finally:
                database.close()
        return self._look(sums, since, min(newest, now), seal)

    def check(self) -> str:
        """Whether there are files, and every kind of them has the columns."""
        files = self._files()
        with tempfile.TemporaryDirectory(prefix="valet-focus-") as spill:
            database = _duckdb(self.memory_mib, spill)
            try:
                for kind, some in _batches(files):
                    Query(self._shape(database, _relation(kind, some)), DuckDialect(), self.team_tag)
            finally:
                database.close()
        count = "1 file has" if len(files) == 1 else f"{len(files)} files have"
        return f"FOCUS: {count} the columns that are needed."

    def _look(self, sums: Sums, since: date, as_of: int, seal: str) -> BillLook:
        if not sums.lines:
            raise Refused(f"The export in {self.path} has no charges in USD from {since:%B %Y} on.")
        notes = []
        if sums.foreign:
            notes.append(f"{sums.foreign:,} of its charges are in another currency than USD and are left out.")
        # a correction of an earlier month adds to that month's days, and does not stand for the whole of it
        periods = tuple(sorted({line.period for line in sums.lines}))
        return BillLook(self.name, self.path, as_of, periods, tuple(sums.lines), seal=seal, notes=tuple(notes))

    def _rows(self, database: Any, files: Sequence[Path], since: date) -> Iterator[Sequence[Any]]:
        """The sums over all batches of files."""
        for number, (kind, some) in enumerate(_batches(files)):
            relation = _relation(kind, some)
            query = Query(self._shape(database, relation), DuckDialect(), self.team_tag).text(relation, since)
            list(
                _asked(database, f"{'INSERT INTO' if number else 'CREATE TABLE'} sums {'' if number else 'AS'} {query}")
            )
        yield from _asked(database, added_up("sums"))

    def _shape(self, database: Any, relation: str) -> Shape:
        described = _asked(database, f"DESCRIBE FROM {relation}")
        return Shape({name: kind for name, kind, *_ in described}, self.columns)

    def _files(self) -> list[Path]:
        place = Path(self.path)
        try:
            if place.is_dir():
                found = [path for path in place.rglob("*") if _kind(path)]
            else:
                found = [Path(path) for path in glob.glob(self.path, recursive=True) if _kind(Path(path))]  # noqa: PTH207 - takes absolute patterns
        except OSError as error:
            raise Unreachable(f"{self.path} can't be read: {error.strerror}", retryable=False) from None
        if not found:
            raise Unreachable(f"There are no CSV or Parquet files at {self.path}", retryable=False)
        return sorted(newest_deliveries(found))


def _kind(path: Path) -> str:
    """What a file is read as; empty for none."""
    name = path.name.lower()
    if name.startswith((".", "_")) or path.is_dir():
        return ""
    if name.endswith((".csv", ".csv.gz")):
        return CSV
    return PARQUET if name.endswith(".parquet") else ""


def _is_older(path: Path, since: date) -> bool:
    """Whether its folder says that it is of a billing period before that month."""
    periods = [found[1] for part in path.parts if (found := PERIOD.fullmatch(part))]
    return bool(periods) and max(periods) < f"{since:%Y-%m}"


def _batches(files: Sequence[Path]) -> Iterator[tuple[str, list[Path]]]:
    """What is read at a time: packed files one by one, as DuckDB keeps what it has unpacked; of others all at once."""
    packed = [path for path in files if path.suffix.lower() == ".gz"]
    yield from ((CSV, [path]) for path in packed)
    for kind in (CSV, PARQUET):
        some = [path for path in files if _kind(path) == kind and path not in packed]
        if some:
            yield kind, some


def newest_deliveries(files: Iterable[Path]) -> Iterator[Path]:
    """Of a billing period that was delivered several times, side by side, only the files of the newest delivery."""
    deliveries: dict[Path, dict[str, list[Path]]] = {}
    for path in files:
        at = next((n for n, part in enumerate(path.parts[:-1]) if PERIOD.fullmatch(part)), None)
        if at is None:
            yield path
            continue
        inner = path.parts[at + 1 : -1]
        deliveries.setdefault(Path(*path.parts[: at + 1]), {}).setdefault("/".join(inner), []).append(path)
    for by_folder in deliveries.values():
        yield from by_folder[max(by_folder)]


def _relation(kind: str, files: Sequence[Path]) -> str:
    """The files as a table. Every cell of a CSV is read as text: a column that looks like numbers may not be."""
    names = ", ".join(literal(str(path)) for path in files)
    if kind == PARQUET:
        return f"read_parquet([{names}], union_by_name=true, hive_partitioning=false)"
    return (
        f"read_csv([{names}], header=true, delim=',', quote='\"', escape='\"', all_varchar=true, union_by_name=true, "
        f"hive_partitioning=false, buffer_size={CSV_BUFFER})"
    )


def _duckdb(memory_mib: int, spill: str) -> Any:
    """An empty database in memory that reaches nothing but local files."""
    try:
        import duckdb
    except ImportError:
        raise Refused(INSTALL) from None
    database = duckdb.connect(
        config={
            "memory_limit": f"{memory_mib}MiB",
            "temp_directory": spill,
            "threads": str(min(THREADS, os.cpu_count() or 1)),
            "preserve_insertion_order": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
    )
    database.execute("SET TimeZone = 'UTC'")
    database.execute("SET enable_progress_bar = false")  # it would be printed
    return database


def _asked(database: Any, sql: str) -> Iterator[Sequence[Any]]:
    """The rows, some at a time: all at once they would take more memory than the charges."""
    import duckdb

    try:
        found = database.execute(sql)
        while some := found.fetchmany(AT_A_TIME):
            yield from some
    except duckdb.OutOfMemoryException:
        raise Unreachable("Reading the export takes more than bill.memory_mib", retryable=False) from None
    except duckdb.Error as error:
        said = str(error).splitlines()[0][:200]
        raise Unreachable(f"The export can't be read: {said}", retryable=False) from None
