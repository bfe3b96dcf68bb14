"""/gpu launch, clone, resize and images: new machines, from what admins have listed or from another machine."""

import re
from itertools import dropwhile, takewhile

from bot.domain import parts
from bot.domain.acting.actions import Action
from bot.domain.machines.listing import FleetFilter
from bot.errors import NotFound, Refused
from bot.services import context, names, undelivered
from bot.services.acting import approvals, consents, previews
from bot.services.acting import images as images_service
from bot.services.acting import launch as launch_service
from handlers import fields
from handlers.blocks import forms as form_blocks
from handlers.blocks.acting import approvals as approvals_blocks
from handlers.blocks.acting import dormant as dormant_blocks
from handlers.blocks.acting import launch as launch_blocks
from handlers.blocks.acting import previews as previews_blocks
from handlers.blocks.parts import Block, Filled, Reply, filled
from handlers.parsing.lasting import TypedSpan
from handlers.parsing.spans import timed_words
from handlers.parsing.text import readable
from handlers.sharing import hints
from handlers.verbs import Ask, BadField, Form, Verb, named

TEMPLATE, TYPE, NO_REBOOT_BOX = "template", "type", "no_reboot"
NO_REBOOT = re.compile(r"-{0,2}\b(?:no|without|don'?t|do not)[ -]?(?:an? )?reboot(?:ing)?\b(?: it)?", re.IGNORECASE)


def launch(ask: Ask) -> Reply:
    """Launch a machine, once somebody else said yes; without a name, what there is to launch."""
    if not ask.words or [word.lower() for word in ask.words] == ["list"]:
        return launch_blocks.templates_listed(launch_service.templates_for(ask.ctx, ask.user))
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
    return launch_told(ask, action, now)


def launch_told(ask: Ask, action: Action, before: int) -> Reply:
    """What whoever asked just now hears; `before` is when they did."""
    again = action.created_at < before or action.requester != ask.user
    first = consents.consents_of(ask.ctx, action.id)
    channel, lost = context.team_channel(ask.ctx, action.team), undelivered.lost_card(ask.ctx, action)
    return approvals_blocks.action_asked(action, channel, ask.user, again=again, first=first, lost=lost)


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
    return launch_told(ask, action, now)


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
    return launch_told(ask, action, now)


def images(ask: Ask) -> Reply:
    """The images that clones have left, with what they cost."""
    return dormant_blocks.images_listed(images_service.shelf(ask.ctx))


def launch_given(ask: Ask) -> Filled | None:
    """A bare `launch` opens the form, where there is anything to launch."""
    if ask.words or not launch_service.templates_for(ask.ctx, ask.user):
        return None
    return Filled()


def draw_launch_form(ask: Ask, given: Filled) -> list[Block]:
    """From which template, for how long and what for; what that costs, and what stands idle instead."""
    templates = launch_service.templates_for(ask.ctx, ask.user)
    chosen, note = given.one(TEMPLATE), fields.chosen_note(given)
    if not templates:
        return launch_blocks.templates_listed(templates).blocks
    options = launch_blocks.template_options(templates)
    shown: list[Block] = []
    if any(template.name == chosen for template, _ in templates):
        would_be = launch_service.would_be_machine(ask.ctx, launch_service.template_for(ask.ctx, ask.user, chosen))
        length = fields.shown_length(ask, given)
        planned = previews.of_launch(ask.ctx, chosen, ask.user, length=length, note=note)
        shown = previews_blocks.preview_card(planned, previews.better_idle(ask.ctx, would_be, ask.user))
    return [
        form_blocks.choice_field(TEMPLATE, "Template", options, chosen=chosen, redraws=True),
        *shown,
        *fields.length_fields(ask, given, usual=ask.usual_length(), redraws=True),
        fields.note_field(given),
    ]


def submit_launch_form(ask: Ask, given: Filled) -> Reply:
    """As `launch a10g-dev for 4h note` does; what stands idle instead was shown."""
    name, span = given.one(TEMPLATE), fields.chosen_span(ask, given)
    return ask_launch(ask, name, span, note=fields.chosen_note(given), anyway=True)


LAUNCH_FORM = Form(
    name="launch",
    title="Launch a machine",
    send="Ask to launch",
    question="From which template is a machine to be launched?",
    draw=draw_launch_form,
    submit=submit_launch_form,
    subject=TEMPLATE,
    given=launch_given,
)


