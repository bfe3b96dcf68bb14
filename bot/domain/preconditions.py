"""What a request that waits rests on, compared with what is when it is carried out: what differs ends it.

`COUNTS` says which facts count for which request. A fact that is not known on one side is not compared; who may not
decide any more, and what has come since, are facts of the later side alone.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from bot.domain import parts

RequestKind = Literal[
    "stop", "start", "launch", "clone", "resize", "order", "old", "claim", "booking", "takeover", "hours"
]
"""order: the machine of a clone or a resize, once its image is there. old: the machine that a resize replaces, once the
new one runs. claim, booking: beyond fair use. takeover: a claim that was offered. The others are kinds of actions.
"""
_USD = 1_000_000


@dataclass(frozen=True, slots=True)
class Conditions:
    """What counts, as a card showed it or as it is; None: not known."""

    name: str = ""
    """Of the machine, for sentences."""
    launch: int | None = None
    """When it was launched; None is a launch like another."""
    team: str | None = None
    type: str | None = None
    rate_micros: int | None = None
    """What an hour of what is to run costs."""
    template: str | None = None
    """Everything a launch template orders."""
    paid_anyway: str | None = None
    over: frozenset[str] | None = None
    """The budgets that are over, or would be by it."""
    beyond: str | None = None
    """The limits of fair use that whoever asked goes beyond, as phrases; empty: none."""
    waiting: int | None = None
    """How many others stand in the line for just this machine."""
    claims: frozenset[str] | None = None
    """All that hold on the machine."""
    claim: str | None = None
    """The one that is to go on or to be taken over; empty: none."""
    gpus: tuple[int, ...] | None = None
    """Its GPUs."""
    until_at: int | None = None
    """Its end."""
    hours: str | None = None
    """The machine's on-hours, in words."""
    booked: tuple[str, int] | None = None
    """Who has booked it for so soon that it would not come back in time, and from when."""
    snoozed: Mapping[str, int] | None = None
    """Until when each person wants it left alone."""
    gone: str = ""
    """Why whoever decided may no longer do so."""

    def to_json(self) -> str:
        """For the store: what is known of a claim."""
        names = ("name", "type", "claim", "gpus", "until_at")
        return json.dumps({name: value for name in names if (value := getattr(self, name)) is not None})

    @classmethod
    def from_json(cls, text: str) -> "Conditions":
        """From the store."""
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {name: value for name, value in json.loads(text).items() if name in known}
        return cls(**values | ({"gpus": tuple(values["gpus"])} if "gpus" in values else {}))


Comparison = Callable[[Conditions, Conditions], str]
"""What differs between what was shown and what is, as a sentence; empty when nothing does."""


def _launch(shown: Conditions, now: Conditions) -> str:
    return f"{now.name} was restarted after the request." if shown.launch != now.launch else ""


def _decider(_shown: Conditions, now: Conditions) -> str:
    return now.gone


def _team(shown: Conditions, now: Conditions) -> str:
    whose = f"is {now.team}'s" if now.team else "is nobody's"
    asked = f"team {shown.team} was asked" if shown.team else "it was not asked for as a team's"
    return f"{now.name} {whose} by now, and {asked}. Ask again." if _differ(shown.team, now.team) else ""


def _type(shown: Conditions, now: Conditions) -> str:
    differs = _differ(shown.type, now.type)
    return (
        f"{now.name} is a {now.type} by now, and was a {shown.type} when it was asked for. Ask again."
        if differs
        else ""
    )


def _rate(shown: Conditions, now: Conditions) -> str:
    """A lower price is no reason not to."""
    then, rate = shown.rate_micros, now.rate_micros
    if then is None or rate is None or rate <= then:
        return ""
    return f"{now.name} costs ${rate / _USD:,.2f} an hour by now, and ${then / _USD:,.2f} was asked for. Ask again."


def _template(shown: Conditions, now: Conditions) -> str:
    differs = _differ(shown.template, now.template)
    return f"{now.name} was changed in valet.toml after the request. Ask again." if differs else ""


