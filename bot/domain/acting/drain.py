"""Draining: a machine that is to stand empty takes no new claims, and those it has run out. A topic of its own."""

from dataclasses import dataclass

from bot.domain import parts


@dataclass(frozen=True, slots=True)
class Drain:
    """Who drains an instance since when, and why."""

    id: str
    instance_id: str
    who: str
    since: int
    reason: str = ""
    ended_at: int | None = None

    def refusal(self, name: str) -> str:
        """Why nobody gets more time on it."""
        why = f" ({self.reason})" if self.reason else ""
        who = parts.person(self.who)
        return f"{name} is being drained by {who}{why}, so nobody gets more time on it. Try {parts.gpu('find')}."
