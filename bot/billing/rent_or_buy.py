"""Weighs buying against renting: net present values, payback, rate of return, and how much hangs on each figure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate

from bot.domain.days import MachineHours
from bot.domain.money.ownership import HOURS_PER_MONTH
from bot.domain.money.rent_or_buy import (
    Advice,
    Demand,
    MeasuredUse,
    OtherUse,
    PurchaseChoice,
    ServerUpkeep,
    Swing,
    Terms,
    cash_flows,
    monthly_savings,
    most_servers,
    payback_month,
)
from bot.domain.money.scope import Scope

CURVE_POINTS = 18
"""Steps of the chart; with the beginning they stay within the 20 points Slack draws."""
LOW, HIGH = Decimal("0.8"), Decimal("1.2")
RATES = Decimal("0.10"), Decimal("0.15")


@dataclass(frozen=True, slots=True)
class RentOrBuyQuestion:
    """What is weighed, and what is said of it."""

    scope: Scope
    type: str
    demand: Demand
    terms: Terms
    used: MeasuredUse
    kept: ServerUpkeep
    without_idle: Demand | None = None
    """The demand without the hours in which machines ran idle."""
    recent: Demand | None = None
    """The demand of the last days alone."""


def weigh(asked: RentOrBuyQuestion) -> Advice:
    """Answer for one type of instance."""
    demand, terms = asked.demand, asked.terms
    most = most_servers(demand, terms)
    choices = [_choice(demand, terms, servers) for servers in range(max(most, 1) + 1)]
    best = max(choices, key=lambda each: (each.npv, -each.servers))
    weighed = best if best.servers else choices[1]
    renting, buying = cash_flows(demand, terms, 0), cash_flows(demand, terms, weighed.servers)
    saved = monthly_savings(buying, renting)
    return Advice(
        scope=asked.scope,
        type=asked.type,
        used=asked.used,
        terms=terms,
        kept=asked.kept,
        rent=choices[0],
        best=best,
        everything=choices[most],
        weighed=weighed,
        uses=tuple(_use(demand, terms, server) for server in range(1, max(most, 1) + 1)),
        break_even=_break_even(terms),
        payback=payback_month(saved),
        discounted_payback=payback_month(discounted(terms.monthly_rate, saved)),
        irr=yearly_irr(saved),
        paid=tuple(_paid(terms, renting, buying)),
        swings=tuple(_swings(demand, terms, weighed.servers)),
        parked=_at(asked.without_idle, terms, weighed.servers),
        recent=_at(asked.recent, terms, weighed.servers),
    )


def _choice(demand: Demand, terms: Terms, servers: int) -> PurchaseChoice:
    return PurchaseChoice(servers, npv(terms.monthly_rate, cash_flows(demand, terms, servers)))


def _saving(demand: Demand, terms: Terms, servers: int) -> int:
    return _choice(demand, terms, servers).npv - _choice(demand, terms, 0).npv


def _at(demand: Demand | None, terms: Terms, servers: int) -> OtherUse | None:
    return OtherUse(demand.hours_per_month, _saving(demand, terms, servers)) if demand else None


def _use(demand: Demand, terms: Terms, server: int) -> float:
    taken_over = demand.covered(server * terms.replaces) - demand.covered((server - 1) * terms.replaces)
    return float(taken_over / (HOURS_PER_MONTH * terms.replaces))


def _break_even(terms: Terms) -> float:
    """The use at which one server costs as much as renting instead; both are straight lines in the hours."""
    nothing, full = Demand(1, ()), Demand.steady(MachineHours(Decimal(HOURS_PER_MONTH * terms.replaces)))
    owned = npv(terms.monthly_rate, cash_flows(nothing, terms, 1))
    rented = npv(terms.monthly_rate, cash_flows(full, terms, 0))
    return owned / rented if rented else float("inf")


def _paid(terms: Terms, renting: Sequence[int], buying: Sequence[int]) -> list[tuple[int, int, int]]:
    rent, buy = (list(accumulate(discounted(terms.monthly_rate, each))) for each in (renting, buying))
    step = -(-terms.life_months // CURVE_POINTS)
    months = sorted({*range(0, terms.life_months, step), terms.life_months})
    return [(month, round(-rent[month]), round(-buy[month])) for month in months]


def _swings(demand: Demand, terms: Terms, servers: int) -> list[Swing]:
    def saving(demand: Demand, terms: Terms) -> int:
        return _saving(demand, terms, servers)

    def price(factor: Decimal) -> Terms:
        return replace(terms, price_micros=round(terms.price_micros * factor))

    def rent(factor: Decimal) -> Terms:
        return replace(terms, rent_micros_per_hour=round(terms.rent_micros_per_hour * factor))

    down, up = "-20 %", "+20 %"
    low_rate, high_rate = (replace(terms, yearly_rate=rate) for rate in RATES)
    return [
        Swing("use", down, saving(demand.scaled(LOW), terms), up, saving(demand.scaled(HIGH), terms)),
        Swing("server price", down, saving(demand, price(LOW)), up, saving(demand, price(HIGH))),
        Swing("rental rate", down, saving(demand, rent(LOW)), up, saving(demand, rent(HIGH))),
        Swing("discount rate", "10 %", saving(demand, low_rate), "15 %", saving(demand, high_rate)),
    ]


LOWEST, HIGHEST = -0.9, 100.0
"""Rates a month beyond which there is no sensible answer."""


def npv(monthly_rate: float, flows: Sequence[int]) -> int:
    """Net present value, micro-dollars; the first flow is today's and counts in full."""
    return round(_present_value(monthly_rate, flows))


def discounted(monthly_rate: float, flows: Sequence[int]) -> list[float]:
    """Each month's flow, at present value."""
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
