"""The facts on the card of a resize: it is a new machine, and what becomes of the old one."""

from bot.domain.acting.actions import Action, ResizeFacts
from bot.domain.acting.resizing import family, new_name
from handlers.blocks.acting import card_parts
from handlers.blocks.parts import lines
from handlers.blocks.words import esc, length, per_hour, person

IMAGE = "the image, at most $0.05 per GB of disk a month: `/gpu images`"


def facts(action: Action, known: ResizeFacts) -> str:
    """What it is made of and becomes, what that costs, what is lost, and what if it can't be had."""
    name = esc(known.name, 60)
    made = esc(new_name(action.id, known.name), 70)
    return lines(
        [
            f"It becomes a new machine, {made}, made from an image of {name}, with its team and tags.",
            f"Of: {card_parts.place(action, known.was_type)}.",
            _change(known),
            card_parts.spends(action),
            card_parts.budget(action),
            card_parts.verdict(action, known) if known.idle_after is not None else "",
            card_parts.late(known) if known.idle_after is not None else "",
            card_parts.programs(known),
            card_parts.holder(action, known),
            card_parts.saves_nothing(known),
            _old(known, name),
            _along(action, known),
            _exempt(known, name),
            card_parts.lost(known) if known.idle_after is not None else "",
            f"Changes: the instance id and the private address; {name} keeps its own.",
            _driver(known),
            f"Keeps costing until an admin deletes it: {card_parts.kept(known)}, all of {name}'s; and {IMAGE}.",
            f"Risk: {_short(known)}I try for 21 minutes, and {name} stays as it is if there is none.",
        ]
    )


def _along(action: Action, known: ResizeFacts) -> str:
    name = esc(known.name, 60)
    whose = f"what {person(action.requester)} has booked of it"
    line = (
        f" In line for {name}: {known.waiting}, so {name} is offered to them and not stopped." if known.waiting else ""
    )
    return f"Goes along: its on-hours, its snoozes, and {whose}.{line}"


def _exempt(known: ResizeFacts, name: str) -> str:
    if not known.exempt:
        return ""
    return f"Exempt {esc(known.exempt)}. That is {name}'s by its name; an admin can write the new name into valet.toml."


def _change(known: ResizeFacts) -> str:
    was = _rate(known.was_rate_micros)
    becomes = f"{'' if known.rate_exact else 'about '}{_rate(known.rate_micros)}"
    return f"{esc(known.was_type, 40)}, {was}, becomes {esc(known.type, 40)}, {becomes}{_difference(known)}."


def _rate(micros: int | None) -> str:
    return "no known price" if micros is None else per_hour(micros)


def _difference(known: ResizeFacts) -> str:
    if known.rate_micros is None or known.was_rate_micros is None:
        return ""
    more = known.rate_micros - known.was_rate_micros
    about = "" if known.rate_exact else "about "
    return f", {about}{per_hour(abs(more))} {'more' if more >= 0 else 'less'}"


def _old(known: ResizeFacts, name: str) -> str:
    if known.idle_after is None:
        return f"{name} stays stopped and is kept; nothing deletes it."
    soonest = length(known.idle_after)
    return (
        f"{name} is rebooted for the image: what runs there ends. Once the new machine runs and {name} is seen idle "
        f"again, {soonest} after the reboot at the soonest, {name} is stopped and kept; nothing deletes it. "
        "Until then both cost. If it works by then, it is left running."
    )


def _driver(known: ResizeFacts) -> str:
    here, there = family(known.was_type), family(known.type)
    if here == there:
        return ""
    return f"Another family, {esc(there, 20)} after {esc(here, 20)}: the GPU driver on its disk has to support both."


def _short(known: ResizeFacts) -> str:
    often = "is often out of" if known.capacity_short else "may be out of"
    return f"AWS {often} {esc(family(known.type), 20)} in {esc(known.zone or known.region, 40)}; "
