"""/gpu wait, leave and line: first come, first served."""

from bot.domain import parts
from bot.domain.machines.listing import Listing
from bot.domain.sharing import gpu_spec
from bot.domain.sharing.claims import GpuChoice
from bot.domain.sharing.gpu_spec import GpuSpec
from bot.errors import Refused
from bot.services import queries
from bot.services.context import Context
from bot.services.sharing import claims, limits, runs
from bot.services.sharing import find as find_service
from bot.services.sharing import line as line_service
from bot.services.sharing.turns import LinePlace, OthersInLine
from handlers import fields
from handlers.blocks import forms as form_blocks
from handlers.blocks.parts import Block, Filled, Reply, context, undone
from handlers.blocks.sharing import line as line_blocks
from handlers.blocks.sharing import runs as runs_blocks
from handlers.blocks.sharing.line import DECLINE_OFFER_BUTTON, LEAVE_BUTTON, LINE_BUTTON, WAIT_BUTTON
from handlers.blocks.words import say
from handlers.controller import Draw, Press, listed, number
from handlers.parsing.spans import claim_words
from handlers.parsing.text import readable
from handlers.sharing import find
from handlers.verbs import Ask, Form, Verb, named, no_more


def gpu_wait(ask: Ask) -> Reply:
    """Stand in a line."""
    listing, want, rest = _wanted(ask, "wait")
    rest, template = _then(ask, rest)
    words = claim_words(rest, ask.asker())
    if words.span.end is not None:
        raise Refused("Nobody knows when it is your turn, so say for how long you want it: for 8h.")
    if want and words.choice:
        raise Refused(f"Say once how many GPUs you wait for: `wait {want}`.")
    length, note = words.span.length, readable(words.note)
    return wait_or_explain(ask, listing, want, choice=words.choice, length=length, note=note, run=template)


def _then(ask: Ask, rest: list[str]) -> tuple[list[str], str]:
    """The words before "then: run TEMPLATE", and the template; empty where no run is wanted. Raises Refused."""
    at = next((number for number, word in enumerate(rest) if word.lower() in {"then:", "then"}), None)
    if at is None or (rest[at].lower() == "then" and rest[at + 1 : at + 2] != ["run"]):
        return rest, ""
    run_words = [word for word in rest[at + 1 :] if word.lower() != "run"]
    if len(run_words) != 1:
        raise Refused("Say what to run at the end: `wait 1xA100 for 6h then: run nightly-eval`. `runs` lists what.")
    return rest[:at], runs.allowed_template(ask.ctx, ask.user, run_words[0]).name


def wait_or_explain(
    ask: Ask,
    listing: Listing | None,
    want: GpuSpec | None,
    *,
    choice: GpuChoice | None = None,
    length: int | None = None,
    note: str = "",
    run: str = "",
) -> Reply:
    """Stand in the line for this one; when it is free, say so, or begin the run there at once."""
    instance_id = listing.instance.id if listing else ""
    try:
        place = line_service.join_line(
            ask.ctx, ask.user, instance_id=instance_id, want=want, choice=choice, length=length, note=note, run=run
        )
    except line_service.FreeNow as free:
        if run:
            return _run_now(ask, free, length=length, note=note, run=run)
        return undone(line_blocks.nothing_to_wait_for(free.listing, free.count, length))
    return _place(ask, place)


def _run_now(ask: Ask, free: line_service.FreeNow, *, length: int | None, note: str, run: str) -> Reply:
    name, instance_id = free.listing.instance.name, free.listing.instance.id
    choice = GpuChoice(count=free.count)
    try:
        claims.take_gpus(ask.ctx, instance_id, ask.user, choice=choice, length=length, note=note)
    except limits.OverLimit as over:
        way = f", or ask an approver: `claim {name}`, and once it is yours `run {run} {name}`" if over.may_ask else ""
        raise Refused(f"Too much: {over.excess}. Release something first, then ask again{way}.") from None
    return runs_blocks.run_queued(runs.begin_run(ask.ctx, ask.user, run, instance_id, releases=True), name)


