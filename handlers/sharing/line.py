"""/gpu wait, leave, line and request: first come, first served, and asking for what others hold."""

from bot.domain.machines.listing import Listing
from bot.domain.sharing import wants
from bot.domain.sharing.claims import GpuChoice
from bot.domain.sharing.wants import Want
from bot.errors import Refused
from bot.services import queries
from bot.services.context import Context
from bot.services.sharing import claims, limits, requests, runs
from bot.services.sharing import line as line_service
from bot.services.sharing.turns import InLine, Place
from handlers import ids
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import line as line_blocks
from handlers.blocks.sharing import runs as runs_blocks
from handlers.controller import Draw, Press, listed, number
from handlers.parsing.spans import claim_words
from handlers.parsing.text import readable
from handlers.sharing import find
from handlers.verbs import Ask, Verb, named, no_more


def wait(ask: Ask) -> Reply:
    """Stand in a line."""
    listing, want, rest = _wanted(ask, "wait")
    rest, template = _then(ask, rest)
    asked = claim_words(rest, ask.asker())
    if asked.span.end is not None:
        raise Refused("Nobody knows when it is your turn, so say for how long you want it: for 8h.")
    if want and asked.choice:
        raise Refused(f"Say once how many GPUs you wait for: `wait {want}`.")
    length, note = asked.span.length, readable(asked.note)
    return stand(ask, listing, want, choice=asked.choice, length=length, note=note, run=template)


def _then(ask: Ask, rest: list[str]) -> tuple[list[str], str]:
    """The words before "then: run TEMPLATE", and the template; empty where no run is wanted. Raises Refused."""
    at = next((number for number, word in enumerate(rest) if word.lower() in {"then:", "then"}), None)
    if at is None or (rest[at].lower() == "then" and rest[at + 1 : at + 2] != ["run"]):
        return rest, ""
    said = [word for word in rest[at + 1 :] if word.lower() != "run"]
    if len(said) != 1:
        raise Refused("Say what to run at the end: `wait 1xA100 for 6h then: run nightly-eval`. `runs` lists what.")
    return rest[:at], runs.allowed(ask.ctx, ask.user, said[0]).name


def stand(
    ask: Ask,
    listing: Listing | None,
    want: Want | None,
    *,
    choice: GpuChoice | None = None,
    length: int | None = None,
    note: str = "",
    run: str = "",
) -> Reply:
    """Stand in the line for this one; when it is free, say so, or begin the run there at once."""
    instance_id = listing.instance.id if listing else ""
    try:
        place = line_service.wait(
            ask.ctx, ask.user, instance_id=instance_id, want=want, choice=choice, length=length, note=note, run=run
        )
    except line_service.FreeNow as free:
        if run:
            return _run_now(ask, free, length=length, note=note, run=run)
        return line_blocks.free_now(free.listing, free.count, length)
    return _place(ask, place)


def _run_now(ask: Ask, free: line_service.FreeNow, *, length: int | None, note: str, run: str) -> Reply:
    name, instance_id = free.listing.instance.name, free.listing.instance.id
    choice = GpuChoice(count=free.count)
    try:
        claims.take(ask.ctx, instance_id, ask.user, choice=choice, length=length, note=note)
    except limits.OverLimit as over:
        way = f", or ask an approver: `claim {name}`, and once it is yours `run {run} {name}`" if over.may_ask else ""
        raise Refused(f"Too much: {over.excess}. Release something first, then ask again{way}.") from None
    return runs_blocks.asked(runs.begin(ask.ctx, ask.user, run, instance_id, releases=True), name)


def _place(ask: Ask, place: Place) -> Reply:
    name = _name(ask, place.offer.instance_id if place.offer else place.waiter.instance_id)
    return line_blocks.place(
        place.waiter, name, place.ahead, place.turn, offer=place.offer, is_new=place.is_new, now=ask.ctx.clock()
    )


