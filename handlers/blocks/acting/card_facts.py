"""The facts on a card, as they were when it was asked for: what it costs, what is lost, what the risk is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.domain.acting.actions import (
    Action,
    ActionFacts,
    ActionKind,
    CloneFacts,
    LaunchFacts,
    ResizeFacts,
    StartFacts,
    StopFacts,
)
from bot.domain.acting.resize import new_name, type_family
from handlers.blocks.acting import card_parts as card_parts_blocks
from handlers.blocks.acting.card_parts import budget_line, is_owned, lost_by_stop, price, programs, spends
from handlers.blocks.parts import lines
from handlers.blocks.words import esc, gpu_command, length, near, per_hour, person, roughly, say

_NOTHING_STOPS_IT = "Nothing stops it by itself at the end of that time."
_IMAGE_COSTS = "at most $0.05 per GB of disk a month"


def facts(action: Action) -> str:
    """Everything that counts, for this kind."""
    return lines([observing(action), _of_kind(action)])


def observing(action: Action) -> str:
    """That nothing comes of it, where Valet only observes; what is over says so itself."""
    is_observed = action.facts.is_observed and action.state == "pending"
    return "*Valet only observes: nothing is done, whatever is decided.*" if is_observed else ""


def _of_kind(action: Action) -> str:
    match action.facts:
        case StopFacts() as known:
            return _stop(action, known)
        case StartFacts() as known:
            return _start(action, known)
        case LaunchFacts() as known:
            return _launch(action, known)
        case CloneFacts() as known:
            return _clone(action, known)
        case ResizeFacts() as known:
            return resize_facts(action, known)


def _stop(action: Action, known: StopFacts) -> str:
    return lines(
        [
            _saves(action, known),
            card_parts_blocks.verdict(action, known),
            card_parts_blocks.late(known),
            programs(known),
            _what(action),
            card_parts_blocks.holder_line(action, known),
            card_parts_blocks.waiting_line(known),
            lost_by_stop(known, ends_work=action.ends_work),
            _keeps(known),
            _risk(known),
        ]
    )


def _saves(action: Action, known: StopFacts) -> str:
    """What a stop saves by when, while it is asked about; what is over says so itself."""
    whole = known.saves_by(known.saves_from)
    if action.state != "pending" or whole is None or known.saves_until is None or is_owned(known):
        return ""
    until = near(known.saves_until, action.created_at)
    return f"Stopping now saves about {roughly(whole)} by {until}, {say(known.saves_why)}."


def _risk(known: ActionFacts) -> str:
    if is_owned(known):
        return "How: by the power command in valet.toml, run once. It is off when its agent falls silent."
    return _scarce(known, "starting again may fail for hours")


def _keeps(known: StopFacts) -> str:
    if is_owned(known):
        return "Keeps costing: all but its power."
    return lines([card_parts_blocks.saves_nothing(known), f"Keeps costing: {card_parts_blocks.still_costs(known)}."])


def _start(action: Action, known: StartFacts) -> str:
    risk = _scarce(known, "if so, I try for 21 minutes")
    ends = "At the end of that time I ask whether to stop it." if known.asks_at_end else _NOTHING_STOPS_IT
    wanted = card_parts_blocks.wanted(action, known)
    if is_owned(known):
        return lines([_what(action), spends(action), card_parts_blocks.beyond(known), wanted, ends])
    return lines([_what(action), spends(action), budget_line(action), wanted, ends, risk])


def _launch(action: Action, known: LaunchFacts) -> str:
    risk = _scarce(known, "it may take a while or fail")
    ends = "At the end of that time I ask whether to stop it; stopped, its disks go on costing. Nothing deletes it."
    return lines([_what(action), spends(action), budget_line(action), ends, risk])


def _clone(action: Action, known: CloneFacts) -> str:
    how = (
        f"Rebooted for it: {esc(known.name, 60)}. What runs there ends."
        if known.reboot
        else "No reboot: files that are being written may be torn in the copy."
    )
    return lines(
        [
            f"Copy: {_what(action)}",
            spends(action),
            budget_line(action),
            card_parts_blocks.wanted(action, known) if known.reboot else "",
            how,
            f"The image goes on costing ({_IMAGE_COSTS}) until an admin deletes it: {gpu_command('images')}.",
            "Whoever has the copy sees everything that is on the disks.",
            "At the end of that time I ask whether to stop the copy.",
        ]
    )


def _what(action: Action) -> str:
    known = action.facts
    rate = price(known) if known.rate_micros is not None else "no known price"
    return f"{card_parts_blocks.place_line(action)}, {rate}"


def _scarce(known: ActionFacts, then: str) -> str:
    """What follows where the provider is often out of such machines; empty where it is not."""
    family = esc(known.type.split(".")[0], 20)
    return f"Risk: {family} is often short of capacity; {then}." if known.capacity_short else ""


def resize_facts(action: Action, known: ResizeFacts) -> str:
    """What it is made of and becomes, what that costs, what is lost, and what if it can't be had."""
    name = esc(known.name, 60)
    made = esc(new_name(action.id, known.name), 70)
    image = f"and the image, {_IMAGE_COSTS}: {gpu_command('images')}"
    after = card_parts_blocks.still_costs(known)
    return lines(
        [
            f"It becomes a new machine, {made}, made from an image of {name}, with its team and tags.",
            f"Of: {card_parts_blocks.place_line(action, known.was_type)}.",
            _change(known),
            card_parts_blocks.spends(action),
            card_parts_blocks.budget_line(action),
            card_parts_blocks.verdict(action, known) if known.idle_after is not None else "",
            card_parts_blocks.late(known) if known.idle_after is not None else "",
            card_parts_blocks.programs(known),
            card_parts_blocks.holder_line(action, known),
            card_parts_blocks.saves_nothing(known),
            _old(known, name),
            _along(action, known),
            _exempt(known, name),
            card_parts_blocks.lost_by_stop(known) if known.idle_after is not None else "",
            f"Changes: the instance id and the private address; {name} keeps its own.",
            _driver(known),
            f"Keeps costing until an admin deletes it: {after}, all of {name}'s; {image}.",
            f"Risk: {_short(known)}I try for 21 minutes, and {name} stays as it is if there is none.",
        ]
    )


