"""/gpu claim, extend and release."""

from dataclasses import replace

from bot.domain import parts
from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.listing import Listing
from bot.domain.sharing.claims import AS_NOW, Claim, GpuChoice
from bot.domain.sharing.find import similar_spec
from bot.domain.sharing.gpu_spec import GpuSpec
from bot.errors import Refused
from bot.services import names, queries
from bot.services.context import Context
from bot.services.machines import sources
from bot.services.sharing import bookings, claims, find, grants, limits, line, turns, unclaimed
from handlers import fields
from handlers.blocks.buttons import CLAIM_BUTTON, RELEASE_BUTTON
from handlers.blocks.machines.fleet import describe_machine
from handlers.blocks.parts import Block, Filled, Reply, context, filled, undone
from handlers.blocks.sharing import claims as claims_blocks
from handlers.blocks.sharing import grants as grants_blocks
from handlers.blocks.sharing import unclaimed as unclaimed_blocks
from handlers.blocks.sharing.claims import CLAIM_UNTIL_BUTTON, EXTEND_BUTTON, RELEASE_OTHERS_BUTTON
from handlers.blocks.sharing.find import CLAIM_REST_BUTTON
from handlers.blocks.sharing.line import TAKE_OFFER_BUTTON
from handlers.blocks.silence import as_they_were
from handlers.blocks.words import length
from handlers.controller import Press, listed, value_parts, whole
from handlers.parsing import order
from handlers.parsing.lasting import TypedSpan, read_span
from handlers.parsing.moments import Moment
from handlers.parsing.spans import chosen_gpus, claim_words, extension
from handlers.parsing.text import Quoted, gpu_choice, readable
from handlers.parsing.unclear import Unclear, WordChoice, word_choice
from handlers.sharing import find as find_controller
from handlers.sharing import hints
from handlers.sharing import line as line_controller
from handlers.sharing.bookings import booking_in_the_way
from handlers.verbs import Ask, Form, Verb, named, no_more, sounds_like_words


def gpu_claim(ask: Ask) -> Reply:
    """Claim an instance, some of its GPUs, or the best there is of a kind, for a while."""
    ask = replace(ask, words=order.name_first(ask.ctx, ask.words))
    meant = find_controller.leading_spec(ask)
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
    length = find_controller.find_query(ask, want, words.span).length
    best = find.find_gpus(ask.ctx, want, ask.user, length).best
    if best is None:
        return find_controller.find_and_tell(ask, want, words.span)
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
    find_controller.check_claim_length(ask, span)
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
        return undone(line_controller.explain_line(ask, listing, first))
    except claims.GpusTaken as taken:
        return undone(_taken(ask, listing, taken.claims, choice=choice, span=span))
    used = " ".join(
        [
            unclaimed_blocks.other_users_in_words(unclaimed.other_users(ask.ctx, claimed, ask.user)),
            *_as_it_was(ask, listing),
        ]
    ).strip()
    return _claimed(ask, claimed, span, used=used)


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


def _claimed(ask: Ask, claimed: Listing, span: TypedSpan, *, used: str = "") -> Reply:
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
    wanted = find_controller.find_query(ask, similar_spec(fresh, count or len(fresh.gpus)), span)
    result = find.find_besides(ask.ctx, fresh, ask.user, count=count, length=wanted.length)
    query = replace(wanted, instance_id=fresh.instance.id, count=count)
    return claims_blocks.gpus_taken(fresh, held, query, result, ask.ctx.clock(), choice=choice)


def gpu_extend(ask: Ask) -> Reply:
    """Let one's claim end later; without a name, the only one the person has. "again" means the same once more."""
    is_meant = [word.lower() for word in ask.words[-1:]] == ["again"]
    without_again = replace(ask, words=ask.words[:-1]) if is_meant else ask
    listing, span = _extension(without_again)
    try:
        return extend_or_explain(without_again, listing, span, typed=not is_meant)
    except claims.RepeatedExtension as repeated:
        raise _once_more(ask, listing, repeated) from None


def _extension(ask: Ask) -> tuple[Listing, TypedSpan | None]:
    """The machine and by how much, or until when."""
    is_name = find.is_name(ask.ctx, *ask.words)
    span = extension(ask.words, ask.asker()) if ask.words and not is_name else None
    if not ask.words or span is not None:
        return _only_one(ask), span
    listing, rest = named(ask, "extend")
    span = extension(rest, ask.asker()) if rest else None
    if rest and span is None:
        raise Refused(f'"{rest[0][:40]}" is no length of time. Try `extend {listing.instance.name} 2h`.')
    return listing, span


def _once_more(ask: Ask, listing: Listing, repeated: claims.RepeatedExtension) -> Unclear:
    """Slack may have said that it took too long, and the same words were typed again."""
    left = length(max(MINUTE_MS, repeated.claim.until_at - ask.ctx.clock()))
    ago = f"{length(repeated.ago)} ago" if repeated.ago >= MINUTE_MS else "just now"
    done = f"That is done already: you extended {listing.instance.name} by as much {ago}."
    return Unclear(f"{done} It is yours for another {left}.", (), [word_choice("again", "Extend it once more")])


def extend_or_explain(ask: Ask, listing: Listing, span: TypedSpan | None = None, *, typed: bool = False) -> Reply:
    """Let the claim on this one end later. Raises Repeated where that was just typed."""
    span = span or TypedSpan()
    try:
        extended = claims.extend_claim(
            ask.ctx, listing.instance.id, ask.user, by=span.length, until=span.end, typed=typed
        )
    except bookings.BookingInTheWay as booked:
        return booking_in_the_way(ask, listing, booked.slot)
    except limits.OverLimit as over:
        return ask_for_more(ask, over)
    return _claimed(ask, extended, span)


