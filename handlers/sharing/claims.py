"""/gpu claim."""

from dataclasses import replace

from bot.domain.machines.listing import Listing
from bot.domain.sharing.claims import AS_NOW, Claim, GpuChoice
from bot.domain.sharing.find import similar_spec
from bot.domain.sharing.gpu_spec import GpuSpec
from bot.errors import Refused
from bot.services import queries
from bot.services.context import Context
from bot.services.machines import sources
from bot.services.sharing import bookings, claims, find, grants, limits, line, turns, unclaimed
from handlers import fields
from handlers.blocks.buttons import CLAIM_BUTTON
from handlers.blocks.machines.fleet import describe_machine
from handlers.blocks.parts import Block, Filled, Reply, context, undone
from handlers.blocks.sharing import claims as claims_blocks
from handlers.blocks.sharing import grants as grants_blocks
from handlers.blocks.sharing import unclaimed as unclaimed_blocks
from handlers.blocks.sharing.claims import CLAIM_UNTIL_BUTTON
from handlers.blocks.sharing.find import CLAIM_REST_BUTTON
from handlers.blocks.sharing.line import TAKE_OFFER_BUTTON
from handlers.blocks.silence import as_they_were
from handlers.controller import Press, listed, value_parts, whole
from handlers.parsing import order
from handlers.parsing.lasting import TypedSpan
from handlers.parsing.moments import Moment
from handlers.parsing.spans import claim_words
from handlers.parsing.text import gpu_choice, readable
from handlers.sharing import hints
from handlers.sharing.bookings import booking_in_the_way
from handlers.sharing.find import check_claim_length, find_and_tell, find_query, leading_spec, terms_given
from handlers.sharing.line import explain_line
from handlers.verbs import Ask, Form, Verb, named, sounds_like_words


def gpu_claim(ask: Ask) -> Reply:
    """Claim an instance, some of its GPUs, or the best there is of a kind, for a while."""
    ask = replace(ask, words=order.name_first(ask.ctx, ask.words))
    meant = leading_spec(ask)
    if meant is not None:
        return claim_best(ask, *meant)
    listing, rest = named(ask, "claim")
    words = claim_words(rest, replace(ask.asker(), books=True))
    _refuse_another(ask, words.note)
    return claim_or_explain(ask, listing, choice=words.choice, span=words.span, note=readable(words.note))


def _refuse_another(ask: Ask, note: str) -> None:
    """A second machine, or another kind, is no note. Raises Refused."""
    words = note.split()
    is_joined = bool(words) and words[0].lower() in {"or", "and", "+"}
    other = " ".join(words[is_joined : is_joined + 1])
    is_name = find.is_name(ask.ctx, *words[is_joined:]) and (is_joined or not sounds_like_words(other))
    if not other or not (is_name or (is_joined and find.is_kind(ask.ctx, other))):
        return
    raise Refused(f"One at a time: say only the first, and then `claim {other[:40]}`. No note begins with such a name.")


def claim_best(ask: Ask, want: GpuSpec, rest: list[str]) -> Reply:
    """Claim the best that is free; where nothing is, say what could serve."""
    words = claim_words(rest, replace(ask.asker(), books=True))
    if words.choice is not None:
        raise Refused(f"Say the number once: `claim {want}`, or `claim train-7 gpus:2` with a name of yours.")
    _refuse_another(ask, words.note)
    length = find_query(ask, want, words.span).length
    best = find.find_gpus(ask.ctx, want, ask.user, length).best
    if best is None:
        return find_and_tell(ask, want, words.span)
    choice = GpuChoice(count=want.count) if want.count < len(best.listing.gpus) else GpuChoice()
    return claim_or_explain(
        ask, best.listing, choice=choice, span=words.span, note=readable(words.note), informed=True, adds=True
    )


def claim_or_explain(
    ask: Ask,
    listing: Listing,
    *,
    choice: GpuChoice | None = None,
    span: TypedSpan | None = None,
    note: str = "",
    informed: bool = False,
    adds: bool = False,
) -> Reply:
    """Claim this one; when others have it, say who and what could be had instead.

    Whoever was not `informed` hears first of something better that stands free. `adds`: beside what they hold there,
    as nobody typed that it is to change.
    """
    span = span or TypedSpan()
    check_claim_length(ask, span)
    better = None if informed else hints.hint_first(ask, listing, choice=choice, span=span, note=note)
    if better is not None:
        return better
    try:
        claimed = (claims.take_gpus if adds else claims.claim_gpus)(
            ask.ctx,
            listing.instance.id,
            ask.user,
            choice=AS_NOW if choice is None else choice,
            length=span.length,
            until=span.end,
            note=note,
        )
    except limits.OverLimit as over:
        return undone(ask_for_more(ask, over, choice=choice))
    except bookings.BookingInTheWay as booked:
        return undone(booking_in_the_way(ask, listing, booked.slot, choice))
    except turns.OthersInLine as first:
        return undone(explain_line(ask, listing, first))
    except claims.GpusTaken as taken:
        return undone(_taken(ask, listing, taken.claims, choice=choice, span=span))
    used = " ".join(
        [
            unclaimed_blocks.other_users_in_words(unclaimed.other_users(ask.ctx, claimed, ask.user)),
            *_as_it_was(ask, listing),
        ]
    ).strip()
    return claimed_reply(ask, claimed, span, used=used)


