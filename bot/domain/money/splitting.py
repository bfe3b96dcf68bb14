"""Who had a machine's time and whether it worked: an amount split by claim, team and use, exactly.

The time is cut wherever a claim began or ended and wherever a GPU's use changed; each GPU's milliseconds are what the
amount is shared out by. Shares add up to the amount to the micro-dollar, by the largest remainder.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bot.domain.days import GpuMs, MachineMs
from bot.domain.money.rates import Charge, GpuUse, Rate, Share, cost_between

USE_OF_LETTER: Mapping[str, GpuUse] = {"b": "busy", "i": "idle", "?": "unknown"}
_LETTERS = {"active": "b", "free": "i", "held": "i"}

UseMarks = tuple[tuple[int, str], ...]
"""From when on each GPU was in which use: an instant and a letter per GPU, oldest first."""
ShareKey = tuple[str, str, GpuUse]
"""Holder, team, use."""


@dataclass(frozen=True, slots=True)
class ClaimedGpus:
    """The GPUs that somebody's claim covered, from one instant to another; None: it still does."""

    holder: str
    team: str
    gpus: tuple[int, ...]
    from_at: int
    until_at: int | None = None


def use_letters(states: Iterable[str]) -> str:
    """A letter per GPU for their verdicts; what is neither seen to work nor to idle is unknown."""
    return "".join(_LETTERS.get(state, "?") for state in states)


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    """Whole parts of a total in proportion to the weights, which add up to it: largest remainders first."""
    whole = sum(weights)
    if not whole:
        return [total, *[0] * (len(weights) - 1)] if weights else []
    parts = [total * weight // whole for weight in weights]
    by_rest = sorted(range(len(weights)), key=lambda n: (-(total * weights[n] % whole), n))
    for number in by_rest[: total - sum(parts)]:
        parts[number] += 1
    return parts


def price_correction(number: int, charge: Charge, rate: Rate, why: str) -> Charge:
    """The correction of a charge that was made without a price: its amount, shared out as its time was."""
    micros = cost_between(rate.micros_per_hour, charge.from_at, charge.from_at + charge.running_ms)
    parts = share_out(micros, [share.gpu_ms for share in charge.split])
    shares = tuple(replace(each, gpu_ms=GpuMs(0), micros=part) for each, part in zip(charge.split, parts, strict=True))
    return replace(
        charge,
        running_ms=MachineMs(0),
        idle_ms=None,
        micros=micros,
        rate_micros=rate.micros_per_hour,
        shares=shares,
        corrects=number,
        why=why,
        exact=rate.exact,
    )


def split_cost(
    micros: int, span: tuple[int, int], *, team: str, marks: UseMarks, holds: Sequence[ClaimedGpus]
) -> tuple[Share, ...]:
    """The shares of what a machine of a team cost over a span of time; what nobody held is the team's own."""
    spent: dict[ShareKey, int] = {}
    for start, end in pairwise(_cuts(span, marks, holds)):
        present = [hold for hold in holds if hold.from_at <= start and (hold.until_at is None or hold.until_at >= end)]
        for gpu, letter in enumerate(_letters_at(marks, start)):
            hold = next((each for each in present if gpu in each.gpus), None)
            key: ShareKey = (hold.holder if hold else "", hold.team if hold else team, USE_OF_LETTER[letter])
            spent[key] = spent.get(key, 0) + end - start
    keys = sorted(spent)
    parts = share_out(micros, [spent[key] for key in keys])
    return tuple(
        Share(holder=holder, team=whose, use=use, gpu_ms=GpuMs(spent[holder, whose, use]), micros=part)
        for (holder, whose, use), part in zip(keys, parts, strict=True)
    )


def all_idle_ms(span: tuple[int, int], marks: UseMarks) -> MachineMs:
    """How much of a span all GPUs of a machine were seen idle at once: neither GPU time nor the mean of them."""
    idle = (end - start for start, end in pairwise(_cuts(span, marks, ())) if set(_letters_at(marks, start)) == {"i"})
    return MachineMs(sum(idle))


def _cuts(span: tuple[int, int], marks: UseMarks, holds: Sequence[ClaimedGpus]) -> list[int]:
    edges = {at for at, _ in marks}
    for hold in holds:
        edges |= {hold.from_at} if hold.until_at is None else {hold.from_at, hold.until_at}
    return sorted({*span, *(at for at in edges if span[0] < at < span[1])})


def _letters_at(marks: UseMarks, at: int) -> str:
    known = [letters for since, letters in marks if since <= at]
    return known[-1] if known else marks[0][1] if marks else "?"
