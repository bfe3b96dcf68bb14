"""Fields that several forms share: a machine, its GPUs, for how long, a note."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.days import local
from bot.domain.machines.listing import FleetFilter, Listing
from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused
from bot.services import queries
from bot.services.sharing import find
from bot.services.sharing.find import machine_menu
from handlers.blocks import forms as form_blocks
from handlers.blocks.forms import machine_option
from handlers.blocks.parts import Block, Filled, Reply, filled
from handlers.blocks.words import length as in_words
from handlers.parsing.lasting import TypedSpan
from handlers.parsing.moments import Moment
from handlers.parsing.spans import timed_words
from handlers.parsing.text import Quoted, gpu_choice, readable
from handlers.verbs import Ask, BadField, Form, Menu

MACHINE, COUNT, WHICH, LENGTH, UNTIL, NOTE = "machine", "count", "which", "length", "until", "note"
ALL, USUAL = "all", "usual"
EVENING, MORNING = 20, 9


def machine_search(chosen: FleetFilter | None = None, *, mine: bool = False) -> Menu:
    """The menu of machines that pass a filter, or of those that somebody holds: what they can have now comes first."""

    def offer(ask: Ask, typed: str, _given: Filled) -> list[Block]:
        wanted = FleetFilter(holder=ask.user) if mine else chosen
        menu, now = machine_menu(ask.ctx, ask.user, typed, wanted), ask.ctx.clock()
        headed = (("Free now", menu.free), ("Yours", menu.mine), ("Others", menu.others))
        return [
            form_blocks.group(heading, [machine_option(listing, now) for listing in listings])
            for heading, listings in headed
            if listings
        ]

    return offer


def machine_field(ask: Ask, given: Filled, *, label: str = "Machine", redraws: bool = True, hint: str = "") -> Block:
    """The menu of machines."""
    listing = shown_machine(ask, given)
    chosen = machine_option(listing, ask.ctx.clock()) if listing else None
    return form_blocks.search_field(MACHINE, label, chosen=chosen, redraws=redraws, hint=hint)


def shown_machine(ask: Ask, given: Filled) -> Listing | None:
    """The machine that is chosen, for drawing; None where none is, or it is gone."""
    return queries.listing(ask.ctx, given.one(MACHINE)) if given.one(MACHINE) else None


def chosen_machine(ask: Ask, given: Filled) -> Listing:
    """The machine that is chosen, for doing. Raises BadField where none is, or it is gone."""
    if not given.one(MACHINE):
        raise BadField(MACHINE, "Choose a machine.")
    listing = shown_machine(ask, given)
    if listing is None:
        raise BadField(MACHINE, "That machine is gone. Choose another.")
    return listing


def which_machine_form(
    name: str, title: str, send: str, run: Callable[[Ask], Reply], chosen: FleetFilter | None = None
) -> Form:
    """The form of a verb that needs a machine and nothing else: it runs the verb with that machine."""

    def submit(ask: Ask, given: Filled) -> Reply:
        return run(replace(ask, words=[Quoted(chosen_machine(ask, given).instance.id)]))

    return Form(
        name=name,
        title=title,
        send=send,
        question="Which machine?",
        draw=lambda ask, given: [machine_field(ask, given, redraws=False)],
        submit=submit,
        subject=MACHINE,
        menus={MACHINE: machine_search(chosen)},
    )


def machines_field(ask: Ask, given: Filled, *, label: str = "Machines", most: int = 20, hint: str = "") -> Block:
    """The menu of machines, for several."""
    now = ask.ctx.clock()
    chosen = [machine_option(listing, now) for listing in shown_machines(ask, given)]
    return form_blocks.several_search_field(MACHINE, label, chosen=chosen, most=most, redraws=True, hint=hint)


def shown_machines(ask: Ask, given: Filled) -> list[Listing]:
    """The machines that are chosen, for drawing; those that are gone left out."""
    return queries.listings_of(ask.ctx, given.all(MACHINE))


def chosen_machines(ask: Ask, given: Filled) -> list[Listing]:
    """The machines that are chosen, for doing. Raises BadField where none is, or one is gone."""
    listings = shown_machines(ask, given)
    if not given.all(MACHINE):
        raise BadField(MACHINE, "Choose a machine.")
    if len(listings) < len(given.all(MACHINE)):
        raise BadField(MACHINE, "One of those machines is gone. Choose among the others.")
    return listings


def gpu_fields(listing: Listing | None, given: Filled) -> list[Block]:
    """All GPUs, or so many; and which, once the machine is known and has several."""
    have = len(listing.gpus) if listing else 8
    if have < 2:
        return []
    counts = [form_blocks.option("All", ALL)]
    counts += [form_blocks.option(str(count), str(count)) for count in range(1, min(have, 99))]
    of = f"{listing.instance.id}:{have}" if listing else ""
    fields = [form_blocks.choice_field(COUNT, "GPUs", counts, chosen=given.one(COUNT) or ALL, of=of)]
    if listing is None:
        return fields
    which = [form_blocks.option(f"GPU {gpu}", str(gpu), more=_standing(listing, gpu)) for gpu in listing.gpus]
    return [
        *fields,
        form_blocks.some_field(WHICH, "Or just these GPUs", which, chosen=given.all(WHICH), of=of),
    ]


def _standing(listing: Listing, gpu: int) -> str:
    if any(gpu in claim.gpus for claim in listing.claims):
        return "claimed, in use" if gpu in listing.busy else "claimed"
    return "in use" if gpu in listing.busy else "unclaimed"


def chosen_gpus(given: Filled) -> GpuChoice | None:
    """The GPUs that are chosen; None where none are, which keeps those of a claim. Raises Refused."""
    if given.all(WHICH):
        return gpu_choice(f"gpus:{','.join(given.all(WHICH))}")
    count = given.one(COUNT)
    if not count:
        return None
    return GpuChoice() if count == ALL else gpu_choice(f"gpus:{count}")


def length_fields(
    ask: Ask,
    given: Filled,
    *,
    usual: int | None = None,
    optional: bool = True,
    label: str = "For how long",
    redraws: bool = False,
) -> list[Block]:
    """For how long: a usual length or end, or any date and time, which counts first."""
    now = ask.ctx.clock()
    there = local(now, ZoneInfo(ask.ctx.zone(ask.user)))
    evening = there.replace(hour=EVENING, minute=0, second=0, microsecond=0)
    morning = (there + timedelta(days=1)).replace(hour=MORNING, minute=0, second=0, microsecond=0)
    choices = [form_blocks.option(f"{hours} h", _lasting(hours * HOUR_MS)) for hours in (1, 4, 8)]
    if evening - there > timedelta(minutes=30):
        choices.append(form_blocks.option("Until tonight 20:00", _ending(evening.timestamp())))
    choices.append(form_blocks.option("Until tomorrow 9:00", _ending(morning.timestamp())))
    typed = given.one(LENGTH)
    if typed and typed not in {each["value"] for each in choices}:
        choices.insert(0, form_blocks.option(_named(typed, ask), typed))
    if usual:
        choices.insert(0, form_blocks.option(f"{in_words(usual)}, as usual", USUAL))
        typed = typed or USUAL
    return [
        form_blocks.choice_field(LENGTH, label, choices, chosen=typed, optional=optional, redraws=redraws),
        form_blocks.picker_field(UNTIL, "Or until", "datetimepicker", value=_number(given.one(UNTIL)), optional=True),
    ]


def plain_length_field(given: Filled, *, usual: int, hours: tuple[int, ...] = (1, 4, 8, 24)) -> Block:
    """For how long, where nobody knows yet from when."""
    choices = [form_blocks.option(in_words(hour * HOUR_MS), _lasting(hour * HOUR_MS)) for hour in hours]
    typed = given.one(LENGTH)
    if typed.startswith("l") and typed not in {each["value"] for each in choices}:
        choices.insert(0, form_blocks.option(in_words(_number(typed[1:])), typed))
    hint = f"Usually {in_words(usual)}."
    return form_blocks.choice_field(LENGTH, "For how long", choices, chosen=typed, optional=True, hint=hint)


def chosen_note(given: Filled) -> str:
    """The note, as one line, with the people in it by name."""
    return readable(" ".join(given.one(NOTE).split()))


def _lasting(ms: int) -> str:
    return f"l{ms}"


def _ending(seconds: float) -> str:
    return f"u{int(seconds * 1000)}"


def _named(value: str, ask: Ask) -> str:
    if value.startswith("l"):
        return in_words(_number(value[1:]))
    there = local(_number(value[1:]), ZoneInfo(ask.ctx.zone(ask.user)))
    return f"Until {there:%a %-d %b %H:%M}"


def _number(text: str) -> int:
    """The number, or 0 where it is none, or no moment of the next thousand years."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 15 else 0


