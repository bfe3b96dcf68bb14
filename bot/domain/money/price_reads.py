"""What AWS is asked about prices and when, and what it answers. Asking is free, but never on the path of a command.

The price list of a region is asked about once a day, spot prices of a source once an hour; what is wanted for the
first time is asked about at once. After a failure a place is left alone for a quarter of an hour.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS

PricedThing = Literal["instance", "volume", "address", "spot"]
PriceSheet = Literal["list", "spot"]
"""Where prices are read: the list, or the spot prices."""
READ_EVERY_MS: Mapping[PricedThing, int] = {"instance": DAY_MS, "volume": DAY_MS, "address": DAY_MS, "spot": HOUR_MS}
READ_RETRY_MS = 15 * MINUTE_MS
EARLY_MS = 2 * MINUTE_MS
"""A job that is so early is on time."""
SPOT_DAYS = 30
"""How far spot prices look back."""
SPOT_OVERLAP_MS = 2 * HOUR_MS


class WantedPrice(NamedTuple):
    """One thing whose price is wanted."""

    what: PricedThing
    place: str
    """A region, or a zone with prices of its own; for spot a source, as zones are named by each account for itself."""
    name: str
    """An instance type with its shape (`Shape.name`), or a kind of volume; empty for an address."""

    @property
    def sheet(self) -> PriceSheet:
        """Where it is read."""
        return "spot" if self.what == "spot" else "list"


@dataclass(frozen=True, slots=True)
class PriceAnswer:
    """What the price list says of one thing."""

    micros: int | None
    why: str = ""
    """Why it has no price."""


@dataclass(frozen=True, slots=True)
class SpotChange:
    """From when on the spot price of a type was so much in a zone, micro-dollars per hour."""

    zone: str
    type: str
    at: int
    micros: int


@dataclass(frozen=True, slots=True)
class SpotSpan:
    """A spot price now, and between what it moved lately, micro-dollars per hour."""

    source: str
    zone: str
    type: str
    micros: int
    low: int
    high: int
    read_at: int


@dataclass(frozen=True, slots=True)
class PriceTrouble:
    """Why the prices of a place could not be read the last time."""

    sheet: PriceSheet
    place: str
    at: int
    error: str


def prices_due(
    wanted: Iterable[WantedPrice],
    asked: Mapping[WantedPrice, int],
    failed: Mapping[tuple[PriceSheet, str], int],
    now: int,
) -> list[WantedPrice]:
    """What to ask about now, by when it was last answered and when its place last failed."""
    return [
        wanted_price
        for wanted_price in wanted
        if not 0 <= now - asked.get(wanted_price, -DAY_MS) < READ_EVERY_MS[wanted_price.what] - EARLY_MS
        and not 0 <= now - failed.get((wanted_price.sheet, wanted_price.place), -DAY_MS) < READ_RETRY_MS - EARLY_MS
    ]


def spot_since(asked_at: int | None, now: int) -> int:
    """From when on spot prices are to be read."""
    first = now - SPOT_DAYS * DAY_MS
    return first if asked_at is None else max(first, min(asked_at, now) - SPOT_OVERLAP_MS)


def trouble_sentences(troubles: Iterable[PriceTrouble]) -> list[str]:
    """What could not be read and why, one sentence for each reason."""
    found: dict[tuple[PriceSheet, str], list[PriceTrouble]] = {}
    for trouble in troubles:
        found.setdefault((trouble.sheet, trouble.error), []).append(trouble)
    return [_sentence(sheet, error, each) for (sheet, error), each in found.items()]


def _sentence(sheet: PriceSheet, error: str, places: list[PriceTrouble]) -> str:
    named = ", ".join(each.place for each in places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")
    newest = datetime.fromtimestamp(max(each.at for each in places) / 1000, UTC)
    what = "spot prices" if sheet == "spot" else "price list"
    return f"AWS's {what} could not be read for {named} ({newest:%Y-%m-%d %H:%M} UTC): {error.removesuffix('.')}."
