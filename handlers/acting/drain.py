"""/gpu drain: keep an owned machine from new claims."""

from bot.domain.machines.listing import FleetFilter
from bot.services import queries
from bot.services.acting import drain as drain_service
from bot.services.context import Context
from handlers import fields
from handlers.blocks.acting import drain as drain_blocks
from handlers.blocks.acting.drain import DRAIN_END_BUTTON
from handlers.blocks.parts import Block, Filled, Reply
from handlers.controller import Draw, Press
from handlers.parsing.text import readable
from handlers.verbs import Ask, Form, Verb, named


def drain(ask: Ask) -> Reply:
    """Begin a drain, or end it."""
    listing, rest = named(ask, "drain")
    if [word.lower() for word in rest] == ["end"]:
        return drain_blocks.drained(drain_service.end(ask.ctx, listing.instance.id, ask.user))
    return drain_blocks.drained(drain_service.drain(ask.ctx, listing.instance.id, ask.user, readable(" ".join(rest))))


def draw_drain_form(ask: Ask, given: Filled) -> list[Block]:
    """Which machine and why; one that is being drained already is let go."""
    listing = fields.shown_machine(ask, given)
    return [
        fields.machine_field(ask, given, label="Owned machine"),
        *drain_blocks.drain_facts(listing),
        fields.note_field(given, label="Reason", placeholder="new power supply"),
    ]


def submit_drain_form(ask: Ask, given: Filled) -> Reply:
    """As `drain dgx-1 new power supply` does."""
    listing = fields.chosen_machine(ask, given)
    reason = fields.chosen_note(given)
    return drain_blocks.drained(drain_service.drain(ask.ctx, listing.instance.id, ask.user, reason))


DRAIN_FORM = Form(
    name="drain",
    title="Drain a machine",
    send="Drain",
    question="Which owned machine is to take no new claims?",
    draw=draw_drain_form,
    submit=submit_drain_form,
    subject=fields.MACHINE,
    menus={fields.MACHINE: fields.machine_search(FleetFilter(provider="owned"))},
)
FORMS = (DRAIN_FORM,)
VERBS = (
    Verb(
        "drain",
        "drain <owned> [reason|end]",
        "Let nobody get more time on an owned machine, or end that.",
        drain,
        form=DRAIN_FORM,
    ),
)


def end(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[End the drain of X]"""
    return drain_blocks.drained(drain_service.end(ctx, value, user))


BUTTONS: dict[str, Press] = {DRAIN_END_BUTTON: end}


def draw_drain(ctx: Context, drain_id: str) -> Reply | None:
    """The notice, as things stand."""
    made = drain_service.drain_of(ctx, drain_id)
    if made is None:
        return None
    return drain_blocks.drain_notice(
        made, queries.listing(ctx, made.instance_id), queries.name_of(ctx, made.instance_id)
    )


MESSAGES: dict[str, Draw] = {"drain": draw_drain}
