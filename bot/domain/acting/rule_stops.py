"""Stops by rule: of what a team has said may be stopped so, after warnings, and never of what works.

Two rules lead to it: on-hours that have ended, and (where a team has switched that on) long idleness.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from bot.domain import parts
from bot.domain.acting.actions import Action
from bot.domain.acting.obstacles import is_booked_soon
from bot.domain.acting.snooze import Snooze
from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.exemptions import Exemption
from bot.domain.machines.listing import Listing
from bot.domain.sharing.bookings import BookingSlot

StopRule = Literal["hours", "idle"]
WARNINGS_MS: dict[StopRule, tuple[int, int]] = {
    "hours": (30 * MINUTE_MS, 5 * MINUTE_MS),
    "idle": (60 * MINUTE_MS, 15 * MINUTE_MS),
}
"""How long before it people are told, twice."""
SettleReason = Literal["acted", "put off", "not running", "started", "used", "gone", "unfit", "unmeant"]
"""Why nothing more comes of a planned stop. acted: a stop came of it. put off: it was announced anew, for later.
started: by hand since. unfit: not to be stopped as it is, by tag or provider. unmeant: the rule is not, or another.
"""
FOR_GOOD: frozenset[SettleReason | Literal[""]] = frozenset({"", "acted", "put off"})
"""With these the end of a window, or an idleness, is over, and where it is not known. With the others it is only as
long as things are so: what was changed and changed back is planned again.
"""


@dataclass(frozen=True, slots=True)
class RuleStop:
    """One planned stop by rule. `basis_at` is what it follows from: the end of a window, or since when it idles."""

    instance_id: str
    rule: StopRule
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
    why: SettleReason | Literal[""] = ""
    """Why it is settled; empty where that was not kept."""


class Settlement(NamedTuple):
    """Why a stop by rule is settled without a stop, and in words for people."""

    why: SettleReason
    said: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What counts when the time of a stop by rule has come."""

    listing: Listing
    snooze: Snooze | None
    exemption: Exemption | None
    action: Action | None
    """A live one on the instance."""
    stops_active: bool
    """The team lets a window end work."""
    booked: BookingSlot | None = None
    """The next to begin."""
    at: int = 0
    """When it would be stopped."""


def settlement(rule_stop: RuleStop, listing: Listing) -> Settlement | None:
    """Why this is settled without a stop; None when it still stands."""
    instance, verdict = listing.instance, listing.verdict
    if instance.state != "running":
        return Settlement("not running", "It does not run.")
    if (instance.launched_at or 0) > rule_stop.basis_at:
        return Settlement("started", "It was started after that, and a start by hand is not fought.")
    if rule_stop.rule == "idle" and verdict is not None and verdict.state != "unknown":
        still = verdict.is_idle and (verdict.since or 0) <= rule_stop.basis_at
        return None if still else Settlement("used", "It was used since.")
    return None


def rule_stop_waits_for(here: Circumstances) -> str | None:
    """Why it is not stopped just now, in words for people; None when nothing is in the way."""
    if here.snooze is not None:
        return f"{parts.person(here.snooze.who)} keeps it"
    if here.exemption is not None:
        return f"it is exempt: {here.exemption.reason}"
    return _wanted(here) or ("something is being done to it" if here.action is not None else _may_work(here))


def _wanted(here: Circumstances) -> str | None:
    """Who has it, or is about to."""
    claims, offers = here.listing.claims, here.listing.offers
    if claims:
        return f"{parts.person(claims[0].holder)} holds it"
    if offers:
        return f"it is held for {parts.person(offers[0].person)}, whose turn it is"
    if is_booked_soon(here.booked, here.at) and here.booked is not None:
        return f"{parts.person(here.booked.holder)} has booked it for soon after"
    return None


def _may_work(here: Circumstances) -> str | None:
    verdict = here.listing.verdict
    if verdict is None or verdict.state == "unknown":
        return "nobody can tell whether it works"
    return None if verdict.is_idle or here.stops_active else "it works"


REFUSED_PAUSES_MS = (HOUR_MS, 2 * HOUR_MS)
"""So long after a stop by rule that the provider refused it is tried once more; after the last, no more that night."""


def again_at(stops: Sequence[Action]) -> int | None:
    """When a stop by rule is tried again, after these that followed from the same; None when it is not."""
    failed = [stop for stop in stops if stop.state == "failed"]
    if not failed or stops[-1].state != "failed" or len(failed) > len(REFUSED_PAUSES_MS):
        return None
    return (failed[-1].finished_at or failed[-1].created_at) + REFUSED_PAUSES_MS[len(failed) - 1]


LATE_MS = 5 * MINUTE_MS
"""A stop that could not be carried out within this after its moment is announced anew: people count on the moment."""


def is_warned(rule_stop: RuleStop, now: int) -> bool:
    """The last warning was given, stands, and was of this moment."""
    return rule_stop.warned >= len(WARNINGS_MS[rule_stop.rule]) and now <= rule_stop.acts_at + LATE_MS


def is_stale(rule_stop: RuleStop, now: int) -> bool:
    """It is too late for the warnings that are missing, so all of them have to be given anew."""
    last = WARNINGS_MS[rule_stop.rule][-1]
    return not is_warned(rule_stop, now) and now > rule_stop.acts_at - last // 2


def planned_anew(rule_stop: RuleStop, now: int) -> RuleStop:
    """The same, planned for later, with its warnings before it."""
    return replace(rule_stop, acts_at=now + WARNINGS_MS[rule_stop.rule][0], warned=0)


def acts_at(rule: StopRule, planned: int, now: int) -> int:
    """When to stop: as planned, but never sooner than the warnings allow."""
    first, last = WARNINGS_MS[rule]
    return planned if planned - now >= last else now + first


def warnings_due(rule_stop: RuleStop, now: int) -> int:
    """How many warnings should have been given by now."""
    return sum(now >= rule_stop.acts_at - ahead for ahead in WARNINGS_MS[rule_stop.rule])
