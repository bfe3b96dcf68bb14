"""What a question about money is about: everything, a team, an instance type or one machine."""

from dataclasses import dataclass
from typing import Literal

ScopeKind = Literal["total", "team", "type", "instance"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked about. `key` is empty for the total, else a team's name, an instance type or an instance's id."""

    kind: ScopeKind = "total"
    key: str = ""
    label: str = ""
    """For people: an instance's name; empty: the key."""

    @property
    def text(self) -> str:
        """The name it is stored under."""
        return f"{self.kind}:{self.key}"


TOTAL = Scope()
"""Everything."""