def _wanted(ask: Ask, verb: str) -> tuple[Listing | None, Want | None, list[str]]:
    """What the first words name: an instance, or a kind of GPU; and the words after it. Raises Refused, NotFound."""
    if not ask.words:
        command = ask.ctx.settings.slack.gpu_command
        raise Refused(f"For what? Try `{command} {verb} train-7` with a name of yours, or `{command} {verb} 1xA100`.")
    meant = find.spec(ask)
    if meant is not None:
        return None, *meant
    listing, rest = named(ask, verb)
    return listing, None, rest


def others_first(ask: Ask, listing: Listing, first: InLine) -> Reply:
    """Somebody claimed what others wait for."""
    fresh = queries.listing(ask.ctx, listing.instance.id) or listing
    place = first.place
    now, turn = ask.ctx.clock(), place.turn
    if place.is_taken:
        return line_blocks.not_yet(place.waiter, _name(ask, place.waiter.instance_id), place.ahead, turn, now)
    return line_blocks.others_first(place.waiter, fresh, place.ahead, turn, now)


def leave(ask: Ask) -> Reply:
    """Leave a line; without a name, the only one the person stands in."""
    places = line_service.places(ask.ctx, ask.user)
    if not places:
        raise Refused("You stand in no line.")
    if not ask.words and len(places) > 1:
        raise Refused("You stand in several lines. Say which, or press Leave in `/gpu line`.")
    if not ask.words:
        return go(ask, places[0].waiter.id)
    listing, want, rest = _wanted(ask, "leave")
    no_more(rest, f"leave {listing.instance.name if listing else want}")
    for place in places:
        waiter = place.waiter
        if waiter.instance_id == (listing.instance.id if listing else "") and (not want or waiter.kind == want.kind):
            return go(ask, waiter.id)
    raise Refused("You don't stand in that line. `/gpu line` shows where you do.")


def go(ask: Ask, waiter_id: int) -> Reply:
    """Leave this line."""
    waiter = line_service.leave(ask.ctx, waiter_id, ask.user)
    return line_blocks.left(waiter, _name(ask, waiter.instance_id))


def line(ask: Ask) -> Reply:
    """Who waits for an instance; without a name, where the person stands, and all lines."""
    if ask.words:
        listing, rest = named(ask, "line", has_note=False)
        no_more(rest, f"line {listing.instance.name}")
        return line_of(ask, listing)
    now = ask.ctx.clock()
    rows = [
        (each.waiter, _name(ask, each.waiter.instance_id), line_blocks.said(each.ahead, each.turn, each.offer, now))
        for each in line_service.places(ask.ctx, ask.user)
    ]
    others = [(first, _name(ask, first.instance_id), count) for first, count in line_service.lines(ask.ctx)]
    return line_blocks.places(rows, others)


def line_of(ask: Ask, listing: Listing) -> Reply:
    """Who waits for this one."""
    return line_blocks.line(listing, line_service.line_for(ask.ctx, listing), ask.user, ask.ctx.clock())


def request(ask: Ask) -> Reply:
    """Ask the holder of an instance to release it; with several holders, ask which."""
    listing, rest = named(ask, "request")
    others = [each for each in listing.claims if each.holder != ask.user]
    name = listing.instance.name
    if not others:
        mine = listing.claim_of(ask.user)
        raise Refused(
            f"{name} is yours: `/gpu release {name}` gives it back."
            if mine
            else f"Nobody holds {name}, so there is nobody to ask. "
            f"`/gpu {'claim' if listing.running else 'status'} {name}` {'takes' if listing.running else 'shows'} it."
        )
    if len(others) > 1:
        return line_blocks.whom(listing, ask.user)
    return ask_holder(ask, others[0].id, reason=readable(" ".join(rest)))


def ask_holder(ask: Ask, claim_id: str, *, reason: str = "") -> Reply:
    """Ask the holder of this claim."""
    made, is_new = requests.ask(ask.ctx, claim_id, ask.user, reason=reason)
    held = queries.claim(ask.ctx, claim_id)
    if held is None:
        raise Refused("That claim has ended.")
    return line_blocks.asked(made, held, _name(ask, held.instance_id), is_new=is_new)


def _name(ask: Ask, instance_id: str) -> str:
    return queries.name_of(ask.ctx, instance_id) if instance_id else ""