def draw_clone_form(ask: Ask, given: Filled) -> list[Block]:
    """Which machine, with a reboot or without, for how long and what for."""
    listing, reboot = fields.shown_machine(ask, given), not given.all(NO_REBOOT_BOX)
    shown: list[Block] = []
    if listing is not None:
        length = fields.shown_length(ask, given)
        shown = previews_blocks.preview_card(
            previews.of_clone(ask.ctx, listing, ask.user, length=length, reboot=reboot)
        )
    box = form_blocks.option("No reboot", NO_REBOOT_BOX, more="Files that are being written may be torn in the copy.")
    return [
        fields.machine_field(ask, given),
        *shown,
        form_blocks.several_field(NO_REBOOT_BOX, "Reboot", [box], chosen=given.all(NO_REBOOT_BOX), redraws=True),
        *fields.length_fields(ask, given, usual=ask.usual_length(), redraws=True),
        fields.note_field(given),
    ]


def submit_clone_form(ask: Ask, given: Filled) -> Reply:
    """As `clone train-7 no-reboot for 4h note` does."""
    listing, length, now = fields.chosen_machine(ask, given), fields.chosen_length(ask, given), ask.ctx.clock()
    note, reboot = fields.chosen_note(given), not given.all(NO_REBOOT_BOX)
    action = approvals.ask_to_clone(ask.ctx, listing.instance.id, ask.user, length=length, note=note, reboot=reboot)
    return launch_told(ask, action, now)


CLONE_FORM = Form(
    name="clone",
    title="Clone a machine",
    send="Ask to clone",
    question="Which machine is to be cloned?",
    draw=draw_clone_form,
    submit=submit_clone_form,
    subject=fields.MACHINE,
    given=fields.timed_given,
    menus={fields.MACHINE: fields.machine_search(FleetFilter(provider="ec2"))},
)


def resize_given(ask: Ask) -> Filled | None:
    """A machine alone says not to which type."""
    if not ask.words:
        return Filled()
    listing = names.whole_name(ask.ctx, ask.words)
    is_all = listing is not None and len(listing.listings) == 1 and listing.count == len(ask.words)
    return filled(machine=listing.listings[0].instance.id) if listing is not None and is_all else None


def type_search(ask: Ask, typed: str, given: Filled) -> list[Block]:
    """Types with what was typed in their names."""
    listing = fields.shown_machine(ask, given)
    return [launch_blocks.type_option(*each) for each in previews.types_like(ask.ctx, listing, typed)]


def draw_resize_form(ask: Ask, given: Filled) -> list[Block]:
    """Which machine, to which type, for how long and why."""
    listing, kind = fields.shown_machine(ask, given), given.one(TYPE)
    shown: list[Block] = []
    if listing is not None and kind:
        length = fields.shown_length(ask, given)
        shown = previews_blocks.preview_card(previews.of_resize(ask.ctx, listing, ask.user, kind, length=length))
    rated = [each for each in previews.types_like(ask.ctx, listing, kind) if each[0] == kind] if kind else []
    chosen = launch_blocks.type_option(*rated[0]) if rated else None
    return [
        fields.machine_field(ask, given),
        form_blocks.search_field(TYPE, "New type", chosen=chosen, placeholder="g5.12xlarge", redraws=True),
        *shown,
        *fields.length_fields(ask, given, redraws=True),
        fields.note_field(given, label="Reason", placeholder="it takes four GPUs"),
    ]


def submit_resize_form(ask: Ask, given: Filled) -> Reply:
    """As `resize nb-5 g5.12xlarge for 4h reason` does."""
    listing, length, now = fields.chosen_machine(ask, given), fields.chosen_length(ask, given), ask.ctx.clock()
    kind, reason = given.one(TYPE), fields.chosen_note(given)
    if not kind:
        raise BadField(TYPE, "Choose a type.")
    action = approvals.ask_to_resize(ask.ctx, listing.instance.id, ask.user, kind, length=length, reason=reason)
    return launch_told(ask, action, now)


RESIZE_FORM = Form(
    name="resize",
    title="Resize a machine",
    send="Ask to resize",
    question="Which machine is to be resized, and to which type?",
    draw=draw_resize_form,
    submit=submit_resize_form,
    subject=fields.MACHINE,
    given=resize_given,
    menus={fields.MACHINE: fields.machine_search(FleetFilter(provider="ec2")), TYPE: type_search},
    places=((NotFound, TYPE),),
)
FORMS = (LAUNCH_FORM, CLONE_FORM, RESIZE_FORM)
VERBS = (
    Verb(
        "launch",
        "launch [<template> [for 8h] [note]]",
        "A new machine from a listed template.",
        launch,
        form=LAUNCH_FORM,
    ),
    Verb(
        "clone",
        "clone <instance> [no-reboot] [for 8h] [note]",
        "A copy of a machine, as it is set up.",
        clone,
        form=CLONE_FORM,
    ),
    Verb(
        "resize",
        "resize <instance> <type> [for 8h] [reason]",
        "A new machine of another type in its place.",
        resize,
        form=RESIZE_FORM,
    ),
    Verb("images", "images", "What clones were made from, what that costs, and which nobody uses.", images),
)
