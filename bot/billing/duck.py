"""DuckDB in this process, its only import: files as tables, its own SQL, and its errors in our words."""

import csv
import gzip
import io
import os
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.billing.focus_query import FocusShape, literal, quoted
from bot.errors import Refused, Unreachable
from bot.installation import line_for

CSV, PARQUET = "csv", "parquet"
CSV_BUFFER = 4 * 1024 * 1024
"""Bytes; DuckDB's own 32 MB for each file and thread do not fit into a small limit."""
DUCK_THREADS = 4
"""At most: each takes memory, and the bot has other things to do."""
AT_A_TIME = 2_000
HEADER_BYTES = 256 * 1024
MAGIC = b"PAR1"
"""Every Parquet file begins and ends with it."""
PAIRS = re.compile(r'STRUCT\("?key"? VARCHAR, "?value"? .*\)\[\]', re.IGNORECASE)


class DuckDialect:
    """DuckDB's SQL, where it is its own."""

    def is_text(self, kind: str) -> bool:
        """Whether a column of that type is text."""
        return kind in {"VARCHAR", "JSON", "BLOB"}

    def words(self, column: str, kind: str) -> str:
        """A column as text; bytes that are none are nothing."""
        return f"TRY(decode({column}))" if kind == "BLOB" else f"CAST({column} AS VARCHAR)"

    def day(self, column: str) -> str:
        """The day of a timestamp as text, in UTC."""
        return f"strftime(CAST({column} AS TIMESTAMP), '%Y-%m-%d')"

    def tag(self, column: str, kind: str, key: str) -> str | None:
        """One tag; JSON text that is none has no tags. None for a type that has none either."""
        if kind.startswith("MAP(VARCHAR"):
            return f"CAST({column}[{literal(key)}] AS VARCHAR)"
        if PAIRS.fullmatch(kind):
            return f"CAST(list_filter({column}, lambda pair: pair.key = {literal(key)})[1].value AS VARCHAR)"
        if kind.startswith("STRUCT(") and not kind.endswith("[]"):
            return _field(column, kind, key)
        return _json_tag(self.words(column, kind), key) if self.is_text(kind) else None


def _json_tag(words: str, key: str) -> str:
    """Of an object, of the inside of one, as some exporters write it, or of a list of pairs."""
    path = literal(f"$.{_path_name(key)}")
    pair_key = "coalesce(json_extract_string(pair, '$.key'), json_extract_string(pair, '$.Key'))"
    pair = f"list_filter(json_extract({words}, '$[*]'), lambda pair: {pair_key} = {literal(key)})[1]"
    value = f"coalesce(json_extract_string({pair}, '$.value'), json_extract_string({pair}, '$.Value'))"
    inside = f"'{{' || {words} || '}}'"
    return (
        f"CASE WHEN json_valid({words}) THEN coalesce(json_extract_string({words}, {path}), {value}) "
        f"WHEN json_valid({inside}) THEN json_extract_string({inside}, {path}) ELSE NULL END"
    )


def _path_name(key: str) -> str:
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _field(column: str, kind: str, key: str) -> str:
    """A field of a record, where it has one."""
    if f"{quoted(key)} " not in kind and f"({key} " not in kind and f", {key} " not in kind:
        return "CAST(NULL AS VARCHAR)"
    return f"CAST(struct_extract({column}, {literal(key)}) AS VARCHAR)"


def kind_of(path: Path) -> str:
    """What a file is read as; empty for none."""
    name = path.name.lower()
    if name.startswith((".", "_")) or path.is_dir():
        return ""
    if name.endswith((".csv", ".csv.gz")):
        return CSV
    return PARQUET if name.endswith(".parquet") else ""


def relation(files: Sequence[Path], kinds: Mapping[str, str]) -> str:
    """Files of one kind and of the same columns as a table.

    Every cell of a CSV is read as text, and nothing is left to DuckDB to find out: a column that looks like numbers
    may not be, and what looks like a comment is a charge.
    """
    names = ", ".join(literal(str(path)) for path in files)
    if kind_of(files[0]) == PARQUET:
        return f"read_parquet([{names}], hive_partitioning=false)"
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in kinds)
    return (
        f"read_csv([{names}], auto_detect=false, header=true, delim=',', quote='\"', escape='\"', comment='', "
        f"columns={{{columns}}}, hive_partitioning=false, buffer_size={CSV_BUFFER})"
    )


def columns_of(database: Any, path: Path, renamed: Mapping[str, str]) -> FocusShape:
    """The columns of a file. Raises Refused, naming the file, where it has none that can be read."""
    if kind_of(path) == CSV:
        return FocusShape(dict.fromkeys(_header(path), "VARCHAR"), renamed)
    described = query_files(
        database, f"DESCRIBE FROM read_parquet([{literal(str(path))}], hive_partitioning=false)", [path]
    )
    return FocusShape({name: kind for name, kind, *_ in described}, renamed)


