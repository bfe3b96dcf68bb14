"""Claims beside what is measured: those that nobody uses, and use that nobody has claimed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot.domain.clock import DAY_MS, HOUR_MS, MINUTE_MS
from bot.domain.days import instant, local
from bot.domain.machines.verdict import IDLE_STATES, Verdict
from bot.domain.sharing.claims import Claim

Users = Mapping[int, tuple[str, ...]]
"""Unix users with programs on each GPU, as last reported."""
QuestionKind = Literal["idle", "morning"]
QuestionState = Literal["open", "kept", "released", "worked", "unused", "ended"]
"""worked: somebody works there, so there is nothing to ask. unused: silence, so it was given up."""
MORNING, EVENING = time(9), time(18)
LONG = DAY_MS
"""Claims longer than this are asked about in the morning."""
FRESH = 5 * MINUTE_MS
"""Programs reported before that say nothing about now."""
UNSEEN = 10 * MINUTE_MS
"""After a pause this long in what is seen, use counts as having begun anew."""
SQUAT = 30 * MINUTE_MS
"""So long somebody may work without a claim before they are asked to make one."""
NOT_MINE = 7 * DAY_MS
"""So long somebody who said that it is not theirs is left alone about it."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whether the holder of a claim still needs it."""

    id: str
    batch: str
    """The message it stands in, with others to the same person."""
    claim_id: str
    person: str
    kind: QuestionKind
    day: str
    """The local date of a morning's question, else empty."""
    until_at: int
    """The end of the claim when it was asked: a later one is an answer."""
    idle_since: int | None
    asked_at: int
    deadline_at: int | None
    """From then on silence gives the claim up; None while silence changes nothing."""
    state: QuestionState = "open"
    settled_at: int | None = None


@dataclass(frozen=True, slots=True)
class Squat:
    """A unix user whose programs work on GPUs that nobody has claimed."""

    id: str
    instance_id: str
    unix_user: str
    gpus: tuple[int, ...]
    since: int
    seen_at: int
    person: str = ""
    """Who was asked to claim; empty while nobody was."""
    asked_at: int | None = None
    state: Literal["seen", "asked", "claimed", "not mine", "over"] = "seen"


def idle_since(claim: Claim, verdict: Verdict) -> int | None:
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


def question_day(now: int, zone: ZoneInfo) -> date | None:
    """The working day on which people may be asked now: from nine to six there, Monday to Friday; else None."""
    there = local(now, zone)
    asked = there.weekday() < 5 and MORNING <= there.time() < EVENING
    return there.date() if asked else None


def silence_ends(asked_at: int, hours: float, zone: ZoneInfo) -> int:
    """When no answer is one: so many hours later, and never on a weekend: then at that time on Monday."""
    end = asked_at + round(hours * HOUR_MS)
    there = local(end, zone)
    ahead = 7 - there.weekday() if there.weekday() >= 5 else 0
    return instant(there.date() + timedelta(days=ahead), there.time(), zone) if ahead else end


def unclaimed_use(verdict: Verdict | None, taken: frozenset[int], users: Users) -> dict[str, tuple[int, ...]]:
    """By unix user, the GPUs that work for them and that nobody has claimed."""
    busy = [gpu.gpu for gpu in verdict.gpus if gpu.state == "active" and gpu.gpu not in taken] if verdict else []
    found: dict[str, tuple[int, ...]] = {}
    for gpu in sorted(busy):
        for user in users.get(gpu, ()):
            found[user] = (*found.get(user, ()), gpu)
    return found


def own_gpus(users: Users, names: frozenset[str]) -> tuple[int, ...]:
    """The GPUs on which one of these unix users has a program."""
    return tuple(sorted(gpu for gpu, there in users.items() if names.intersection(there)))
