"""A forecast told apart by team or by machine: pieces that add up to it, to the micro-dollar."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.money.forecast.expected import Expected
from bot.domain.money.forecast.report import SPANS, ForecastPiece

MOST_PIECES = 25
"""So many pieces are told one by one, the dearest of the month; the others together."""


@dataclass(frozen=True, slots=True)
class Charged:
    """What is charged up to now, micro-dollars."""

    month: int = 0
    today: int = 0
    """Of it."""


def pieces(
    charged: Mapping[str, Charged],
    expected: Iterable[Expected],
    key: Callable[[Expected], str],
    *,
    rest: int,
    passed: float,
) -> tuple[ForecastPiece, ...]:
    """A piece per key, the dearest first; `rest` is how many days the month still has, today included."""
    groups: dict[str, list[Expected]] = {each: [] for each in charged}
    for cost in expected:
        groups.setdefault(key(cost), []).append(cost)
    found = []
    for name, group in groups.items():
        so_far = charged.get(name, Charged())
        month, *ahead = (sum(sum(cost.rest(days, passed)) for cost in group) for days in (rest, *SPANS))
        days_ahead = tuple(so_far.today + micros for micros in ahead)
        found.append(ForecastPiece(name, name, so_far.month, so_far.month + month, days_ahead))
    return tuple(sorted((each for each in found if each.month_micros or any(each.next_micros)), key=_dearest))


def named_pieces(pieces_told: Iterable[ForecastPiece], names: Mapping[str, str]) -> tuple[ForecastPiece, ...]:
    """The same with names for people."""
    return tuple(replace(each, name=names.get(each.key, each.key)) for each in pieces_told)


def pooled_pieces(parts: Sequence[ForecastPiece], uneven: Collection[str]) -> tuple[ForecastPiece, ...]:
    """Those of these keys told together, as none of them can be told anything of alone; one alone stays as it is."""
    apart = [part for part in parts if part.key not in uneven]
    together = [each for each in parts if each.key in uneven]
    if len(together) < 2:
        return tuple(parts)
    names = ", ".join(piece.name or "no team" for piece in together)
    return (*apart, replace(_sum(together), name=names))


def shortened_pieces(parts: Sequence[ForecastPiece], most: int = MOST_PIECES) -> tuple[ForecastPiece, ...]:
    """The dearest, and all others together."""
    if len(parts) <= most:
        return tuple(parts)
    return (*parts[: most - 1], _sum(parts[most - 1 :]))


def _sum(parts: Sequence[ForecastPiece]) -> ForecastPiece:
    ahead = tuple(sum(column) for column in zip(*(each.next_micros for each in parts), strict=True))
    charged, month = sum(part.charged_micros for part in parts), sum(each.month_micros for each in parts)
    return ForecastPiece("", "", charged, month, ahead, sum(each.count for each in parts))


def _dearest(piece: ForecastPiece) -> tuple[int, int, str]:
    return -piece.month_micros, -piece.next_micros[-1], piece.key