def _header(path: Path) -> list[str]:
    """The names of a CSV's columns; one that is there twice, or empty, is told apart by its number."""
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            begins = file.read(HEADER_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreachable(f"{path.name} can't be read: {_whole_or(error)}", retryable=False) from None
    lines = csv.reader(io.StringIO(begins.decode("utf-8-sig", "replace"), newline=""))
    cells = [cell.strip() for cell in next(lines, [])]
    names: list[str] = []
    for number, cell in enumerate(cells):
        taken = not cell or cell.lower() in {name.lower() for name in names}
        names.append(f"{cell or 'column'} {number + 1}" if taken else cell)
    if len(names) == 1:
        for sign, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if sign in names[0]:
                raise Refused(f"{path.name} is separated by {word}; Valet reads commas. Export it as CSV with commas.")
    if "\0" in "".join(names):
        raise Refused(f"{path.name} is not UTF-8 text. Export it as CSV in UTF-8.")
    return names


def connect(memory_mib: int, spill: str) -> Any:
    """An empty database in memory that reaches nothing but local files."""
    try:
        import duckdb
    except ImportError:
        raise Refused(f"To read FOCUS files, Valet needs DuckDB. This brings it: {line_for('focus')}") from None
    database = duckdb.connect(
        config={
            "memory_limit": f"{memory_mib}MiB",
            "temp_directory": spill,
            "threads": str(min(DUCK_THREADS, os.cpu_count() or 1)),
            "preserve_insertion_order": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
    )
    database.execute("SET TimeZone = 'UTC'")
    database.execute("SET enable_progress_bar = false")  # it would be printed
    return database


def query_files(database: Any, sql: str, files: Sequence[Path]) -> Iterator[Sequence[Any]]:
    """The rows, some at a time: all at once they would take more memory than the charges.

    Raises Unreachable, which names the one of `files` that can't be read.
    """
    import duckdb

    try:
        found = database.execute(sql)
        while some := found.fetchmany(AT_A_TIME):
            yield from some
    except duckdb.OutOfMemoryException:
        raise Unreachable("Reading the export takes more than bill.memory_mib", retryable=False) from None
    except duckdb.Error as error:
        said = str(error)
        named = [path for path in files if str(path) in said] or _broken(database, files)
        name = named[0].name if named else "The export"
        raise Unreachable(
            f"{name} can't be read: {_reason(named[0] if named else None, said)}", retryable=False
        ) from None


def _broken(database: Any, files: Sequence[Path]) -> list[Path]:
    """The first file that can't be read alone."""
    import duckdb

    for path in files[:-1]:
        try:
            kinds = dict.fromkeys(_header(path), "VARCHAR") if kind_of(path) == CSV else {}
            database.execute(f"SELECT max(columns(*)::VARCHAR) FROM {relation([path], kinds)}").fetchall()
        except (duckdb.Error, Unreachable, Refused):
            return [path]
    return list(files[-1:])


def _reason(path: Path | None, said: str) -> str:
    """Why, in words that help whoever wrote the file."""
    if path is None:
        return "DuckDB gives up on it"
    if kind_of(path) == PARQUET:
        return _parquet_reason(path)
    if "GZIP" in said or "gzip" in said:
        return _whole_or(EOFError())
    line = re.search(r"Line: (\d+)", said)
    at = f"line {line[1]} " if line else "a line of it "
    if "unicode" in said.lower() or "utf-8" in said.lower():
        return f"{at}is not UTF-8"
    if "unterminated quote" in said.lower():
        return f"{at}has a quote that is not closed"
    return f"{at}has another number of columns than its header, so it is cut off, or commas stand where they shouldn't"


def _parquet_reason(path: Path) -> str:
    try:
        with path.open("rb") as file:
            begins = file.read(len(MAGIC))
            file.seek(max(0, path.stat().st_size - len(MAGIC)))
            ends = file.read(len(MAGIC))
    except OSError as error:
        return _whole_or(error)
    if begins != MAGIC:
        return "it is not Parquet"
    return "it is cut off, or still being written" if ends != MAGIC else "its columns are damaged"


def _whole_or(error: Exception) -> str:
    if isinstance(error, EOFError | zlib.error):
        return "it is cut off, or still being written"
    if isinstance(error, gzip.BadGzipFile):
        return "it is not packed by gzip, though its name says so"
    return (error.strerror if isinstance(error, OSError) else "") or type(error).__name__