VERBS = (
    Verb(
        "wait",
        "wait <instance|1xA100> [gpus:2] [for 8h] [note] [then: run <template>]",
        "Stand in line; you are asked in turn.",
        wait,
    ),
    Verb("leave", "leave [<instance|1xA100>]", "Leave the line.", leave),
    Verb("line", "line [<instance>]", "Who waits, and about how long.", line),
    Verb("request", "request <instance> [reason]", "Ask its holder to release it.", request),
)


def on_wait(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Wait in line]: the value is an instance or what is wanted; how many GPUs and how long may follow."""
    wanted, count, length = [*value.split("|"), "", ""][:3]
    ask, listing = Ask(ctx, user, channel, []), queries.listing(ctx, wanted)
    span = number(length)
    if listing is None:
        return stand(ask, None, wants.parse(wanted), length=span)
    choice = None if number(count) is None else GpuChoice(count=number(count))
    return stand(ask, listing, None, choice=choice, length=span)


def show(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Show the line]"""
    return line_of(Ask(ctx, user, channel, []), listed(ctx, value))


def on_leave(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Leave the line]"""
    return go(Ask(ctx, user, channel, []), number(value) or 0)


def pass_on(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Pass]"""
    waiter = line_service.pass_on(ctx, value, user)
    return line_blocks.left(waiter, queries.name_of(ctx, waiter.instance_id))


def on_request(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Ask for X]"""
    return ask_holder(Ask(ctx, user, channel, []), value)


BUTTONS: dict[str, Press] = {
    ids.WAIT: on_wait,
    ids.LINE: show,
    ids.LEAVE: on_leave,
    ids.DECLINE_OFFER: pass_on,
    ids.REQUEST: on_request,
}


def offer(ctx: Context, offer_id: str) -> Reply | None:
    """It is somebody's turn, or was."""
    found = line_service.offer(ctx, offer_id)
    if found is None:
        return None
    made, waiter = found
    name, listing = queries.name_of(ctx, made.instance_id), queries.listing(ctx, made.instance_id)
    return line_blocks.offered(made, waiter, name, listing, has_next=line_service.has_next(ctx, made))


def line_ended(ctx: Context, waiter_id: str) -> Reply | None:
    """Somebody is out of the line without having said so."""
    waiter = line_service.waiter(ctx, int(waiter_id))
    if waiter is None:
        return None
    last = line_service.last_offer(ctx, waiter.id)
    has_next = last is not None and line_service.has_next(ctx, last)
    return line_blocks.ended(waiter, queries.name_of(ctx, waiter.instance_id), last, has_next=has_next)


def waited_for(ctx: Context, claim_id: str) -> Reply | None:
    """Somebody waits for what a person holds."""
    held = queries.claim(ctx, claim_id)
    listing = queries.listing(ctx, held.instance_id) if held and held.ended_at is None else None
    if held is None or listing is None:
        return None
    return line_blocks.waited_for(held, listing.instance.name, line_service.waiting_for(ctx, listing))


def draw_request(ctx: Context, request_id: str) -> Reply | None:
    """Somebody asks a holder to release."""
    found = requests.request(ctx, request_id)
    held = queries.claim(ctx, found.claim_id) if found else None
    if found is None or held is None:
        return None
    listing = queries.listing(ctx, held.instance_id)
    return line_blocks.question(found, held, queries.name_of(ctx, held.instance_id), listing)


def answer(ctx: Context, request_id: str) -> Reply | None:
    """What the holder said."""
    found = requests.request(ctx, request_id)
    held = queries.claim(ctx, found.claim_id) if found else None
    if found is None or held is None:
        return None
    ahead = line_service.ahead_of(ctx, found.waiter_id) if found.waiter_id is not None else None
    return line_blocks.answer(found, held, queries.name_of(ctx, held.instance_id), ahead)


MESSAGES: dict[str, Draw] = {
    "offer": offer,
    "line_ended": line_ended,
    "waited_for": waited_for,
    "request": draw_request,
    "answer": answer,
}
