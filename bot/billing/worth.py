"""What a row of monthly payments is worth today, and the rate of return in it.

Net present values are numpy-financial's. The rate of return is looked for by halving: the `irr` of its only release
(1.0.0) can give another root of the polynomial than the right one for long rows, depending on the processor
(github.com/numpy/numpy-financial, issues 44 and 131).
"""

from collections.abc import Sequence

LOWEST, HIGHEST = -0.9, 100.0
"""Rates a month beyond which there is no sensible answer."""


def npv(monthly_rate: float, flows: Sequence[int]) -> int:
    """Net present value, micro-dollars; the first flow is today's and counts in full."""
    import numpy_financial

    return round(float(numpy_financial.npv(monthly_rate, flows)))


def discounted(monthly_rate: float, flows: Sequence[int]) -> list[float]:
    """Each month's flow, as worth today."""
    return [flow / (1 + monthly_rate) ** month for month, flow in enumerate(flows)]


def yearly_irr(flows: Sequence[int]) -> float | None:
    """The yearly rate of return of paying first and getting back later; None where there is none."""
    if not flows or flows[0] >= 0 or any(flow < 0 for flow in flows[1:]):
        return None  # more than one answer, or none
    low, high = LOWEST, HIGHEST
    if npv(low, flows) < 0 or npv(high, flows) > 0:
        return None
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if npv(middle, flows) > 0 else (low, middle)
    return float((1 + low) ** 12 - 1)
