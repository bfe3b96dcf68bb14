"""What clouds ask for a GPU-hour: AWS's prices, and price lists the company points at.

A price list is a CSV with the columns of skypilot-catalog (github.com/skypilot-org/skypilot-catalog), which says
nothing of its age; the file's own date stands for it.
"""

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path

from bot.billing import prices
from bot.domain.money.market import Quote
from bot.domain.money.ownership import micros
from bot.domain.money.pricebook import Book, Price
from bot.errors import Unreachable

NEEDED = ("InstanceType", "AcceleratorName", "AcceleratorCount", "Price")
LONGEST_NAME = 80
OUR_COPY = "our copy of AWS's on-demand list"
SPOT = "AWS spot price"

# Model and GB of one GPU by family, EC2's own names. Source: AWS's DescribeInstanceTypes (moto 5.2.5's copy); for
# g2, g3, p2 and p3, which are not in it, AWS's page of previous and accelerated instances. Slices of a GPU (g6f, gr6f)
# are left out: they have no price of a whole one.
_FAMILIES: dict[str, tuple[str, int]] = {
    "g2": ("K520", 4),
    "g3": ("M60", 8),
    "g3s": ("M60", 8),
    "g4dn": ("T4", 16),
    "g5": ("A10G", 24),
    "g5g": ("T4g", 16),
    "g6": ("L4", 24),
    "g6e": ("L40S", 48),
    "g7": ("RTX PRO 4500", 32),
    "g7e": ("RTX PRO Server 6000", 96),
    "gr6": ("L4", 24),
    "p2": ("K80", 12),
    "p3": ("V100", 16),
    "p3dn": ("V100", 32),
    "p4d": ("A100", 40),
    "p4de": ("A100", 80),
    "p5": ("H100", 80),
    "p5en": ("H200", 141),
    "p6-b200": ("B200", 180),
    "p6-b300": ("B300", 270),
}
_COUNTS: dict[str, int] = {
    **dict.fromkeys(("g3.8xlarge", "g5g.16xlarge", "g5g.metal", "g7.12xlarge", "g7e.12xlarge"), 2),
    **dict.fromkeys(("g2.8xlarge", "g3.16xlarge", "g4dn.12xlarge", "g5.12xlarge", "g5.24xlarge", "g6.12xlarge"), 4),
    **dict.fromkeys(("g6.24xlarge", "g6e.12xlarge", "g6e.24xlarge", "g7.24xlarge", "g7e.24xlarge", "p3.8xlarge"), 4),
    **dict.fromkeys(("g4dn.metal", "g5.48xlarge", "g6.48xlarge", "g6e.48xlarge", "g7.48xlarge", "g7e.48xlarge"), 8),
    **dict.fromkeys(("p2.8xlarge", "p3.16xlarge", "p3dn.24xlarge", "p4d.24xlarge", "p4de.24xlarge"), 8),
    **dict.fromkeys(("p5.48xlarge", "p5en.48xlarge", "p6-b200.48xlarge", "p6-b300.48xlarge"), 8),
    "p2.16xlarge": 16,
}
"""GPUs of a type; those not named have one."""


def gpus_of(instance_type: str) -> tuple[str, int, int] | None:
    """Model, GB of one GPU and their number for a type in our table of prices; None for slices and strangers."""
    family = _FAMILIES.get(instance_type.partition(".")[0])
    if family is None or instance_type not in prices.MICROS_PER_HOUR:
        return None
    return (*family, _COUNTS.get(instance_type, 1))


def aws(book: Book) -> Iterator[Quote]:
    """AWS's list as it was read, our own table where it was not, and spot prices; type by type."""
    at_home = {(prices.HOME, each) for each in prices.MICROS_PER_HOUR}
    for region, kind in sorted(at_home | book.listed.keys()):
        read = (region, kind) in book.listed
        found = book.list_price(kind, region)
        if found is not None:
            yield from _aws(kind, region, found, "AWS on-demand list" if read else OUR_COPY)
    for (_, zone, kind), found in sorted(book.spot.items()):
        yield from _aws(kind, zone, found, SPOT)


def _aws(kind: str, place: str, price: Price, source: str) -> Iterator[Quote]:
    gpus = gpus_of(kind)
    if gpus is None:
        return
    model, memory_gb, count = gpus
    each, spot = round(price.micros / count), source == SPOT
    yield Quote("AWS", kind, model, count, place, each, source, price.as_of, spot, memory_gb)


def catalog(cloud: str, path: str) -> tuple[Quote, ...]:
    """The cheapest quotes of a price list, by model and number of GPUs. Raises Unreachable with the reason."""
    try:
        known = Path(path).stat()
        return _read(cloud, path, known.st_mtime_ns, known.st_size)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise Unreachable(f"The price list catalogs.{cloud} can't be read: {why}.", retryable=False) from error


@lru_cache(maxsize=32)
def _read(cloud: str, path: str, mtime_ns: int, _size: int) -> tuple[Quote, ...]:
    as_of = datetime.fromtimestamp(mtime_ns // 1_000_000_000, UTC).date().isoformat()
    best: dict[tuple[str, int, bool], Quote] = {}
    with Path(path).open(newline="", encoding="utf-8") as lines:
        rows = csv.DictReader(lines)
        missing = [name for name in NEEDED if name not in (rows.fieldnames or ())]
        if missing:
            columns = " and ".join(missing)
            raise Unreachable(f"The price list catalogs.{cloud} has no column {columns}.", retryable=False)
        for row in rows:
            for quote in _quotes(cloud, row, as_of):
                key = (quote.model, quote.gpus, quote.spot)
                if key not in best or quote.micros_per_gpu_hour < best[key].micros_per_gpu_hour:
                    best[key] = quote
    return tuple(best.values())


def _quotes(cloud: str, row: dict[str, str | None], as_of: str) -> Iterator[Quote]:
    """What one line quotes; lines without GPUs, or with figures that are none, quote nothing."""
    name, count = (row["AcceleratorName"] or "").strip()[:LONGEST_NAME], _number(row["AcceleratorCount"])
    if not name or count is None or count < 1 or count != int(count):
        return
    kind, region = (row["InstanceType"] or "").strip()[:LONGEST_NAME], (row.get("Region") or "").strip()[:LONGEST_NAME]
    memory = re.search(r"(\d{1,3})GB$", name)
    for column, spot in (("Price", False), ("SpotPrice", True)):
        usd = _number(row.get(column))
        if usd:
            each = micros(usd / int(count))
            yield Quote(
                *(cloud, kind, name, int(count), region, each, f"catalogs.{cloud}", as_of, spot),
                memory_gb=int(memory[1]) if memory else None,
            )


def _number(text: str | None) -> Decimal | None:
    try:
        number = Decimal((text or "").strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number < 10**6 else None
