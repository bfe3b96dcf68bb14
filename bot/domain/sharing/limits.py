"""Fair use: how much one person, and one team, may hold at a time and in a week."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bot.domain.clock import HOUR_MS, WEEK_MS
from bot.domain.days import GpuMs
from bot.domain.sharing.claims import Claim

AtLimit = Literal["warn", "ask", "refuse"]


@dataclass(frozen=True, slots=True)
class Allowance:
    """What somebody may hold; None where there is no limit."""

    claims: int | None = None
    gpus: int | None = None
    gpu_hours_per_week: int | None = None

    @property
    def is_set(self) -> bool:
        """There is a limit at all."""
        return any(limit is not None for limit in (self.claims, self.gpus, self.gpu_hours_per_week))


@dataclass(frozen=True, slots=True)
class FairUse:
    """The limits that apply to a person, and what happens beyond them."""

    person: Allowance = Allowance()
    team: Allowance = Allowance()
    at_limit: AtLimit = "warn"


@dataclass(frozen=True, slots=True)
class ClaimUse:
    """What somebody holds now, and in the week up to the end of what they hold."""

    claims: int
    gpus: int
    gpu_ms: GpuMs
    """GPU time claimed in the last seven days and, as planned, from now on."""


def claim_use(claims: Iterable[Claim], now: int) -> ClaimUse:
    """The use that claims amount to: open ones, and those that ended in the last seven days."""
    known = list(claims)
    still = [claim for claim in known if claim.ended_at is None]
    return ClaimUse(
        len(still), sum(len(claim.gpus) for claim in still), GpuMs(sum(_gpu_ms(claim, now) for claim in known))
    )


def _gpu_ms(claim: Claim, now: int) -> GpuMs:
    until = claim.until_at if claim.ended_at is None else claim.ended_at
    return GpuMs(max(0, until - max(claim.from_at, now - WEEK_MS)) * len(claim.gpus))


def beyond_allowance(allowance: Allowance, use: ClaimUse, whose: str) -> list[str]:
    """A phrase for each limit that this use exceeds; `whose` is "you" or a team."""
    hours = -(-use.gpu_ms // HOUR_MS)
    counted = (
        (use.claims, allowance.claims, "claims"),
        (use.gpus, allowance.gpus, "GPUs"),
        (hours, allowance.gpu_hours_per_week, "GPU-hours in a week"),
    )
    return [
        f"{whose} would have {amount:,} {what}, the limit is {limit:,}"
        for amount, limit, what in counted
        if limit is not None and amount > limit
    ]
