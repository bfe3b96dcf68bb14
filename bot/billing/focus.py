"""What the query for FOCUS exports brings, as lines of a bill: sums by day and dimension, and no bill with a hole."""

import glob
import hashlib
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

from bot.billing.deliveries import ARRIVING, AWS_CLI, MANIFEST, Unit, counting_files, month_of_path
from bot.billing.duck import DuckDialect, columns_of, connect, kind_of, query_files, relation
from bot.billing.focus_query import FocusShape, Query, added_up
from bot.billing.overlap import BillSource, choose_sources, sources_apart
from bot.domain.clock import HOUR_MS
from bot.domain.money.bill import BillLine, BillLineKind, BillLook
from bot.domain.money.rates import MICROS_PER_USD
from bot.errors import Refused, Unreachable

CHARGE_KINDS: Mapping[str, BillLineKind] = {
    "usage": "usage",
    "purchase": "purchase",
    "tax": "tax",
    "credit": "credit",
    "adjustment": "adjustment",
}


@dataclass(slots=True)
class Sums:
    """Rows of the query as lines of a bill."""

    lines: list[BillLine]
    charges: int = 0
    foreign: int = 0
    """Charges in another currency, which are left out."""
    unsaid: int = 0
    """Charges that cost something and don't say in what currency: they are read as USD."""

    def notes(self) -> list[str]:
        """What people must know to trust the sums."""
        told = []
        if self.foreign:
            told.append(f"{_charges(self.foreign, 'is', 'are')} in another currency than USD and left out.")
        if self.unsaid:
            told.append(f"{_charges(self.unsaid, 'names', 'name')} no currency and counted as USD.")
        return told


def _charges(count: int, one: str, many: str) -> str:
    return f"1 of its charges {one}" if count == 1 else f"{count:,} of its charges {many}"


def lines_of(rows: Iterable[Sequence[Any]], example: Callable[[], str] = lambda: "") -> Sums:
    """Raises Refused where a charge has no readable cost or day: a bill with a hole is none.

    `example` is asked for the first of those, as the end of a clause.
    """
    found = Sums([])
    words: dict[str | None, str] = {None: ""}
    days: dict[str, date] = {}
    unreadable = 0
    for row in rows:
        period, day, *_, currency, billed, _, _, _, charges, bad = row
        found.charges += int(charges)
        if int(bad) or period is None or not _is_day(day):
            unreadable += int(bad) or int(charges)
            continue
        if currency not in {None, "USD"}:
            found.foreign += int(charges)
            continue
        if currency is None and to_micros(billed):
            found.unsaid += int(charges)
        found.lines.append(_line(row, words, days))
    if unreadable:
        verb = "has" if unreadable == 1 else "have"
        raise Refused(
            f"{unreadable:,} of the export's {found.charges:,} charges {verb} no readable BilledCost or day"
            f"{example()}, so its sums can't be trusted. Nothing was taken from it."
        )
    return found


def _line(row: Sequence[Any], words: dict[str | None, str], days: dict[str, date]) -> BillLine:
    """With one copy of each word: there are hundreds of thousands of lines, and few words."""
    period, day, account, service, team, type_, machine, category, correction, _, *sums, _, _ = row
    billed, effective, listed, hours = sums
    return BillLine(
        period=words.setdefault(period, period),
        day=days.setdefault(day, date.fromisoformat(day)),
        billed_micros=to_micros(billed) or 0,
        account=words.setdefault(account, account or ""),
        service=words.setdefault(service, service or ""),
        team=words.setdefault(team, team or ""),
        type=words.setdefault(type_, type_ or ""),
        instance=words.setdefault(machine, machine or ""),
        kind="correction" if correction == "correction" else CHARGE_KINDS.get(category or "", "other"),
        effective_micros=to_micros(effective),
        list_micros=to_micros(listed),
        running_ms=None if hours is None else int(Decimal(hours) * HOUR_MS),
    )


def to_micros(amount: Decimal | str | None) -> int | None:
    """Micro-dollars."""
    if amount is None:
        return None
    return int((Decimal(amount) * MICROS_PER_USD).to_integral_value(ROUND_HALF_EVEN))


def _is_day(text: str | None) -> bool:
    return text is not None and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) is not None


