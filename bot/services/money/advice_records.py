"""Rent-or-buy answers for other programs: every figure of one as a record for JSON, and a line each as CSV."""

import re
from collections.abc import Iterator
from typing import Any

from bot.domain.money.advice import Advice, AtOther, Weighed
from bot.services.csv_lines import line, safe
from bot.services.money.reporting import usd

NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
LEFT_OUT = frozenset({"paid_so_far", "sensitivity", "use_of_each_percent"})
"""Lists, which are no cells of one line."""

AT_OTHER = frozenset({"without_idle_hours", "as_in_the_last_14_days"})
"""What has two figures, or none."""


def lines(told: Weighed) -> Iterator[str]:
    """A line per type that was weighed, the header included; what is not known is empty."""
    rows = [dict(_flat(record(each))) for each in told.answers]
    yield line(list(rows[0]))
    for row in rows:
        yield line(list(row.values()))


def _flat(nested: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """{"server": {"price_usd": "1"}} as server_price_usd."""
    for name, value in nested.items():
        if name in LEFT_OUT:
            continue
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}_")
        elif value is None and name in AT_OTHER:
            yield from _flat(dict.fromkeys(("hours_per_month", "saving_usd")), f"{before}{name}_")
        else:
            yield f"{before}{name}", _cell(value)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    told = " and ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return told if NUMBER.fullmatch(told) else safe(told)


def record(advice: Advice) -> dict[str, Any]:
    """Money as exact decimal text; null for what there is none of."""
    choices = {"rent": advice.rent, "best": advice.best, "buy_all": advice.everything, "weighed": advice.weighed}
    return {
        "type": advice.type,
        "scope": advice.scope.text,
        **_taken(advice),
        "choices": {name: {"servers": each.servers, "npv_usd": usd(each.npv)} for name, each in choices.items()},
        "saving_usd": usd(advice.saving),
        "break_even_percent": round(advice.break_even * 100, 2),
        "use_of_each_percent": [round(use * 100, 2) for use in advice.uses],
        "payback_month": advice.payback,
        "discounted_payback_month": advice.discounted_payback,
        "irr_percent": None if advice.irr is None else round(advice.irr * 100, 2),
        "too_early": advice.too_early,
        "without_idle_hours": _at(advice.parked),
        "as_in_the_last_14_days": _at(advice.recent),
        "paid_so_far": [
            {"month": month, "rent_all_usd": usd(rent), "weighed_usd": usd(buy)} for month, rent, buy in advice.paid
        ],
        "sensitivity": [
            {"what": each.what, each.low_label: usd(each.low), each.high_label: usd(each.high)}
            for each in advice.swings
        ],
    }


def _at(then: AtOther | None) -> dict[str, str] | None:
    if then is None:
        return None
    return {"hours_per_month": f"{then.hours_per_month:.3f}", "saving_usd": usd(then.saving)}


def _taken(advice: Advice) -> dict[str, Any]:
    """What the answer rests on."""
    terms, used, kept = advice.terms, advice.used, advice.kept
    return {
        "use": {
            "hours_per_month": f"{used.hours_per_month:.3f}",
            "peak": used.peak,
            "measured_days": used.days,
            "rent_usd_per_hour": usd(terms.rent_micros_per_hour),
            "rent_source": used.rent_source,
        },
        "server": {
            "price_usd": usd(terms.price_micros),
            "price_source": kept.price_source,
            "replaces": terms.replaces,
            "life_months": terms.life_months,
            "residual_percent": f"{terms.residual_percent:f}",
            "upkeep_usd_per_month": usd(terms.upkeep_micros_per_month),
            "left_out": list(kept.missing),
        },
        "discount_rate_percent": f"{(terms.yearly_rate * 100).normalize():f}",
        "tax_percent": f"{(terms.tax * 100).normalize():f}",
    }
