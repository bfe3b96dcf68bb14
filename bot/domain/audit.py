"""An entry of the audit: who did what to what, when, why, and what it changed."""

from dataclasses import dataclass

FORGOT = "forgot a person"
"""What an entry says that names others, changed since by the forgetting of somebody: they no longer fit their hash."""
REFUSED = "refused"
"""What came of it, where somebody tried what they may not, or what could not be."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done. `who` is a Slack user id, "valet" for the bot itself, or "command line"."""

    id: int
    at: int
    who: str
    did: str
    subject: str
    """What it was done to: the id of an instance or a host."""
    detail: str
    """Why, or to whom."""
    before: str
    after: str
    hash: str
    erased_by: int | None = None
    """The entry that tells why this one is not as it was written: somebody in it was forgotten."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry of the audit that does not follow from the one before it."""

    id: int
    at: int | None
    """None where the entry itself is gone."""
    what: str
