"""The facts on a card, as they were when it was asked for: what it costs, what is lost, what the risk is."""

from bot.domain.acting.actions import Action, CloneFacts, Facts, LaunchFacts, ResizeFacts, StartFacts, StopFacts
from handlers.blocks.acting import card_parts, resize_facts
from handlers.blocks.acting.card_parts import budget, is_owned, lost, price, programs, spends
from handlers.blocks.parts import lines
from handlers.blocks.words import esc


def facts(action: Action) -> str:
    """Everything that counts, for this kind."""
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
            return resize_facts.facts(action, known)


def _stop(action: Action, known: StopFacts) -> str:
    return lines(
        [
            _what(action),
            card_parts.verdict(action, known),
            card_parts.late(known),
            programs(known),
            card_parts.holder(action, known),
            card_parts.waited(known),
            lost(known, ends_work=action.ends_work),
            _keeps(known),
            _risk(known),
        ]
    )


def _risk(known: Facts) -> str:
    if is_owned(known):
        return "How: by the power command in valet.toml, run once. It is off when its agent falls silent."
    if known.capacity_short:
        return _scarce(known, "starting again may fail for hours")
    return "Risk: starting again may fail if AWS is short of capacity."


def _keeps(known: StopFacts) -> str:
    if is_owned(known):
        return "Keeps costing: all but its power."
    return lines([card_parts.saves_nothing(known), f"Keeps costing: {card_parts.kept(known)}."])


def _start(action: Action, known: StartFacts) -> str:
    risk = _scarce(known, "if so, I try for 21 minutes")
    ends = "Nothing stops it by itself at the end of that time."
    wanted = card_parts.wanted(action, known)
    if is_owned(known):
        return lines([_what(action), spends(action), card_parts.beyond(known), wanted, ends])
    return lines([_what(action), spends(action), budget(action), wanted, ends, risk])


def _launch(action: Action, known: LaunchFacts) -> str:
    risk = _scarce(known, "it may take a while or fail")
    ends = "At the end of that time I ask whether to stop it; stopped, its disks go on costing. Nothing deletes it."
    return lines([_what(action), spends(action), budget(action), ends, risk])


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
            budget(action),
            card_parts.wanted(action, known) if known.reboot else "",
            how,
            "The image keeps costing, at most $0.05 per GB of disk a month, until an admin deletes it: `/gpu images`.",
            "Whoever has the copy sees everything that is on the disks.",
            "At the end of that time I ask whether to stop the copy.",
        ]
    )


def _what(action: Action) -> str:
    known = action.facts
    rate = price(known) if known.rate_micros is not None else "no known price"
    return f"{card_parts.place(action)}, {rate}"


def _scarce(known: Facts, then: str) -> str:
    """What follows where the provider is often out of such machines; empty where it is not."""
    family = esc(known.type.split(".")[0], 20)
    return f"Risk: {family} is often short of capacity; {then}." if known.capacity_short else ""