UNREAD_SUFFIXES = (".zip", ".xlsx", ".xls", ".tsv", ".csv.bz2", ".csv.zst", ".csv.xz", ".orc", ".avro")
"""Tables in forms that are not read; to be said, since they may be a part of the bill."""
MOST_FILES_NAMED = 3


@dataclass(frozen=True, slots=True)
class _Found:
    """What lies under the path: tables, and files about them."""

    tables: list[Path]
    others: list[Path]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Files of the same columns that count for the same months."""

    files: list[Path]
    shape: FocusShape
    without: frozenset[str]


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
        told, found = hashlib.sha256(), self._found()
        for path in sorted([*found.tables, *found.others]):
            stat = path.stat()
            told.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
        return told.hexdigest()

    def look(self, since: date, now: int, spend: Callable[[], None]) -> BillLook:
        """Sum the billing periods from the month of `since` on; costs nothing but time."""
        seal, found = self.seal(), self._found()
        files = [path for path in found.tables if not _is_older(path, since)]
        if not files:
            raise Refused(f"The export in {self.path} has no billing period from {since:%B %Y} on.")
        with tempfile.TemporaryDirectory(prefix="valet-focus-") as spill:
            database = connect(self.memory_mib, spill)
            try:
                batches, notes = self._batches(database, _Found(files, found.others), since)
                sums = lines_of(self._rows(database, batches, since), lambda: self._hole(database, batches, since))
            finally:
                database.close()
        read = [path for batch in batches for path in batch.files]
        newest = max(int(path.stat().st_mtime * 1000) for path in read)
        return self._look(sums, since, min(newest, now), seal, notes)

    def check(self) -> str:
        """Whether there are files, and every kind of them has the columns."""
        found = self._found()
        with tempfile.TemporaryDirectory(prefix="valet-focus-") as spill:
            database = connect(self.memory_mib, spill)
            try:
                units = counting_files(found.tables, found.others)
                sources, notes = self._sources(database, units.units)
            finally:
                database.close()
        count = sum(len(source.unit.files) for source in sources)
        told = "1 file has" if count == 1 else f"{count} files have"
        return " ".join([f"FOCUS: {told} the columns that are needed.", *units.notes, *notes])

    def _look(self, sums: Sums, since: date, as_of: int, seal: str, notes: Sequence[str]) -> BillLook:
        if not sums.lines:
            raise Refused(f"The export in {self.path} has no charges in USD from {since:%B %Y} on.")
        # a correction of an earlier month adds to that month's days, and does not stand for the whole of it
        periods = tuple(sorted({line.period for line in sums.lines}))
        told = (*sums.notes(), *notes)
        return BillLook(self.name, self.path, as_of, periods, tuple(sums.lines), seal=seal, notes=told)

    def _batches(self, database: Any, found: _Found, since: date) -> tuple[list[_Batch], list[str]]:
        """What is read, and what is said of the rest."""
        units = counting_files(found.tables, found.others)
        sources, left_out = self._sources(database, units.units)
        sources = sources_apart(database, sources, self.team_tag)
        counts = choose_sources(database, sources, self.team_tag, f"{since:%Y-%m}")
        groups: dict[object, _Batch] = {}
        notes: list[str] = []
        for number, source in enumerate(sources):
            without = frozenset(counts.without.get(number, ()))
            for path in source.unit.files:
                # packed files one by one, as DuckDB keeps what it has unpacked; of others all at once
                alone = path if path.suffix.lower() == ".gz" else None
                key = (alone, kind_of(path), tuple(source.shape.kinds.items()), without)
                groups.setdefault(key, _Batch([], source.shape, without)).files.append(path)
            said = Query(source.shape, DuckDialect(), self.team_tag).notes()
            notes += [f"{source.unit.name}: {each}, so its charges have no team." for each in said]
        return list(groups.values()), [*units.notes, *left_out, *counts.notes, *_few(notes), *_unread(found.others)]

    def _sources(self, database: Any, units: Sequence[Unit]) -> tuple[list[BillSource], list[str]]:
        """Units whose files have the same columns, and which files are of something else than charges.

        Raises Refused where nothing is left, or where a file of charges lacks what nothing can be done without.
        """
        sources: list[BillSource] = []
        others: list[Path] = []
        wrong: Refused | None = None
        for unit in units:
            by_shape: dict[tuple[tuple[str, str], ...], tuple[FocusShape, list[Path]]] = {}
            for path in unit.files:
                shape = columns_of(database, path, self.columns)
                try:
                    Query(shape, DuckDialect(), self.team_tag)
                except Refused as refused:
                    wrong = wrong or Refused(f"{path.name}: {refused}")
                    if shape.is_charges():
                        raise wrong from None
                    others.append(path)
                    continue
                by_shape.setdefault(tuple(shape.kinds.items()), (shape, []))[1].append(path)
            for shape, some in by_shape.values():
                sources.append(BillSource(Unit(tuple(some), unit.period, vouched=unit.vouched), shape))
        if not sources:
            raise wrong or Refused(f"The export in {self.path} has no file with charges.")
        return sources, [_left_out(others)] if others else []

    def _rows(self, database: Any, batches: Sequence[_Batch], since: date) -> Iterator[Sequence[Any]]:
        """The sums over all batches of files."""
        for number, batch in enumerate(batches):
            query = Query(batch.shape, DuckDialect(), self.team_tag)
            sql = query.text(relation(batch.files, batch.shape.kinds), since, batch.without)
            into = "INSERT INTO sums" if number else "CREATE TABLE sums AS"
            list(query_files(database, f"{into} {sql}", batch.files))
        yield from query_files(database, added_up("sums"), ())

    def _hole(self, database: Any, batches: Sequence[_Batch], since: date) -> str:
        """The first charge without a readable cost or day: what stands there, and in which file."""
        for batch in batches:
            query = Query(batch.shape, DuckDialect(), self.team_tag)
            for path in batch.files:
                sql = query.hole(relation([path], batch.shape.kinds), since)
                for column, told in query_files(database, sql, [path]):
                    words = f'"{told[:40]}"' if told else "nothing"
                    return f" ({column} of one in {path.name} is {words})"
        return ""

    def _found(self) -> _Found:
        place = Path(self.path)
        try:
            if place.is_dir():
                paths = [path for path in place.rglob("*") if path.is_file()]
            else:
                named = [Path(path) for path in glob.glob(self.path, recursive=True)]  # noqa: PTH207 - takes absolute patterns
                beside = {near for path in named for near in path.parent.iterdir()}
                paths = [path for path in {*named, *beside} if path.is_file() and (path in named or not kind_of(path))]
        except OSError as error:
            raise Unreachable(f"{self.path} can't be read: {error.strerror}", retryable=False) from None
        tables = sorted(path for path in paths if kind_of(path) and path.stat().st_size)
        if not tables:
            raise Unreachable(f"There are no CSV or Parquet files at {self.path}", retryable=False)
        return _Found(tables, sorted(path for path in paths if path not in set(tables) and _is_about(path)))


def _is_about(path: Path) -> bool:
    """Whether a file that is no table tells something of those that are."""
    name, ends = path.name.lower(), path.suffix.lower()
    return (
        name.endswith((MANIFEST, *UNREAD_SUFFIXES, *ARRIVING)) or bool(AWS_CLI.fullmatch(ends)) or bool(kind_of(path))
    )


def _is_older(path: Path, since: date) -> bool:
    """Whether its folder says that it is of a billing period before that month."""
    month = month_of_path(path)
    return bool(month) and month < f"{since:%Y-%m}"


def _left_out(paths: Sequence[Path]) -> str:
    return f"{_names(paths)} {'has' if len(paths) == 1 else 'have'} other columns than FOCUS charges: left out."


def _unread(others: Sequence[Path]) -> list[str]:
    """Tables that are not read, and empty ones."""
    some = [path for path in others if path.name.lower().endswith(UNREAD_SUFFIXES)]
    empty = [path for path in others if kind_of(path)]
    told = [f"{_names(some)}: not CSV, CSV.gz or Parquet, so left out."] if some else []
    return [*told, f"{_names(empty)}: empty, so left out."] if empty else told


def _names(paths: Sequence[Path]) -> str:
    told = ", ".join(path.name for path in paths[:MOST_FILES_NAMED])
    more = len(paths) - MOST_FILES_NAMED
    return f"{told} and {more} more" if more > 0 else told


def _few(notes: Sequence[str]) -> list[str]:
    return [
        *notes[:MOST_FILES_NAMED],
        *([f"So it is with {len(notes) - MOST_FILES_NAMED} more."] if len(notes) > MOST_FILES_NAMED else []),
    ]
