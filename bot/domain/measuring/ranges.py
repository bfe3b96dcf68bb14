"""What a reading can be at all: a number outside its range is no reading, whichever source it comes from."""

import math

MOST_PCT = 100.0
MOST_RATIO = 1.0
MOST_WATTS = 5000.0
"""A mean above this is a counter that jumped, not a GPU."""
MOST_MIB = 4_194_304
"""4 TiB of memory on one GPU."""


def within(value: float | None, most: float) -> float | None:
    """The value; None when it is not between 0 and `most`."""
    return value if value is not None and math.isfinite(value) and 0 <= value <= most else None


def percent_of_ratio(value: float) -> float | None:
    """Percent by a ratio; None for what is none. A percentage given as a ratio lies outside."""
    known = within(value, MOST_RATIO)
    return None if known is None else 100 * known


def mib(value: float | None) -> int | None:
    """Whole MiB; None for what no GPU has."""
    known = within(value, MOST_MIB)
    return None if known is None else int(known)


def may_be_ratio(percent: float | None) -> bool:
    """A percentage so low that it may be a ratio under the wrong name: 1 is 1 % or all of the GPU."""
    return percent is not None and 0 < percent <= 1