def span_value(span: TypedSpan) -> str:
    """What was typed for how long, as the field has it; empty where nothing was."""
    if span.end is not None:
        return f"u{span.end}"
    return "" if span.length is None else _lasting(span.length)


def chosen_span(ask: Ask, given: Filled) -> TypedSpan:
    """For how long, or until when; neither where neither is filled in. Raises BadField."""
    if given.one(UNTIL):
        until = _number(given.one(UNTIL)) * 1000
        if until < ask.ctx.clock() + MINUTE_MS:
            raise BadField(UNTIL, "That is over already. Choose a later time.")
        return TypedSpan(until=Moment(until))
    value = given.one(LENGTH)
    if value in {"", USUAL}:
        return TypedSpan()
    number = _number(value[1:])
    if value.startswith("l"):
        return TypedSpan(number)
    if number < ask.ctx.clock() + MINUTE_MS:
        raise BadField(LENGTH, "That is over already. Choose a later time.")
    return TypedSpan(until=Moment(number))


def shown_length(ask: Ask, given: Filled) -> int | None:
    """For how long, for drawing; None where that is not said, or over already."""
    try:
        return chosen_length(ask, given)
    except BadField:
        return None


def chosen_length(ask: Ask, given: Filled) -> int | None:
    """For how long from now on; None where nothing is filled in. Raises BadField."""
    span = chosen_span(ask, given)
    return span.length if span.end is None else span.end - ask.ctx.clock()


def timed_given(ask: Ask) -> Filled | None:
    """What "start for 4h rerun" says without a machine; None where the words begin with one, or say neither."""
    if not ask.words:
        return Filled()
    if find.is_name(ask.ctx, *ask.words):
        return None
    try:
        span, note = timed_words(ask.words, ask.asker())
    except Refused:
        return None
    is_first = bool(span_value(span)) and ask.words[0].lower() in {"for", "until", "till"}
    return filled(length=span_value(span), note=readable(note)) if is_first else None


def note_field(
    given: Filled, *, label: str = "Note", placeholder: str = "fine-tune of the small model", hint: str = ""
) -> Block:
    """What it is for."""
    return form_blocks.text_field(NOTE, label, value=given.one(NOTE), placeholder=placeholder, most=200, hint=hint)
