"""The company's own quantiles in the place of the shipped ones, once enough totals have been scored.

Totals that share days tell the same thing, so of each group (a team, a type, everything) only those count that lie a
whole horizon apart; and every group weighs the same, however long it has been forecast.
"""

from collections.abc import Mapping, Sequence

from bot.domain.money.forecast.interval import Quantiles, quantiles

LEAST_TOTALS = 100
LEAST_GROUPS = 10
FLOOR = 0.25
"""Of the shipped quantiles, so much stays: what has not happened to a company yet still may."""
AT = (0.025, 0.10, 0.90, 0.975)

Scored = tuple[int, float]
"""The day a total begins, as a number, and its error by its spread: what came less what was expected."""


def own_quantiles(groups: Mapping[str, Sequence[Scored]], horizon: int) -> Quantiles | None:
    """Quantiles of the scored totals of this many days; None while there are too few."""
    kept = {name: apart for name, scored in groups.items() if (apart := _apart(scored, horizon))}
    if len(kept) < LEAST_GROUPS or sum(map(len, kept.values())) < LEAST_TOTALS:
        return None
    weighed = sorted((error, 1 / len(errors)) for errors in kept.values() for error in errors)
    lo95, lo80, hi80, hi95 = (_at(weighed, share * len(kept)) for share in AT)
    low95, low80, high80, high95 = (FLOOR * each for each in quantiles(60, horizon))
    return min(lo95, low95), min(lo80, low80), max(hi80, high80), max(hi95, high95)


def _apart(scored: Sequence[Scored], horizon: int) -> list[float]:
    """The errors of totals that share no day, from the oldest on."""
    found: list[float] = []
    free_from: int | None = None
    for day, error in sorted(scored):
        if free_from is None or day >= free_from:
            found.append(error)
            free_from = day + horizon
    return found


def _at(weighed: Sequence[tuple[float, float]], weight: float) -> float:
    """The error up to which this much weight lies."""
    passed = 0.0
    for error, own in weighed:
        passed += own
        if passed >= weight:
            return error
    return weighed[-1][0]
