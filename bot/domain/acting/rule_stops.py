"""Parking: stopping by rule what a team has said may be stopped by rule, after warnings, and never what works.

Two rules lead to it: on-hours that have ended, and (where a team has switched that on) long idleness.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from bot.domain.acting.actions import Action
from bot.domain.acting.obstacles import is_booked_soon
from bot.domain.acting.snooze import Snooze
from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.exemptions import Exemption
from bot.domain.machines.listing import Listing
from bot.domain.sharing.bookings import Slot

Rule = Literal["hours", "idle"]
WARNINGS: dict[Rule, tuple[int, int]] = {
    "hours": (30 * MINUTE_MS, 5 * MINUTE_MS),
    "idle": (60 * MINUTE_MS, 15 * MINUTE_MS),
}
"""How long before it people are told, twice."""
Settled = Literal["acted", "put off", "not running", "started", "used", "gone", "unfit", "unmeant"]
"""Why nothing more comes of a planned stop. acted: a stop came of it. put off: it was announced anew, for later.
started: by hand since. unfit: not to be stopped as it is, by tag or provider. unmeant: the rule is not, or another.
"""
SETTLES: frozenset[Settled | Literal[""]] = frozenset({"", "acted", "put off"})
"""With these the end of a window, or an idleness, is over, and where it is not known. With the others it is only as
long as things are so: what was changed and changed back is planned again.
"""
NEVER = "never"
"""In the place of windows: no rule ever stops it."""


@dataclass(frozen=True, slots=True)
class HoursRule:
    """The on-hours of one instance, as somebody has set them; they take the place of the team's."""

    instance_id: str
    windows: str
    """As `windows.text_of` writes them, or NEVER."""
    stop_only: bool
    set_by: str
    set_at: int
    void_since: int | None = None
    """Since when they count no more, as whoever set them may no longer do so."""


@dataclass(frozen=True, slots=True)
class Parking:
    """One planned stop by rule. `basis_at` is what it follows from: the end of a window, or since when it idles."""

    instance_id: str
    rule: Rule
    basis_at: int
    acts_at: int
    channel: str
    decider: str
    """Who set the rule."""
    warned: int = 0
    """How many warnings were given, and stand."""
    waiting: str = ""
    """Why it would not be carried out, as its notice says."""
    settled_at: int | None = None
    outcome: str = ""
    action_id: str = ""
    """The stop that came of it."""
    why: Settled | Literal[""] = ""
    """Why it is settled; empty where that was not kept."""


class Over(NamedTuple):
    """Why a parking is settled without a stop, and in words for people."""

    why: Settled
    said: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What counts when the time of a parking has come."""

    listing: Listing
    snooze: Snooze | None
    exemption: Exemption | None
    action: Action | None
    """A live one on the instance."""
    stops_active: bool
    """The team lets a window end work."""
    booked: Slot | None = None
    """The next to begin."""
    at: int = 0
    """When it would be stopped."""


def over(parking: Parking, listing: Listing) -> Over | None:
    """Why this parking is settled without a stop; None when it still stands."""
    instance, verdict = listing.instance, listing.verdict
    if instance.state != "running":
        return Over("not running", "It does not run.")
    if (instance.launched_at or 0) > parking.basis_at:
        return Over("started", "It was started after that, and a start by hand is not fought.")
    if parking.rule == "idle" and verdict is not None and verdict.state != "unknown":
        still = verdict.is_idle and (verdict.since or 0) <= parking.basis_at
        return None if still else Over("used", "It was used since.")
    return None


def waits(here: Circumstances) -> str | None:
    """Why it is not stopped just now, in words for people; None when nothing is in the way."""
    if here.snooze is not None:
        return f"<@{here.snooze.who}> keeps it"
    if here.exemption is not None:
        return f"it is exempt: {here.exemption.reason}"
    return _wanted(here) or ("something is being done to it" if here.action is not None else _may_work(here))


def _wanted(here: Circumstances) -> str | None:
    """Who has it, or is about to."""
    claims, offers = here.listing.claims, here.listing.offers
    if claims:
        return f"<@{claims[0].holder}> holds it"
    if offers:
        return f"it is held for <@{offers[0].person}>, whose turn it is"
    if is_booked_soon(here.booked, here.at) and here.booked is not None:
        return f"<@{here.booked.holder}> has booked it for soon after"
    return None


def _may_work(here: Circumstances) -> str | None:
    verdict = here.listing.verdict
    if verdict is None or verdict.state == "unknown":
        return "nobody can tell whether it works"
    return None if verdict.is_idle or here.stops_active else "it works"


PAUSES = (HOUR_MS, 2 * HOUR_MS)
"""So long after a stop by rule that the provider refused it is tried once more; after the last, no more that night."""


def again_at(stops: Sequence[Action]) -> int | None:
    """When a stop by rule is tried again, after these that followed from the same; None when it is not."""
    failed = [each for each in stops if each.state == "failed"]
    if not failed or stops[-1].state != "failed" or len(failed) > len(PAUSES):
        return None
    return (failed[-1].finished_at or failed[-1].created_at) + PAUSES[len(failed) - 1]


LATE = 5 * MINUTE_MS
"""A stop that could not be carried out within this after its moment is announced anew: people count on the moment."""


def is_warned(parking: Parking, now: int) -> bool:
    """The last warning was given, stands, and was of this moment."""
    return parking.warned >= len(WARNINGS[parking.rule]) and now <= parking.acts_at + LATE


def is_stale(parking: Parking, now: int) -> bool:
    """It is too late for the warnings that are missing, so all of them have to be given anew."""
    last = WARNINGS[parking.rule][-1]
    return not is_warned(parking, now) and now > parking.acts_at - last // 2


def anew(parking: Parking, now: int) -> Parking:
    """The same, planned for later, with its warnings before it."""
    return replace(parking, acts_at=now + WARNINGS[parking.rule][0], warned=0)


def acts_at(rule: Rule, planned: int, now: int) -> int:
    """When to stop: as planned, but never sooner than the warnings allow."""
    first, last = WARNINGS[rule]
    return planned if planned - now >= last else now + first


def warnings_due(parking: Parking, now: int) -> int:
    """How many warnings should have been given by now."""
    return sum(now >= parking.acts_at - ahead for ahead in WARNINGS[parking.rule])
