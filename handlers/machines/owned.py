"""/gpu count, rename and retire: what an owned machine has, is called, and that it is no more."""

from dataclasses import replace

from bot.domain import parts
from bot.domain.machines.listing import FleetFilter
from bot.errors import Refused
from bot.services import names
from bot.services.context import Context
from bot.services.machines import owned, why
from handlers import fields
from handlers.blocks import forms as form_blocks
from handlers.blocks.machines import owned as owned_blocks
from handlers.blocks.machines.owned import GPUS_NOW_BUTTON, RETIRE_BUTTON, UNRETIRE_BUTTON
from handlers.blocks.parts import Block, Filled, Reply
from handlers.controller import Draw, Press, number
from handlers.parsing import reserved
from handlers.parsing.text import Quoted
from handlers.verbs import Ask, Form, Verb, named


def count(ask: Ask) -> Reply:
    """How many GPUs its agent sees; with a number, that those are all there are."""
    listing, rest = named(ask, "count")
    words = [word.lower() for word in rest if word.lower() not in {"gpu", "gpus"}]
    if not words:
        heard = why.agent_report(ask.ctx, listing.instance.id)
        if heard is None:
            raise Refused(f"No agent has reported how many GPUs {listing.instance.name} has.")
        return owned_blocks.gpus_counted(listing, heard.gpus_seen)
    if len(words) > 1 or not (words[0].isascii() and words[0].isdecimal() and len(words[0]) < 4):
        raise Refused(f"How many GPUs has it? Try {parts.gpu('count', listing.instance.name, '7')}.")
    return owned_blocks.gpus_confirmed(owned.confirm_gpus(ask.ctx, listing.instance.id, ask.user, int(words[0])))


def rename(ask: Ask) -> Reply:
    """Call an owned machine by another name."""
    listing, rest = named(ask, "rename")
    words = rest[1:] if rest[:1] == ["to"] else rest
    if len(words) != 1:
        raise Refused(
            f"What should {listing.instance.name} be called? "
            f"Try {parts.gpu('rename', listing.instance.name, 'dgx-one')}."
        )
    means = reserved.reserved_meaning(words[0]) or ", ".join(f"`{each}`" for each in names.sorts(ask.ctx, words[0]))
    return owned_blocks.machine_renamed(
        owned.rename_owned(ask.ctx, listing.instance.id, ask.user, words[0], means=means), listing
    )


def retire(ask: Ask) -> Reply:
    """Ask before an owned machine is taken off the list."""
    listing, rest = named(ask, "retire")
    if rest:
        raise Refused(f"{parts.gpu('retire', listing.instance.name)} takes the name of one machine and nothing else.")
    found, heard = owned.retirement_question(ask.ctx, listing.instance.id, ask.user)
    return owned_blocks.retirement_question(found, heard, ask.ctx.clock())


_OWNED = FleetFilter(provider="owned")
NAME = "name"


def draw_rename_form(ask: Ask, given: Filled) -> list[Block]:
    """Which machine, and its name from now on."""
    return [
        fields.machine_field(ask, given, label="Owned machine", redraws=False),
        form_blocks.text_field(NAME, "New name", value=given.one(NAME), placeholder="dgx-one", optional=False, most=60),
    ]


def submit_rename_form(ask: Ask, given: Filled) -> Reply:
    """As `rename dgx-1 dgx-one` does."""
    machine = Quoted(fields.chosen_machine(ask, given).instance.id)
    return rename(replace(ask, words=[machine, *given.one(NAME).split()]))


RENAME_FORM = Form(
    name="rename",
    title="Rename a machine",
    send="Rename",
    question="Which owned machine gets another name?",
    draw=draw_rename_form,
    submit=submit_rename_form,
    subject=NAME,
    menus={fields.MACHINE: fields.machine_search(_OWNED)},
)
RETIRE_FORM = fields.which_machine_form("retire", "Retire a machine", "Go on", retire, _OWNED)
COUNT_FORM = fields.which_machine_form("count", "Count its GPUs", "Show", count, _OWNED)
FORMS = (RENAME_FORM, RETIRE_FORM, COUNT_FORM)
VERBS = (
    Verb(
        "rename",
        "rename <owned> <name>",
        "Call an owned machine by another name; its history stays.",
        rename,
        form=RENAME_FORM,
    ),
    Verb(
        "retire",
        "retire <owned>",
        "Take an owned machine that is gone off the list; its history stays.",
        retire,
        form=RETIRE_FORM,
    ),
    Verb(
        "count",
        "count <owned> [gpus]",
        "How many GPUs its agent sees, or say that those are all it has.",
        count,
        form=COUNT_FORM,
    ),
)


def gpus_now(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[X has 7 GPUs now]"""
    count, _, instance_id = value.partition("|")
    return owned_blocks.gpus_confirmed(owned.confirm_gpus(ctx, instance_id, user, number(count) or 0))


def on_retire(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Retire X]"""
    return owned_blocks.retirement(owned.retire(ctx, value, user))


def take_back(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Keep X] and [Bring X back]"""
    return owned_blocks.retirement(owned.undo_retirement(ctx, value, user))


BUTTONS: dict[str, Press] = {GPUS_NOW_BUTTON: gpus_now, RETIRE_BUTTON: on_retire, UNRETIRE_BUTTON: take_back}
"""Buttons that say what an owned machine is."""


def retirement(ctx: Context, retirement_id: str) -> Reply | None:
    """An end that is announced, done, or taken back."""
    end = owned.retirement_of(ctx, retirement_id)
    return owned_blocks.retirement(end) if end else None


MESSAGES: dict[str, Draw] = {"retirement": retirement}
