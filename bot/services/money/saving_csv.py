"""Savings as CSV for spreadsheets: every one of them, with what would have been otherwise."""

from collections.abc import Iterator

from bot.domain.clock import HOUR
from bot.domain.money.saved import Savings
from bot.services.csv_lines import line, safe
from bot.services.money.reporting import usd


def lines(told: Savings) -> Iterator[str]:
    """A line per source and way, the header included; the amounts add up to the sum of the answer."""
    yield line(("machine", "team", "by", "hours_not_run", "usd", "otherwise", "estimate"))
    for each in told.found:
        name, team, otherwise = (safe(text) for text in (each.name, each.team, each.counterfactual))
        amounts = f"{each.saved_ms / HOUR:.3f}", usd(each.micros)
        yield line((name, team, each.kind, *amounts, otherwise, "no" if each.exact else "yes"))