def _place(ask: Ask, place: LinePlace) -> Reply:
    name = _name(ask, place.offer.instance_id if place.offer else place.waiter.instance_id)
    return line_blocks.place_reply(
        place.waiter, name, place.ahead, place.turn, offer=place.offer, is_new=place.is_new, now=ask.ctx.clock()
    )


def _wanted(ask: Ask, verb: str) -> tuple[Listing | None, GpuSpec | None, list[str]]:
    """What the first words name: an instance, or a kind of GPU; and the words after it. Raises Refused, NotFound."""
    if not ask.words:
        command = ask.ctx.settings.slack.gpu_command
        raise Refused(f"For what? Try `{command} {verb} train-7` with a name of yours, or `{command} {verb} 1xA100`.")
    meant = find.leading_spec(ask)
    if meant is not None:
        return None, *meant
    listing, rest = named(ask, verb)
    return listing, None, rest


def explain_line(ask: Ask, listing: Listing, first: OthersInLine) -> Reply:
    """Somebody claimed what others wait for."""
    fresh = queries.listing(ask.ctx, listing.instance.id) or listing
    place = first.place
    now, turn = ask.ctx.clock(), place.turn
    if place.is_taken:
        return line_blocks.turn_not_yet(place.waiter, _name(ask, place.waiter.instance_id), place.ahead, turn, now)
    return line_blocks.others_wait(place.waiter, fresh, place.ahead, turn, now)


def gpu_leave(ask: Ask) -> Reply:
    """Leave a line; without a name, the only one the person stands in."""
    places = line_service.places_of_person(ask.ctx, ask.user)
    if not places:
        raise Refused("You're in no line.")
    if not ask.words and len(places) > 1:
        return gpu_line(ask)  # each with a button to leave
    if not ask.words:
        return leave_and_tell(ask, places[0].waiter.id)
    listing, want, rest = _wanted(ask, "leave")
    no_more(rest, f"leave {listing.instance.name if listing else want}")
    for place in places:
        waiter = place.waiter
        if waiter.instance_id == (listing.instance.id if listing else "") and (not want or waiter.kind == want.kind):
            return leave_and_tell(ask, waiter.id)
    raise Refused(f"You don't stand in that line. {parts.gpu('line')} shows where you do.")


def leave_and_tell(ask: Ask, waiter_id: int) -> Reply:
    """Leave this line."""
    waiter = line_service.leave_line(ask.ctx, waiter_id, ask.user)
    return line_blocks.line_left(waiter, _name(ask, waiter.instance_id))


def gpu_line(ask: Ask) -> Reply:
    """Who waits for an instance; without a name, where the person stands, and all lines."""
    if ask.words:
        listing, rest = named(ask, "line", has_note=False)
        no_more(rest, f"line {listing.instance.name}")
        return line_of_machine(ask, listing)
    now = ask.ctx.clock()
    rows = [
        (
            place.waiter,
            _name(ask, place.waiter.instance_id),
            line_blocks.place_in_words(place.ahead, place.turn, place.offer, now),
        )
        for place in line_service.places_of_person(ask.ctx, ask.user)
    ]
    others = [(first, _name(ask, first.instance_id), count) for first, count in line_service.all_lines(ask.ctx)]
    return line_blocks.places_and_lines(rows, others)


def line_of_machine(ask: Ask, listing: Listing) -> Reply:
    """Who waits for this one."""
    return line_blocks.waiting_list(listing, line_service.people_in_line(ask.ctx, listing), ask.user, ask.ctx.clock())


def _name(ask: Ask, instance_id: str) -> str:
    return queries.name_of(ask.ctx, instance_id) if instance_id else ""


RUN, OF_KIND = "run", "kind:"
"""What begins the value of a kind in the menu of machines."""