def gpu_release(ask: Ask) -> Reply:
    """Give an instance back; without a name, the only one the person holds."""
    if not ask.words:
        return release_or_ask(ask, _only_one(ask))
    if [word.lower() for word in ask.words] in _ALL and names.whole_name(ask.ctx, ask.words) is None:
        return release_or_ask(ask, _one_of_all(ask))
    listing, rest = named(ask, "release", has_note=False)
    no_more(rest, f"release {listing.instance.name}")
    return release_or_ask(ask, listing)


_ALL = (["all"], ["everything"], ["mine"], ["all", "mine"], ["all", "of", "mine"], ["both"])


def _one_of_all(ask: Ask) -> Listing:
    """The only one they hold. Raises Unclear with a button for each of several."""
    held = queries.held_by(ask.ctx, ask.user)
    if len(held) < 2:
        return _only_one(ask)
    choices = [WordChoice(listing.instance.name, (Quoted(listing.instance.id),)) for listing in held]
    raise Unclear(f"You hold {len(held)} machines, and give them back one by one. Which?", ask.words, choices)


def _only_one(ask: Ask) -> Listing:
    held = queries.held_by(ask.ctx, ask.user)
    if len(held) != 1:
        names = ", ".join(listing.instance.name for listing in held)
        raise Refused(f"You hold {names}. Say which." if held else "You hold nothing just now.")
    return held[0]


def release_or_ask(ask: Ask, listing: Listing) -> Reply:
    """Release this one; when only others hold it, ask first."""
    mine = listing.claim_of(ask.user)
    if mine is not None:
        return release_and_tell(ask, listing, mine)
    if not listing.claims:
        raise Refused(f"Nobody holds {listing.instance.name}, so there is nothing to release.")
    for held in listing.claims:
        claims.check_release(ask.ctx, listing, held, ask.user)
    return claims_blocks.which_to_release(listing)


def release_and_tell(ask: Ask, listing: Listing, held: Claim) -> Reply:
    """End a claim on this one."""
    ended = claims.release_claim(ask.ctx, held.id, ask.user)
    after = line.next_in_line(ask.ctx, held.instance_id)
    return claims_blocks.claim_released(listing, ended, ask.user, ask.ctx.clock(), after=after)


def claim_given(ask: Ask) -> Filled | None:
    """What "claim for 4h" says without a machine; None where the words begin with one, or with a kind of GPU."""
    if not ask.words:
        return Filled()
    if find.is_name(ask.ctx, *ask.words) or find_controller.leading_spec(ask) or not _begins_with_terms(ask):
        return None
    try:
        words = claim_words(ask.words, ask.asker())
    except Refused:
        return Filled()
    return filled(
        count=str(words.choice.count or "") if words.choice else "",
        length=fields.span_value(words.span),
        note=readable(words.note),
    )


def _begins_with_terms(ask: Ask) -> bool:
    """Whether the first words say how many or how long, and so name no machine."""
    try:
        return chosen_gpus(ask.words)[0] is not None or read_span(ask.words, ask.asker())[0] != TypedSpan()
    except Refused:
        return False


def draw_claim_form(ask: Ask, given: Filled) -> list[Block]:
    """Which machine, how many of its GPUs, until when, what for."""
    listing = fields.shown_machine(ask, given)
    usual = ask.ctx.settings.claim_limits(ask.ctx.roster().team_of(ask.user)).default
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
    given=claim_given,
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
    Verb("extend", "extend <instance> [2h|until fri 14:00]", "Let your claim end later.", gpu_extend),
    Verb("release", "release <instance>", "Give it back.", gpu_release),
)


def press_claim(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Claim]: for the usual length."""
    return claim_or_explain(Ask(ctx, user, channel, []), listed(ctx, value))


def press_claim_rest(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Claim 2 GPUs of X]: those that nobody has."""
    listing = listed(ctx, value)
    choice = GpuChoice(indexes=listing.unclaimed) if listing.unclaimed else None
    return claim_or_explain(Ask(ctx, user, channel, []), listing, choice=choice, adds=True)


def press_extend(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Extend by 1 h]: the value is the claim and the hours."""
    claim_id, _, hours = value.partition("|")
    by = int(hours) * HOUR_MS if hours.isdecimal() and len(hours) < 4 else None
    return extend_or_explain(Ask(ctx, user, channel, []), _listing_of(ctx, claim_id), TypedSpan(by))


def press_release(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Release]"""
    return release_or_ask(Ask(ctx, user, channel, []), listed(ctx, value))


def press_release_others(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Release X, which is somebody else's], after the question; the value is the claim."""
    held = queries.claim(ctx, value)
    if held is None:
        raise Refused("That claim is not known here any more.")
    return release_and_tell(Ask(ctx, user, channel, []), listed(ctx, held.instance_id), held)


def _listing_of(ctx: Context, claim_id: str) -> Listing:
    held = queries.claim(ctx, claim_id)
    if held is None or held.ended_at is not None:
        raise Refused(f"That claim has ended. {parts.gpu('status mine')} shows what you hold.")
    return listed(ctx, held.instance_id)


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
    EXTEND_BUTTON: press_extend,
    RELEASE_BUTTON: press_release,
    RELEASE_OTHERS_BUTTON: press_release_others,
    TAKE_OFFER_BUTTON: press_take_offer,
    CLAIM_UNTIL_BUTTON: press_claim_until,
}
