"""Price lists of clouds that the company points at.

A price list is a CSV with the columns of skypilot-catalog (github.com/skypilot-org/skypilot-catalog), which says
nothing of its age; the file's own date stands for it. What is no machine with whole GPUs is left out, and told.
"""

import ast
import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.billing.quotes import MEMORIES_GB
from bot.domain.machines import models
from bot.domain.money.ownership import micros_of_usd
from bot.domain.money.prices import Quote
from bot.errors import Unreachable

NEEDED = ("InstanceType", "AcceleratorName", "AcceleratorCount", "Price")
LONGEST_NAME = 80
LONGEST_INFO = 4_000
NO_GPU = re.compile(r"(?i)\b(tpu|trainium|inferentia|neuron|gaudi|habana)", re.ASCII)
"""Accelerators that are no GPUs; their price by the piece is of another kind of piece."""
LEAST_MIB = 1_024
"""A size in MiB below this is one in GiB: such lists are about."""
SEPARATORS = {";": "semicolons", "\t": "tabs"}


@dataclass(frozen=True, slots=True)
class Catalog:
    """What one list quotes, and what of it is no machine with whole GPUs."""

    cloud: str
    quotes: tuple[Quote, ...]
    """The cheapest by model, memory, number of GPUs and kind."""
    as_of: str
    bare: tuple[str, ...] = ()
    """Models that are priced without the machine they need."""
    others: tuple[str, ...] = ()
    """Accelerators that are no GPUs."""

    def left_out(self, kind: models.GpuKind | None = None) -> str:
        """A sentence about what does not count, of one kind of GPU or in all; empty where everything does."""
        bare = [each for each in self.bare if kind is None or kind.fits(each)]
        said = []
        if bare:
            said.append(f"prices {_named(bare)} without the machine around it, so those prices are left out")
        if self.others and kind is None:
            said.append(f"prices {_named(self.others)}, which are no GPUs and left out")
        return f"The price list catalogs.{self.cloud} {', and '.join(said)}." if said else ""


def _named(names: Sequence[str], most: int = 4) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def catalog(cloud: str, path: str) -> Catalog:
    """What a price list holds. Raises Unreachable with the reason."""
    try:
        known = Path(path).stat()
        return _read(cloud, path, known.st_mtime_ns, known.st_size)
    except UnicodeDecodeError as error:
        why = "it is not text in UTF-8. In Excel: Save As, CSV UTF-8"
        raise Unreachable(f"The price list catalogs.{cloud} can't be read: {why}.", retryable=False) from error
    except (OSError, csv.Error) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise Unreachable(f"The price list catalogs.{cloud} can't be read: {why}.", retryable=False) from error


@lru_cache(maxsize=32)
def _read(cloud: str, path: str, mtime_ns: int, _size: int) -> Catalog:
    as_of = datetime.fromtimestamp(mtime_ns // 1_000_000_000, UTC).date().isoformat()
    # Excel begins a file with a mark of its encoding, which "utf-8" alone would take for a part of the first name.
    with Path(path).open(newline="", encoding="utf-8-sig") as lines:
        rows = csv.DictReader(lines)
        _check(cloud, rows.fieldnames or ())
        return _sorted_out(cloud, as_of, rows)


def _check(cloud: str, columns: Sequence[str]) -> None:
    """Raises Unreachable where columns are missing."""
    missing = [name for name in NEEDED if name not in columns]
    if not missing:
        return
    said = f"has no column {' and '.join(missing)}"
    for separator, name in SEPARATORS.items():
        if any(separator in column for column in columns):
            said = f"is separated by {name}; save it with commas"
    raise Unreachable(f"The price list catalogs.{cloud} {said}.", retryable=False)


def _sorted_out(cloud: str, as_of: str, rows: Iterable[Mapping[str, str | None]]) -> Catalog:
    best: dict[tuple[str, int | None, int, bool], Quote] = {}
    bare: set[str] = set()
    others: set[str] = set()
    for row in rows:
        for quote in _quotes(cloud, row, as_of):
            if NO_GPU.search(quote.model):
                others.add(quote.model)
            elif not quote.type:
                bare.add(quote.model)
            else:
                key = (quote.model, quote.memory_gb, quote.gpus, quote.spot)
                if key not in best or quote.micros_per_gpu_hour < best[key].micros_per_gpu_hour:
                    best[key] = quote
    return Catalog(cloud, tuple(best.values()), as_of, tuple(sorted(bare)), tuple(sorted(others)))


def _quotes(cloud: str, row: Mapping[str, str | None], as_of: str) -> Iterator[Quote]:
    """What one line quotes; lines without GPUs, or with figures that are none, quote nothing."""
    name, count = _text(row, "AcceleratorName"), _number(row["AcceleratorCount"])
    if not name or count is None or count < 1 or count != int(count):
        return
    kind, region = _text(row, "InstanceType"), _text(row, "Region")
    memory = _memory_gb(name, row.get("GpuInfo"))
    for column, spot in (("Price", False), ("SpotPrice", True)):
        usd = _number(row.get(column))
        if usd:
            each, source = micros_of_usd(usd / int(count)), f"catalogs.{cloud}"
            yield Quote(cloud, kind, name, int(count), region, each, source, as_of, spot, memory)


def _text(row: Mapping[str, str | None], column: str) -> str:
    return (row.get(column) or "").strip()[:LONGEST_NAME]


def _memory_gb(name: str, info: str | None) -> int | None:
    """Of one GPU: as its name says, else as the list does; None where neither does, or the list could mean two."""
    told = re.search(r"(\d{1,3})GB$", name)
    if told:
        return int(told[1])
    gpus = _table(_parsed(info)).get("Gpus")
    first = _table(gpus[0]) if isinstance(gpus, list) and gpus else {}
    size, count = _table(first.get("MemoryInfo")).get("SizeInMiB"), first.get("Count")
    if not isinstance(size, int | float) or isinstance(size, bool) or not 0 < size < 10**8:
        return None
    mib = size if size >= LEAST_MIB else size * 1_024
    # Some lists give the size of one GPU there, others of all of them; of several only the models we know tell which.
    sizes = [round(mib / 1_024)] if count == 1 else [round(mib / 1_024), round(mib / 1_024 / count)] if count else []
    fitting = {each for each in sizes if each in MEMORIES_GB.get(models.short_model(name).lower(), ())}
    return sizes[0] if len(sizes) == 1 else fitting.pop() if len(fitting) == 1 else None


def _parsed(text: str | None) -> Any:
    """A table as Python or JSON writes it; None for anything else."""
    if not text or len(text) > LONGEST_INFO:
        return None
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(text: str | None) -> Decimal | None:
    try:
        number = Decimal((text or "").strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number < 10**6 else None