def _paid(shown: Conditions, now: Conditions) -> str:
    if shown.paid_anyway == "" and now.paid_anyway:
        return f"{now.name} runs in {now.paid_anyway} by now, which is paid whether it runs or not."
    return ""


def _over(shown: Conditions, now: Conditions) -> str:
    if shown.over is None or now.over is None or not (newly := now.over - shown.over):
        return ""
    return f"By now it would go beyond the budget of {' and '.join(sorted(newly))}, which nobody was told. Ask again."


def _beyond(shown: Conditions, now: Conditions) -> str:
    if shown.beyond == "" and now.beyond:
        return f"By now it would go beyond fair use, which nobody was told: {now.beyond}. Ask again."
    return ""


def _claims(shown: Conditions, now: Conditions) -> str:
    if shown.claims is None or now.claims is None or now.claims <= shown.claims:
        return ""
    return f"{now.name} was claimed after the request."


def _waiting(shown: Conditions, now: Conditions) -> str:
    if (shown.waiting or 0) >= (now.waiting or 0):
        return ""
    return f"Somebody waits for {now.name} who did not when it was asked for. Ask again."


def _booked(shown: Conditions, now: Conditions) -> str:
    if now.booked is None or now.booked == shown.booked:
        return ""
    return f"{parts.person(now.booked[0])} has booked {now.name} for soon after."


def _snoozed(shown: Conditions, now: Conditions) -> str:
    """A snooze that was accepted in words keeps the machine."""
    before = shown.snoozed or {}
    later = [who for who, until in (now.snoozed or {}).items() if until > before.get(who, 0)]
    return f"{parts.person(later[-1])} has snoozed {now.name} meanwhile." if later else ""


def _claim(shown: Conditions, now: Conditions) -> str:
    if not _differ(shown.claim, now.claim):
        return ""
    if not shown.claim:
        return f"{now.name} is claimed already by now. Ask again."
    return f"The claim on {now.name} ended after this was asked. Ask again."


def _gpus(shown: Conditions, now: Conditions) -> str:
    differs = _differ(shown.gpus, now.gpus)
    return f"The claim on {now.name} is of other GPUs by now. Ask again." if differs else ""


def _until(shown: Conditions, now: Conditions) -> str:
    differs = _differ(shown.until_at, now.until_at)
    return f"The end of the claim on {now.name} was moved after this was asked. Ask again." if differs else ""


def _hours(shown: Conditions, now: Conditions) -> str:
    differs = _differ(shown.hours, now.hours)
    return f"Its on-hours have changed since this was asked ({now.hours})." if differs else ""


def _differ(shown: object, now: object) -> bool:
    return shown is not None and now is not None and shown != now


COUNTS: Mapping[RequestKind, tuple[Comparison, ...]] = {
    "stop": (_launch, _decider, _team, _claims, _waiting, _booked, _snoozed, _paid),
    "start": (_launch, _decider, _team, _type, _rate, _over, _beyond),
    "launch": (_template, _decider, _rate, _over, _beyond),
    "clone": (_launch, _decider, _team, _type, _rate, _over, _beyond, _snoozed),
    "resize": (_launch, _decider, _team, _type, _rate, _over, _beyond, _claims, _snoozed),
    "order": (_decider, _rate),
    "old": (_launch, _decider, _team, _claims, _snoozed),
    "claim": (_decider, _type, _claim, _gpus, _until),
    "booking": (_decider, _type),
    "takeover": (_decider, _type, _claim, _gpus, _until),
    "hours": (_team, _hours),
}
"""The facts that count for each request, in the order in which they are told."""


def difference(kind: RequestKind, shown: Conditions, now: Conditions) -> str:
    """What differs so that the request is not carried out, as a sentence; empty when nothing does."""
    return next((sentence for check in COUNTS[kind] if (sentence := check(shown, now))), "")
