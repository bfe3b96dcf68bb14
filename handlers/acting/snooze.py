"""/gpu snooze: a machine is left alone for a while, whatever rule says."""

from dataclasses import replace

from bot.domain.acting.snooze import LONGEST_SNOOZE_MS
from bot.domain.clock import DAY_MS
from bot.domain.machines.listing import Listing
from bot.errors import Refused
from bot.services import queries
from bot.services.acting import snooze as snooze_service
from bot.services.context import Context
from handlers import fields
from handlers.blocks.acting import snooze as snooze_blocks
from handlers.blocks.acting.snooze import SNOOZE_BUTTON, SNOOZE_END_BUTTON
from handlers.blocks.machines.fleet import describe_machine
from handlers.blocks.parts import Block, Filled, Reply, context
from handlers.controller import Draw, Press, listed
from handlers.parsing.lasting import TypedSpan
from handlers.parsing.lengths import bare_word, is_length
from handlers.parsing.spans import timed_words
from handlers.parsing.text import readable
from handlers.verbs import Ask, BadField, Form, Verb, named

_END = (["end"], ["off"], ["stop"], ["cancel"], ["over"], ["clear"], ["remove"])


def snooze(ask: Ask) -> Reply:
    """Leave an instance alone for a while."""
    listing, rest = named(ask, "snooze")
    if [word.lower() for word in rest] in _END:
        return snooze_blocks.unsnoozed(
            listing, ask.user, snooze_service.end(ask.ctx, listing, ask.user), ask.ctx.clock()
        )
    _refuse_endless(listing.instance.name, rest)
    said, note = timed_words(["for", *rest] if is_length(rest) else rest, replace(ask.asker(), at_once=True))
    return leave_alone(ask, listing, said, readable(note))


def leave_alone(ask: Ask, listing: Listing, said: TypedSpan, reason: str) -> Reply:
    """For so long, or until then."""
    until = said.end if said.end is not None or said.length is None else ask.ctx.clock() + said.length
    made = snooze_service.snooze(ask.ctx, listing, ask.user, until=until, reason=reason)
    return snooze_blocks.snoozed(listing, made)


def _refuse_endless(name: str, rest: list[str]) -> None:
    """A snooze has an end. Raises Refused."""
    if bare_word(" ".join(rest[:1])) in {"forever", "always", "indefinitely", "permanently"}:
        longest = (
            f"at most {LONGEST_SNOOZE_MS // DAY_MS} days, with the reason: `snooze {name} 7d the demo at the fair`"
        )
        raise Refused(f"A snooze ends: {longest}. For good, an approver sets `hours {name} never`.")


def draw_snooze_form(ask: Ask, given: Filled) -> list[Block]:
    """Which machine, until when and why; who keeps it already."""
    listing = fields.shown_machine(ask, given)
    standing = [context(describe_machine(listing, ask.ctx.clock()))] if listing else []
    return [
        fields.machine_field(ask, given),
        *standing,
        *fields.length_fields(ask, given, usual=snooze_service.USUAL_SNOOZE_MS),
        fields.note_field(
            given, label="Reason", placeholder="the demo at the fair", hint="Needed for more than a day, or to go on."
        ),
    ]


def submit_snooze_form(ask: Ask, given: Filled) -> Reply:
    """As `snooze train-7 2d the demo at the fair` does."""
    listing, span = fields.chosen_machine(ask, given), fields.chosen_span(ask, given)
    try:
        return leave_alone(ask, listing, span, fields.chosen_note(given))
    except Refused as refused:
        if "say why" not in refused.sentence:
            raise
        raise BadField(fields.NOTE, refused.sentence) from refused


SNOOZE_FORM = Form(
    name="snooze",
    title="Leave a machine alone",
    send="Keep it",
    question="Which machine is to be left alone, and until when?",
    draw=draw_snooze_form,
    submit=submit_snooze_form,
    subject=fields.MACHINE,
    given=fields.timed_given,
    menus={fields.MACHINE: fields.machine_search()},
)
FORMS = (SNOOZE_FORM,)
VERBS = (
    Verb(
        "snooze",
        "snooze <instance> [4h|until 22:00|end] [reason]",
        "Leave it alone, whatever rule says.",
        snooze,
        form=SNOOZE_FORM,
    ),
)


def on_snooze(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Keep X 4 h]"""
    listing = listed(ctx, value)
    return snooze_blocks.snoozed(listing, snooze_service.snooze_by_button(ctx, value, user))


def end(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[End the snooze]"""
    listing = listed(ctx, value)
    return snooze_blocks.unsnoozed(listing, user, snooze_service.end(ctx, listing, user), ctx.clock())


BUTTONS: dict[str, Press] = {
    SNOOZE_BUTTON: on_snooze,
    SNOOZE_END_BUTTON: end,
}


def snooze_ended(ctx: Context, subject: str) -> Reply | None:
    """Somebody else ended one's snooze; the subject is "instance|who"."""
    instance_id, _, who = subject.partition("|")
    listing = queries.listing(ctx, instance_id)
    return snooze_blocks.snooze_ended(listing, who) if listing else None


MESSAGES: dict[str, Draw] = {
    "snooze_ended": snooze_ended,
}
