"""/gpu launch, clone, resize and images: new machines, from what admins have listed or from another machine."""

import re
from itertools import dropwhile, takewhile

from bot.domain import parts
from bot.domain.acting.actions import Action
from bot.errors import Refused
from bot.services import context, undelivered
from bot.services.acting import approvals, consents
from bot.services.acting import images as images_service
from bot.services.acting import launch as launch_service
from handlers.blocks.acting import approvals as approvals_blocks
from handlers.blocks.acting import dormant as dormant_blocks
from handlers.blocks.acting import launch as launch_blocks
from handlers.blocks.parts import Reply
from handlers.parsing.lasting import TypedSpan
from handlers.parsing.spans import timed_words
from handlers.parsing.text import readable
from handlers.sharing import hints
from handlers.verbs import Ask, Verb, named

NO_REBOOT = re.compile(r"-{0,2}\b(?:no|without|don'?t|do not)[ -]?(?:an? )?reboot(?:ing)?\b(?: it)?", re.IGNORECASE)


def launch(ask: Ask) -> Reply:
    """Launch a machine, once somebody else said yes; without a name, what there is to launch."""
    if not ask.words:
        return launch_blocks.listed(launch_service.templates_for(ask.ctx, ask.user))
    wanted, note = timed_words(ask.words[1:], ask.asker())
    return ask_launch(ask, ask.words[0], wanted, note=readable(note))


def ask_launch(ask: Ask, name: str, wanted: TypedSpan | None = None, *, note: str = "", anyway: bool = False) -> Reply:
    """Put the question, unless something that would do stands free; asked twice, it is the same card."""
    now, wanted = ask.ctx.clock(), wanted or TypedSpan()
    made = launch_service.would_be_machine(ask.ctx, launch_service.template_for(ask.ctx, ask.user, name))
    better = None if anyway else hints.hint_first(ask, made, span=wanted, note=note)
    if better is not None:
        return better
    length = wanted.length if wanted.end is None else wanted.end - now
    action = approvals.ask_to_launch(ask.ctx, name, ask.user, length=length, note=note)
    return told(ask, action, now)


def told(ask: Ask, action: Action, before: int) -> Reply:
    """What whoever asked just now hears; `before` is when they did."""
    again = action.created_at < before or action.requester != ask.user
    first = consents.of(ask.ctx, action.id)
    channel, lost = context.channel_of(ask.ctx, action.team), undelivered.lost(ask.ctx, action)
    return approvals_blocks.asked(action, channel, ask.user, again=again, first=first, lost=lost)


def clone(ask: Ask) -> Reply:
    """Copy a machine with all that is installed on it, once somebody else said yes."""
    listing, rest = named(ask, "clone")
    reboot, rest = _reboots(rest)
    _refuse_other_shape(listing.instance.name, [*takewhile(_is_no_time, map(str.lower, rest))])
    wanted, said = timed_words(rest, ask.asker())
    now = ask.ctx.clock()
    length = wanted.length if wanted.end is None else wanted.end - now
    note = readable(said)
    action = approvals.ask_to_clone(ask.ctx, listing.instance.id, ask.user, length=length, note=note, reboot=reboot)
    return told(ask, action, now)


def _is_no_time(word: str) -> bool:
    return word not in {"for", "until", "till"}


def _reboots(rest: list[str]) -> tuple[bool, list[str]]:
    """Whether the machine may be rebooted, said wherever it is, and the other words.

    Raises Refused for what speaks of a reboot and is not clear: a reboot ends what runs there.
    """
    said = " ".join(rest)
    found = NO_REBOOT.search(said)
    left = f"{said[: found.start()]} {said[found.end() :]}".split() if found else rest
    if any("reboot" in word.lower() for word in left) and [word.lower() for word in left[:2]] != ["with", "reboot"]:
        raise Refused("With a reboot or without? Say `no-reboot`, or leave it out: then the machine is rebooted.")
    return found is None, left


def _refuse_other_shape(name: str, words: list[str]) -> None:
    """What a clone can't be, and would become its note. Raises Refused."""
    first, second = (*words, "", "")[:2]
    if not second and re.fullmatch(r"twice|x\d+|\d+x", first, re.ASCII):
        raise Refused(f"A clone is one machine, and the next is asked for when it is decided: `clone {name} for 8h`.")
    if first in {"to", "as", "into"} and re.fullmatch(r"[a-z0-9-]+\.[a-z0-9-]+", second, re.ASCII):
        raise Refused(f"A clone has the shape of {name}. {parts.gpu('resize', name, second)} makes one of that type.")
    if first in {"as", "named", "called"} and second:
        raise Refused(f"A clone gets its name from {name}, as {name}-1a2b; leave out how to call it.")


def resize(ask: Ask) -> Reply:
    """A machine of another type in the place of one, once somebody else said yes."""
    listing, rest = named(ask, "resize")
    if len(rest) > 2 and [rest[0].lower(), rest[1].lower()] == ["from", listing.instance.type]:
        rest = rest[2:]
    rest = list(dropwhile(lambda word: word.lower() in {"to", "into", "a", "an", "type"}, rest))
    if not rest:
        command, name = ask.ctx.settings.slack.gpu_command, listing.instance.name
        raise Refused(f"To which type? Try `{command} resize {name} g5.12xlarge for 8h`.")
    wanted, said = timed_words(rest[1:], ask.asker())
    now = ask.ctx.clock()
    length = wanted.length if wanted.end is None else wanted.end - now
    reason = readable(said)
    action = approvals.ask_to_resize(ask.ctx, listing.instance.id, ask.user, rest[0], length=length, reason=reason)
    return told(ask, action, now)


def images(ask: Ask) -> Reply:
    """The images that clones have left, with what they cost."""
    return dormant_blocks.images(images_service.shelf(ask.ctx))


VERBS = (
    Verb("launch", "launch [<template> [for 8h] [note]]", "A new machine from a listed template.", launch),
    Verb("clone", "clone <instance> [no-reboot] [for 8h] [note]", "A copy of a machine, as it is set up.", clone),
    Verb("resize", "resize <instance> <type> [for 8h] [reason]", "A new machine of another type in its place.", resize),
    Verb("images", "images", "What clones were made from, what that costs, and which nobody uses.", images),
)