def _as_it_was(ask: Ask, listing: Listing) -> list[str]:
    """That its source is silent: whether it still runs nobody knows."""
    silent = sources.unread_of(ask.ctx, [listing.instance.id])
    return [line.removeprefix(":warning: ") for line in as_they_were(silent, ask.ctx.clock())]


def ask_for_more(ask: Ask, over: limits.OverLimit, *, choice: GpuChoice | None = None) -> Reply:
    """Beyond fair use: offer to ask an approver. Without a choice a claim keeps its GPUs. Raises OverLimit."""
    if not over.may_ask:
        raise over
    covers = AS_NOW if choice is None else choice
    return grants_blocks.grant_offer(grants.draft_claim(ask.ctx, over, choice=covers), str(over))


def claimed_reply(ask: Ask, claimed: Listing, span: TypedSpan, *, used: str = "") -> Reply:
    """Theirs now, with what they should know of it."""
    mine = claimed.claim_of(ask.user)
    warning = limits.limit_warnings(ask.ctx, mine) if mine else ""
    remark = " ".join(part for part in (span.remark, warning) if part)
    return claims_blocks.claim_made(
        claimed, ask.user, remark=remark, waiting=line.people_waiting(ask.ctx, claimed), used=used
    )


def _taken(ask: Ask, listing: Listing, held: tuple[Claim, ...], *, choice: GpuChoice | None, span: TypedSpan) -> Reply:
    """Others have it: what could be had instead."""
    fresh = queries.listing(ask.ctx, listing.instance.id) or listing
    count = (choice.count or len(choice.indexes) or None) if choice else None
    wanted = find_query(ask, similar_spec(fresh, count or len(fresh.gpus)), span)
    result = find.find_besides(ask.ctx, fresh, ask.user, count=count, length=wanted.length)
    query = replace(wanted, instance_id=fresh.instance.id, count=count)
    return claims_blocks.gpus_taken(fresh, held, query, result, ask.ctx.clock(), choice=choice)


def draw_claim_form(ask: Ask, given: Filled) -> list[Block]:
    """Which machine, how many of its GPUs, until when, what for."""
    listing = fields.shown_machine(ask, given)
    usual = ask.usual_length()
    standing = [context(describe_machine(listing, ask.ctx.clock()))] if listing else []
    return [
        fields.machine_field(ask, given),
        *standing,
        *fields.gpu_fields(listing, given),
        *fields.length_fields(ask, given, usual=usual),
        fields.note_field(given),
    ]


def submit_claim_form(ask: Ask, given: Filled) -> Reply:
    """As `claim train-7 gpus:2 for 4h note` does."""
    listing, span = fields.chosen_machine(ask, given), fields.chosen_span(ask, given)
    choice = fields.chosen_gpus(given) or GpuChoice()
    note = readable(" ".join(given.one(fields.NOTE).split()))
    return claim_or_explain(ask, listing, choice=choice, span=span, note=note, informed=True)


CLAIM_FORM = Form(
    name="claim",
    title="Claim a machine",
    send="Claim",
    question="Which machine do you want to claim?",
    draw=draw_claim_form,
    submit=submit_claim_form,
    subject=fields.MACHINE,
    given=terms_given,
    menus={fields.MACHINE: fields.machine_search()},
)
FORMS = (CLAIM_FORM,)

VERBS = (
    Verb(
        "claim",
        "claim <instance|2xA100> [gpus:2|gpus:0,3] [for 8h|until 18:00] [note]",
        "Take an instance, some of its GPUs, or the best there is of a kind; again, to change that.",
        gpu_claim,
        form=CLAIM_FORM,
    ),
)


def press_claim(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Claim]: for the usual length."""
    return claim_or_explain(Ask(ctx, user, channel, []), listed(ctx, value))


def press_claim_rest(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Claim 2 GPUs of X]: those that nobody has."""
    listing = listed(ctx, value)
    choice = GpuChoice(indexes=listing.unclaimed) if listing.unclaimed else None
    return claim_or_explain(Ask(ctx, user, channel, []), listing, choice=choice, adds=True)


def press_take_offer(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Take it], when it is one's turn in the line."""
    try:
        return claims_blocks.claim_made(line.take_offer(ctx, value, user), user)
    except limits.OverLimit as over:
        return ask_for_more(Ask(ctx, user, channel, []), over, choice=GpuChoice(indexes=over.planned.gpus))


def press_claim_until(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Claim until 20:00]: the value is the instance, the end and the GPUs."""
    instance_id, until, choice = value_parts(value, 3)
    ask, span = Ask(ctx, user, channel, []), TypedSpan(until=Moment(whole(until)))
    return claim_or_explain(ask, listed(ctx, instance_id), choice=gpu_choice(choice) if choice else None, span=span)


BUTTONS: dict[str, Press] = {
    CLAIM_BUTTON: press_claim,
    CLAIM_REST_BUTTON: press_claim_rest,
    TAKE_OFFER_BUTTON: press_take_offer,
    CLAIM_UNTIL_BUTTON: press_claim_until,
}