def wait_menu(ask: Ask, typed: str, given: Filled) -> list[Block]:
    """Kinds of GPUs, and the machines: whatever has what was typed in it."""
    kinds = [form_blocks.option(f"Any {label}", f"{OF_KIND}{value}") for label, value in _kinds(ask)]
    fitting = [kind for kind in kinds if typed.strip().lower() in kind["text"]["text"].lower()]
    return [*([form_blocks.group("Any machine with", fitting)] if fitting else []), *_MACHINES(ask, typed, given)]


_MACHINES = fields.machine_search()


def _kinds(ask: Ask) -> list[tuple[str, str]]:
    return [("GPU", find.ANY_KIND), *((kind, kind) for kind in find_service.kinds_to_find(ask.ctx))]


def draw_wait_form(ask: Ask, given: Filled) -> list[Block]:
    """For what, how much of it, for how long, and what to run then; with the place in line as it would be."""
    listing, usual = fields.shown_machine(ask, given), ask.usual_length()
    templates = [form_blocks.option(template.name, template.name) for template in runs.run_templates(ask.ctx, ask.user)]
    label = "When it's your turn, run"
    then = [form_blocks.choice_field(RUN, label, templates, chosen=given.one(RUN), optional=True)] if templates else []
    return [
        _wait_field(ask, given),
        *_place_shown(ask, listing, given),
        *_count_field(listing, given),
        fields.plain_length_field(given, usual=usual),
        *then,
        fields.note_field(given),
    ]


def _kind(given: Filled) -> str:
    value = given.one(fields.MACHINE)
    return value.removeprefix(OF_KIND) if value.startswith(OF_KIND) else ""


def _wait_field(ask: Ask, given: Filled) -> Block:
    kind = _kind(given)
    if not kind:
        return fields.machine_field(ask, given, label="Machine or kind of GPU")
    label = next((label for label, value in _kinds(ask) if value == kind), kind)
    chosen = form_blocks.option(f"Any {label}", f"{OF_KIND}{kind}")
    return form_blocks.search_field(fields.MACHINE, "Machine or kind of GPU", chosen=chosen, redraws=True)


def _count_field(listing: Listing | None, given: Filled) -> list[Block]:
    """How many GPUs: of a machine also all, of a kind at least one."""
    most = len(listing.gpus) - 1 if listing else find.MOST_COUNT
    whole = [form_blocks.option("All", fields.ALL)] if listing or not _kind(given) else []
    counts = [*whole, *(form_blocks.option(str(count), str(count)) for count in range(1, most + 1))]
    of = f"{listing.instance.id}:{most + 1}" if listing else _kind(given)
    known = {choice["value"] for choice in counts}
    chosen = given.one(fields.COUNT) if given.one(fields.COUNT) in known else counts[0]["value"]
    return [form_blocks.choice_field(fields.COUNT, "GPUs", counts, chosen=chosen, redraws=True, of=of)]


def _place_shown(ask: Ask, listing: Listing | None, given: Filled) -> list[Block]:
    """Where they would stand; nothing while it is not said for what."""
    if listing is None and not _kind(given):
        return []
    instance_id, now = listing.instance.id if listing else "", ask.ctx.clock()
    try:
        want, choice = _wished(listing, given), _choice(listing, given)
        place = line_service.place_if_joined(ask.ctx, ask.user, instance_id=instance_id, want=want, choice=choice)
    except Refused as refused:
        return [context(say(refused.sentence))]
    told = line_blocks.place_foreseen(place.ahead, place.turn, place.offer, now, is_taken=place.is_taken)
    return [context(told)]


def _wished(listing: Listing | None, given: Filled) -> GpuSpec | None:
    count = given.one(fields.COUNT)
    return None if listing else gpu_spec.parse_gpu_spec(f"{count if count.isdecimal() else 1}x{_kind(given)}")


def _choice(listing: Listing | None, given: Filled) -> GpuChoice | None:
    return fields.chosen_gpus(Filled({fields.COUNT: given.all(fields.COUNT)})) if listing else None


