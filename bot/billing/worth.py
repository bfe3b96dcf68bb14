"""What a row of monthly payments is worth today, and the rate of return in it.

The rate of return is looked for by halving: finding the roots of the polynomial, as the `irr` of numpy-financial 1.0.0
does, can give another root than the right one for long rows, depending on the processor
(github.com/numpy/numpy-financial, issues 44 and 131).
"""

from collections.abc import Sequence

LOWEST, HIGHEST = -0.9, 100.0
"""Rates a month beyond which there is no sensible answer."""


def npv(monthly_rate: float, flows: Sequence[int]) -> int:
    """Net present value, micro-dollars; the first flow is today's and counts in full."""
    return round(_present_value(monthly_rate, flows))


def discounted(monthly_rate: float, flows: Sequence[int]) -> list[float]:
    """Each month's flow, as worth today."""
    return [flow / (1 + monthly_rate) ** month for month, flow in enumerate(flows)]


def yearly_irr(flows: Sequence[int]) -> float | None:
    """The yearly rate of return of paying first and getting back later; None where there is none."""
    if not flows or flows[0] >= 0 or any(flow < 0 for flow in flows[1:]):
        return None  # more than one answer, or none
    low, high = LOWEST, HIGHEST
    if _present_value(low, flows) < 0 or _present_value(high, flows) > 0:
        return None
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if _present_value(middle, flows) > 0 else (low, middle)
    return float((1 + low) ** 12 - 1)


def _present_value(monthly_rate: float, flows: Sequence[int]) -> float:
    """From the last month back (Horner), since a power of a high rate overflows after some 150 months."""
    value = 0.0
    for flow in reversed(flows):
        value = flow + value / (1 + monthly_rate)
    return value
