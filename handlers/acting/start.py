"""/gpu start: by words and by a form."""

from bot.domain.machines.listing import FleetFilter, Listing
from bot.services.acting import approvals, previews
from handlers import fields
from handlers.acting import launch
from handlers.acting.stop import breaks_glass, broken
from handlers.blocks.acting import previews as previews_blocks
from handlers.blocks.parts import Block, Filled, Reply
from handlers.parsing.lasting import TypedSpan
from handlers.parsing.spans import timed_words
from handlers.parsing.text import readable
from handlers.sharing import hints
from handlers.verbs import Ask, Form, Verb, named


def start(ask: Ask) -> Reply:
    """Start an instance, once somebody else said yes where the team wants that."""
    listing, rest = named(ask, "start")
    if breaks_glass(rest):
        return broken(ask, listing, "start", rest[1:])
    wanted, note = timed_words(rest, ask.asker())
    return ask_start(ask, listing, wanted, note=readable(note))


def ask_start(
    ask: Ask, listing: Listing, wanted: TypedSpan | None = None, *, note: str = "", anyway: bool = False
) -> Reply:
    """Put the question, unless something that would do stands free; asked twice, it is the same card."""
    before = ask.ctx.clock()
    better = None if anyway else hints.hint_first(ask, listing, span=wanted, note=note)
    if better is not None:
        return better
    length = length_of(wanted or TypedSpan(), before)
    return launch.launch_told(
        ask, approvals.ask_to_start(ask.ctx, listing.instance.id, ask.user, length=length, note=note), before
    )


def length_of(wanted: TypedSpan, now: int) -> int | None:
    """How long that is from now on; None where nothing was said."""
    return wanted.length if wanted.end is None else wanted.end - now


def draw_start_form(ask: Ask, given: Filled) -> list[Block]:
    """Which machine, for how long and what for; what that costs, and what stands idle instead."""
    listing, note = fields.shown_machine(ask, given), fields.chosen_note(given)
    shown: list[Block] = []
    if listing is not None:
        length = fields.shown_length(ask, given)
        better = previews.better_idle(ask.ctx, listing, ask.user)
        shown = previews_blocks.preview_card(
            previews.of_start(ask.ctx, listing, ask.user, length=length, note=note), better
        )
    usual = ask.usual_length()
    return [
        fields.machine_field(ask, given),
        *shown,
        *fields.length_fields(ask, given, usual=usual, redraws=True),
        fields.note_field(given),
    ]


def submit_start_form(ask: Ask, given: Filled) -> Reply:
    """As `start eval-2 for 4h note` does; what stands idle instead was shown."""
    listing, span = fields.chosen_machine(ask, given), fields.chosen_span(ask, given)
    return ask_start(ask, listing, span, note=fields.chosen_note(given), anyway=True)


START_FORM = Form(
    name="start",
    title="Start a machine",
    send="Ask to start",
    question="Which machine is to be started?",
    draw=draw_start_form,
    submit=submit_start_form,
    subject=fields.MACHINE,
    given=fields.timed_given,
    menus={fields.MACHINE: fields.machine_search(FleetFilter(state="stopped"))},
)
FORMS = (START_FORM,)
VERBS = (
    Verb(
        "start",
        "start <instance> [for 8h] [note]",
        "Start a stopped instance; yours once it is ready.",
        start,
        form=START_FORM,
    ),
)
