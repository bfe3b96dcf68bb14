"""What is told of a machine without being asked: its agent is silent, it went down, GPUs of a claim are not there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from bot.domain.clock import MINUTE_MS, SECOND_MS

NoticeKind = Literal["agent", "down", "gpus"]
AGENT_LATE_MS = 3 * MINUTE_MS
"""An agent reports every minute; later than this it is late."""
NOTICE_SOON_MS = 5 * MINUTE_MS
"""Told after so long where a claim or on-hours count on it."""
NOTICE_LATER_MS = 15 * MINUTE_MS
"""And after so long, in working hours, where nobody waits for it."""
UNWATCHED_MS = 3 * MINUTE_MS
"""Nobody has looked for longer than this: what was noticed before counts from now on, since Valet was away itself."""
FIRST_HOUR, LAST_HOUR = 8, 18
WEEKEND = 5


@dataclass(frozen=True, slots=True)
class NoticeCase:
    """Something that is so at a look."""

    instance_id: str
    kind: NoticeKind
    person: str
    """Who is told in person; empty for the channel of whoever looks after the machine."""
    since: int
    detail: str = ""
    wait: int = 0
    """How long it must last before it is told."""
    zone: str = ""
    """In whose working hours it is told; empty for at any hour."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A case as it is kept, from when it was noticed until it is over."""

    id: int
    instance_id: str
    kind: NoticeKind
    person: str
    since: int
    detail: str
    noticed_at: int
    looked_at: int
    told_at: int | None = None
    over_at: int | None = None


def is_notice_due(case: NoticeCase, notice: Notice, now: int) -> bool:
    """Whether it has lasted for long enough, while somebody looked, and it is a time at which one may be told."""
    watched = now - notice.noticed_at >= case.wait - AGENT_LATE_MS
    return watched and now - case.since >= case.wait and (not case.zone or is_working_hour(now, case.zone))


def is_working_hour(now: int, zone: str) -> bool:
    """Monday to Friday, 08:00 to 18:00 there."""
    local = datetime.fromtimestamp(now // SECOND_MS, ZoneInfo(zone))
    return local.weekday() < WEEKEND and FIRST_HOUR <= local.hour < LAST_HOUR
