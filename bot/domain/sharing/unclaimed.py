"""Use without a claim: whose programs work on GPUs that nobody has claimed, and since when."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.domain.clock import DAY_MS, MINUTE_MS
from bot.domain.machines.verdict import Verdict

GpuUsers = Mapping[int, tuple[str, ...]]
"""Unix users with programs on each GPU, as last reported."""
PROGRAMS_FRESH_MS = 5 * MINUTE_MS
"""Programs reported before that say nothing about now."""
USE_UNSEEN_MS = 10 * MINUTE_MS
"""After a pause this long in what is seen, use counts as having begun anew."""
ASKED_AFTER_MS = 30 * MINUTE_MS
"""So long somebody may work without a claim before they are asked to make one."""
LEFT_ALONE_MS = 7 * DAY_MS
"""So long somebody who said that it is not theirs is left alone about it."""


StillAtWork = Literal["own", "somebody", "nobody"]
"""Who works on GPUs whose claim is over, as far as that is known: own programs of its holder, somebody, nobody."""


@dataclass(frozen=True, slots=True)
class UnclaimedUse:
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


def gpus_by_unclaimed_user(
    verdict: Verdict | None, taken: frozenset[int], users: GpuUsers
) -> dict[str, tuple[int, ...]]:
    """By unix user, the GPUs that work for them and that nobody has claimed."""
    busy = [gpu.gpu for gpu in verdict.gpus if gpu.state == "active" and gpu.gpu not in taken] if verdict else []
    gpus_by_user: dict[str, tuple[int, ...]] = {}
    for gpu in sorted(busy):
        for user in users.get(gpu, ()):
            gpus_by_user[user] = (*gpus_by_user.get(user, ()), gpu)
    return gpus_by_user


def gpus_of_users(users: GpuUsers, names: frozenset[str]) -> tuple[int, ...]:
    """The GPUs on which one of these unix users has a program."""
    return tuple(sorted(gpu for gpu, there in users.items() if names.intersection(there)))
