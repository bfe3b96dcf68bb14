"""Charts of money within what Slack draws: 20 points, 6 series, labels of 20 characters; whole dollars."""

from collections.abc import Mapping, Sequence
from typing import Literal

from bot.domain.money.rates import MICROS_PER_USD
from handlers.blocks.parts import Block, cut

CHART_POINTS = 20
BARS = 8
"""Bars that a phone still shows with their names."""
LABEL = 20
Series = Mapping[str, Sequence[int]]
"""Micro-dollars by the name of their line: one for each label."""


def chart(kind: Literal["line", "bar"], title: str, labels: Sequence[str], series: Series, *, x_label: str) -> Block:
    """Slack wants a point of each series for each label, and no label or name twice."""
    unique = unlike(labels)
    drawn = [
        {
            "name": cut(name, LABEL),
            "data": [{"label": label, "value": whole_usd(each)} for label, each in zip(unique, amounts, strict=True)],
        }
        for name, amounts in series.items()
    ]
    axes = {"categories": unique, "x_label": x_label, "y_label": "USD"}
    return {
        "type": "data_visualization",
        "title": cut(title, 50),
        "chart": {"type": kind, "series": drawn, "axis_config": axes},
    }


def bar_chart(title: str, labels: Sequence[str], series: Series, *, x_label: str) -> list[Block]:
    """Bars side by side, those beyond the first ones added up; nothing where all of them are nothing."""
    told = {name: _summed(amounts) for name, amounts in series.items() if any(amounts)}
    if not told:
        return []
    rest = len(labels) - BARS
    names = [*labels[:BARS], *([f"{rest} more"] if rest > 0 else [])]
    return [chart("bar", title, names, told, x_label=x_label)]


def _summed(amounts: Sequence[int]) -> list[int]:
    return [*amounts[:BARS], *([sum(amounts[BARS:])] if len(amounts) > BARS else [])]


def unlike(labels: Sequence[str]) -> list[str]:
    """Labels as short as Slack takes them; of two alike the second says that it is one."""
    found: list[str] = []
    for label in labels:
        short, number = cut(" ".join(label.split()), LABEL) or "-", 2
        while short in found:
            end = f" ({number})"
            short, number = cut(label, LABEL - len(end)) + end, number + 1
        found.append(short)
    return found


def whole_usd(micros: int) -> int:
    """Whole dollars, rounded."""
    return (micros + MICROS_PER_USD // 2) // MICROS_PER_USD
