"""Budgets as CSV for spreadsheets: what is spent of each, and what is expected."""

from collections.abc import Iterable, Iterator

from bot.domain.money.budgets import Standing
from bot.services.csv_lines import line, safe
from bot.services.money.reporting import usd

COLUMNS = (
    *("budget_of", "name", "month", "budget_usd", "spent_usd", "expected_usd", "low_80_usd", "high_80_usd"),
    *("chance_to_exceed_percent", "expected_over_on"),
)


def lines(found: Iterable[Standing]) -> Iterator[str]:
    """A line per budget, the header included; what is not known is empty."""
    yield line(COLUMNS)
    for each in found:
        ahead = each.expected
        bounds = (ahead.micros, ahead.lo_micros, ahead.hi_micros) if ahead else (None, None, None)
        money = ("" if micros is None else usd(micros) for micros in (each.budget_micros, each.spent_micros, *bounds))
        chance = "" if each.chance_over is None else f"{each.chance_over * 100:.1f}"
        over_on = each.over_on.isoformat() if each.over_on else ""
        name = safe(each.scope.label or each.scope.key)
        yield line((each.scope.kind, name, f"{each.month:%Y-%m}", *money, chance, over_on))