def submit_wait_form(ask: Ask, given: Filled) -> Reply:
    """As `wait train-7 gpus:2 for 4h note then: run nightly-eval` does."""
    listing = None if _kind(given) else fields.chosen_machine(ask, given)
    template = runs.allowed_template(ask.ctx, ask.user, given.one(RUN)).name if given.one(RUN) else ""
    return wait_or_explain(
        ask,
        listing,
        _wished(listing, given),
        choice=_choice(listing, given),
        length=fields.chosen_span(ask, given).length,
        note=fields.chosen_note(given),
        run=template,
    )


WAIT_FORM = Form(
    name="wait",
    title="Wait in line",
    send="Wait",
    question="What do you want to wait for?",
    draw=draw_wait_form,
    submit=submit_wait_form,
    subject=fields.MACHINE,
    given=find.terms_given,
    menus={fields.MACHINE: wait_menu},
)
FORMS = (WAIT_FORM,)

VERBS = (
    Verb(
        "wait",
        "wait <instance|1xA100> [gpus:2] [for 8h] [note] [then: run <template>]",
        "Stand in line; you are asked in turn.",
        gpu_wait,
        form=WAIT_FORM,
    ),
    Verb("leave", "leave [<instance|1xA100>]", "Leave the line.", gpu_leave),
    Verb("line", "line [<instance>]", "Who waits, and about how long.", gpu_line),
)


def press_wait(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Wait in line]: the value is an instance or what is wanted; how many GPUs and how long may follow."""
    wanted, count, length = [*value.split("|"), "", ""][:3]
    ask, listing = Ask(ctx, user, channel, []), queries.listing(ctx, wanted)
    span = number(length)
    if listing is None:
        return wait_or_explain(ask, None, gpu_spec.parse_gpu_spec(wanted), length=span)
    choice = None if number(count) is None else GpuChoice(count=number(count))
    return wait_or_explain(ask, listing, None, choice=choice, length=span)


def press_line(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Show the line]"""
    return line_of_machine(Ask(ctx, user, channel, []), listed(ctx, value))


def press_leave(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Leave the line]"""
    return leave_and_tell(Ask(ctx, user, channel, []), number(value) or 0)


def press_pass_offer(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Pass]"""
    waiter = line_service.pass_offer_on(ctx, value, user)
    return line_blocks.line_left(waiter, queries.name_of(ctx, waiter.instance_id))


BUTTONS: dict[str, Press] = {
    WAIT_BUTTON: press_wait,
    LINE_BUTTON: press_line,
    LEAVE_BUTTON: press_leave,
    DECLINE_OFFER_BUTTON: press_pass_offer,
}


def draw_offer(ctx: Context, offer_id: str) -> Reply | None:
    """It is somebody's turn, or was."""
    offer_and_waiter = line_service.find_offer(ctx, offer_id)
    if offer_and_waiter is None:
        return None
    offer, waiter = offer_and_waiter
    name, listing = queries.name_of(ctx, offer.instance_id), queries.listing(ctx, offer.instance_id)
    return line_blocks.turn_offer(offer, waiter, name, listing, has_next=line_service.is_next_offered(ctx, offer))


def draw_line_ended(ctx: Context, waiter_id: str) -> Reply | None:
    """Somebody is out of the line without having said so."""
    waiter = line_service.find_waiter(ctx, int(waiter_id))
    if waiter is None:
        return None
    last = line_service.last_offer_to(ctx, waiter.id)
    has_next = last is not None and line_service.is_next_offered(ctx, last)
    return line_blocks.line_ended(waiter, queries.name_of(ctx, waiter.instance_id), last, has_next=has_next)


def draw_waited_for(ctx: Context, claim_id: str) -> Reply | None:
    """Somebody waits for what a person holds."""
    held = queries.claim(ctx, claim_id)
    listing = queries.listing(ctx, held.instance_id) if held and held.ended_at is None else None
    if held is None or listing is None:
        return None
    return line_blocks.holder_waited_for(held, listing.instance.name, line_service.people_waiting(ctx, listing))


MESSAGES: dict[str, Draw] = {
    "offer": draw_offer,
    "line_ended": draw_line_ended,
    "waited_for": draw_waited_for,
}