def _along(action: Action, known: ResizeFacts) -> str:
    name = esc(known.name, 60)
    whose = f"what {person(action.requester)} has booked of it"
    line = (
        f" {known.waiting:,} {'waits' if known.waiting == 1 else 'wait'} in line for {name}, so it is offered to them "
        "and not stopped."
        if known.waiting
        else ""
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
    here, there = type_family(known.was_type), type_family(known.type)
    if here == there:
        return ""
    return f"Another family, {esc(there, 20)} after {esc(here, 20)}: the GPU driver on its disk has to support both."


def _short(known: ResizeFacts) -> str:
    often = "is often out of" if known.capacity_short else "may be out of"
    return f"AWS {often} {esc(type_family(known.type), 20)} in {esc(known.zone or known.region, 40)}; "


@dataclass(frozen=True, slots=True)
class KindWords:
    """One kind's words; {name} is the instance's, or the template's."""

    verb: str
    no: str
    """The button that declines."""
    begun: str
    done: str
    not_done: str
    """It was approved and did not come about."""
    kept: str
    """It was not approved."""
    left: str
    """What stays as it is when nothing is done."""
    style: Literal["primary", "danger"] = "primary"

    @property
    def stays(self) -> str:
        """What stays, at the beginning of a sentence."""
        return self.left if self.left.startswith("{") else self.left[:1].upper() + self.left[1:]


WORDS_OF: Mapping[ActionKind, KindWords] = {
    "stop": KindWords(
        verb="Stop",
        no="Keep it running",
        begun="{name} is stopping",
        done="{name} is stopped",
        not_done="{name} was not stopped",
        kept="{name} keeps running",
        left="{name} keeps running",
        style="danger",
    ),
    "start": KindWords(
        verb="Start",
        no="Leave it stopped",
        begun="{name} is starting",
        done="{name} is started",
        not_done="{name} was not started",
        kept="{name} stays stopped",
        left="{name} stays stopped",
    ),
    "launch": KindWords(
        verb="Launch",
        no="Don't launch it",
        begun="{name} is being launched",
        done="{name} is launched",
        not_done="{name} was not launched",
        kept="{name} is not launched",
        left="nothing is launched",
    ),
    "clone": KindWords(
        verb="Clone",
        no="Don't clone it",
        begun="{name} is being cloned",
        done="{name} is cloned",
        not_done="{name} was not cloned",
        kept="{name} is not cloned",
        left="nothing is cloned",
    ),
    "resize": KindWords(
        verb="Resize",
        no="Leave it as it is",
        begun="{name} is being resized",
        done="{name} is resized",
        not_done="{name} was not resized",
        kept="{name} stays as it is",
        left="{name} stays as it is",
        style="danger",
    ),
}


def card_name(action: Action) -> str:
    """What the card is about, made inert."""
    return esc(action.facts.name, 60)


def card_question(action: Action) -> str:
    """Start nb-5 for 8 h?"""
    wanted = f" for {length(action.length)}" if action.length else ""
    becomes = f" to {esc(action.facts.type, 40)}" if action.kind == "resize" else ""
    return f"{WORDS_OF[action.kind].verb} {card_name(action)}{becomes}{wanted}?"


def label(action: Action) -> str:
    """On the button that says yes."""
    return f"{WORDS_OF[action.kind].verb} {action.facts.name}"
