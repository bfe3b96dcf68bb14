"""Asking a holder whether they still need a claim: when that may be asked, and what the machine says to it."""

from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot.domain.clock import DAY_MS, HOUR_MS
from bot.domain.days import instant, local
from bot.domain.machines.verdict import IDLE_STATES, Verdict
from bot.domain.sharing.claims import Claim

CheckinKind = Literal["idle", "morning"]
CheckinState = Literal["open", "kept", "released", "worked", "unused", "ended"]
"""worked: somebody works there, so there is nothing to ask. unused: silence, so it was given up."""
ASKED_FROM, ASKED_UNTIL = time(9), time(18)
LONG_CLAIM_MS = DAY_MS
"""Claims longer than this are asked about in the morning."""


@dataclass(frozen=True, slots=True)
class Checkin:
    """Whether the holder of a claim still needs it."""

    id: str
    batch: str
    """The message it stands in, with others to the same person."""
    claim_id: str
    person: str
    kind: CheckinKind
    day: str
    """The local date of a morning's question, else empty."""
    until_at: int
    """The end of the claim when it was asked: a later one is an answer."""
    idle_since: int | None
    asked_at: int
    deadline_at: int | None
    """From then on silence gives the claim up; None while silence changes nothing."""
    state: CheckinState = "open"
    settled_at: int | None = None


def claim_idle_since(claim: Claim, verdict: Verdict) -> int | None:
    """Since when nobody has worked on any GPU of a claim, counted from its begin; None when one works or is unknown."""
    seen = [gpu for gpu in verdict.gpus if gpu.gpu in claim.gpus]
    starts = [gpu.since for gpu in seen if gpu.state in IDLE_STATES and gpu.since is not None]
    if verdict.state == "unknown" or not starts or len(starts) < len(claim.gpus):
        return None
    return max(claim.from_at, *starts)


def is_worked_on(claim: Claim, verdict: Verdict, *, is_whole: bool = False) -> bool:
    """Some GPU of a claim works; `is_whole` for a claim on every GPU, to which work on no GPU in particular counts."""
    return (is_whole and verdict.works_as_a_whole) or any(
        gpu.state == "active" and gpu.gpu in claim.gpus for gpu in verdict.gpus
    )


def checkin_day(now: int, zone: ZoneInfo) -> date | None:
    """The working day on which people may be asked now: from nine to six there, Monday to Friday; else None."""
    there = local(now, zone)
    is_office_hour = there.weekday() < 5 and ASKED_FROM <= there.time() < ASKED_UNTIL
    return there.date() if is_office_hour else None


def silence_ends(asked_at: int, hours: float, zone: ZoneInfo) -> int:
    """When no answer is one: so many hours later, and never on a weekend: then at that time on Monday."""
    end = asked_at + round(hours * HOUR_MS)
    there = local(end, zone)
    ahead = 7 - there.weekday() if there.weekday() >= 5 else 0
    return instant(there.date() + timedelta(days=ahead), there.time(), zone) if ahead else end
