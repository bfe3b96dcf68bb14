"""The words for what a machine is doing, one meaning each: in Slack, in the docs, on the command line and in code."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StateWord:
    """What people read for a state, what they may type for it, and what it means."""

    word: str
    means: str
    typed: tuple[str, ...] = ()
    """Filters of `/gpu status` that choose it, the usual one first."""


STATES: Mapping[str, StateWord] = {
    "active": StateWord(
        "in use",
        "A program works on its GPUs, or did within the last hour (`idle.window_minutes`).",
        ("in-use", "active", "busy"),
    ),
    "free": StateWord(
        "idle", "No GPU of it has done any work for an hour, and no program sits on its memory.", ("idle",)
    ),
    "held": StateWord(
        "idle, keeps memory",
        "Idle, but a program keeps GPU memory: it may be waiting for somebody.",
        ("held",),
    ),
    "partial": StateWord("partly idle", "Some of its GPUs are idle, and others are in use.", ("partial",)),
    "unknown": StateWord(
        "unknown",
        "Nobody can tell: it is not measured, or not yet for long enough. It is never called idle.",
        ("unknown",),
    ),
    "stopped": StateWord("stopped", "It does not run. A rented one still costs what its disks cost.", ("stopped",)),
    "pending": StateWord("starting", "It was started and does not run yet.", ("pending", "starting")),
    "stopping": StateWord("stopping", "It is being stopped.", ("stopping",)),
    "shutting-down": StateWord("being deleted", "Somebody deletes it in the cloud."),
    "terminated": StateWord("deleted", "It does not exist any more."),
}
"""By verdict, and of machines that do not run by their provider's state."""

FREE = StateWord("free", "You can have it now: nobody has claimed or booked it, and nothing works there.", ("free",))
UNCLAIMED = StateWord("unclaimed", "Nobody has claimed it. Something may still work there.", ("unclaimed",))

TYPED: Mapping[str, str] = {word: state for state, each in STATES.items() for word in each.typed if word != "idle"}
"""Which state a typed filter means; "idle" means two of them."""


def in_words(state: str) -> str:
    """A state as people read it; one that is not known here as its provider calls it."""
    known = STATES.get(state)
    return known.word if known else state


def for_so_long(state: str, ago: str) -> str:
    """A state with how long it has lasted: "idle 3 h 12 m", "idle 5 h 39 m, keeps memory"."""
    word, comma, kept = in_words(state).partition(", ")
    return f"{word}{' ' if ago else ''}{ago}{comma}{kept}"
