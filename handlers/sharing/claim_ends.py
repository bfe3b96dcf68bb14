"""/gpu extend and release: a claim ends later, or now."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain import parts
from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.listing import Listing
from bot.domain.sharing.claims import Claim
from bot.errors import Refused
from bot.services import names, queries
from bot.services.context import Context
from bot.services.sharing import bookings, claims, find, limits, line
from handlers import fields
from handlers.blocks.buttons import RELEASE_BUTTON
from handlers.blocks.parts import Block, Filled, Reply, context, undone
from handlers.blocks.sharing import claims as claims_blocks
from handlers.blocks.sharing.claims import EXTEND_BUTTON, RELEASE_OTHERS_BUTTON
from handlers.blocks.words import ends, length
from handlers.controller import Press, listed
from handlers.parsing.lasting import TypedSpan, is_moment
from handlers.parsing.lengths import is_length
from handlers.parsing.spans import extension
from handlers.parsing.text import Quoted
from handlers.parsing.unclear import MOST_CHOICES, Unclear, WordChoice, word_choice
from handlers.sharing.bookings import booking_in_the_way
from handlers.sharing.claims import ask_for_more, claimed_reply
from handlers.verbs import Ask, Form, Verb, named, no_more


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
    span = extension(_with_until(ask.words), ask.asker()) if ask.words and not is_name else None
    if not ask.words or span is not None:
        return _only_one(ask, ask.words), span
    listing, rest = named(ask, "extend")
    span = extension(_with_until(rest), ask.asker()) if rest else None
    if rest and span is None:
        raise Refused(f'"{rest[0][:40]}" is no length of time. Try `extend {listing.instance.name} 2h`.')
    return listing, span


def _with_until(words: list[str]) -> list[str]:
    """A day or a time of day alone is when it is to end: "tomorrow", "fri 14:00"."""
    return ["until", *words] if words and is_moment(words) and not is_length(words) else words


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
        return undone(booking_in_the_way(ask, listing, booked.slot))
    except limits.OverLimit as over:
        return undone(ask_for_more(ask, over))
    return claimed_reply(ask, extended, span)


def gpu_release(ask: Ask) -> Reply:
    """Give an instance back; without a name, the only one the person holds."""
    if not ask.words:
        return release_or_ask(ask, _only_one(ask))
    if [word.lower() for word in ask.words] in _ALL and names.whole_name(ask.ctx, ask.words) is None:
        return release_or_ask(ask, _only_one(ask))
    listing, rest = named(ask, "release", has_note=False)
    no_more(rest, f"release {listing.instance.name}")
    return release_or_ask(ask, listing)


_ALL = (["all"], ["everything"], ["mine"], ["all", "mine"], ["all", "of", "mine"], ["both"])


def _only_one(ask: Ask, words: Sequence[str] = ()) -> Listing:
    """The only one they hold, of which the words say the rest. Raises Refused, Unclear with a button for each."""
    held = queries.held_by(ask.ctx, ask.user)
    if not held:
        raise Refused(f"You hold nothing now. {parts.gpu('status free')} shows what you can have.")
    if len(held) > 1:
        choices = [WordChoice(listing.instance.name, (Quoted(listing.instance.id), *words)) for listing in held]
        raise Unclear("Which one?", ask.words, choices)
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


def mine_given(ask: Ask) -> Filled | None:
    """Where there are more claims than buttons; else a bare verb is about the only one, or asks which."""
    is_much = not ask.words and len(queries.held_by(ask.ctx, ask.user)) > MOST_CHOICES
    return Filled() if is_much else None


def draw_extend_form(ask: Ask, given: Filled) -> list[Block]:
    """Which claim, and by how much or until when."""
    usual = ask.usual_length()
    return [*mine_fields(ask, given), *fields.length_fields(ask, given, usual=usual, label="How much longer")]


def mine_fields(ask: Ask, given: Filled) -> list[Block]:
    """The menu of what they hold, and until when the chosen one is theirs."""
    given = given if given.one(fields.MACHINE) else _only_machine(ask, given)
    listing = fields.shown_machine(ask, given)
    mine = listing.claim_of(ask.user) if listing else None
    standing = [context(f"It is yours until {ends(mine)}.")] if mine else []
    return [fields.machine_field(ask, given), *standing]


def _only_machine(ask: Ask, given: Filled) -> Filled:
    """Filled in with the only machine that somebody holds, where it is one."""
    held = queries.held_by(ask.ctx, ask.user)
    return Filled({**given.values, fields.MACHINE: (held[0].instance.id,)}) if len(held) == 1 else given


def submit_extend_form(ask: Ask, given: Filled) -> Reply:
    """As `extend train-7 2h` does."""
    return extend_or_explain(ask, fields.chosen_machine(ask, given), fields.chosen_span(ask, given))


def draw_release_form(ask: Ask, given: Filled) -> list[Block]:
    """Which claim."""
    return mine_fields(ask, given)


def submit_release_form(ask: Ask, given: Filled) -> Reply:
    """As `release train-7` does."""
    listing = fields.chosen_machine(ask, given)
    reply = release_or_ask(ask, listing)
    return reply if listing.claim_of(ask.user) else undone(reply)


EXTEND_FORM = Form(
    name="extend",
    title="Extend a claim",
    send="Extend",
    question="Which claim do you want to extend?",
    draw=draw_extend_form,
    submit=submit_extend_form,
    subject=fields.MACHINE,
    given=mine_given,
    menus={fields.MACHINE: fields.machine_search(mine=True)},
)
RELEASE_FORM = Form(
    name="release",
    title="Release a machine",
    send="Release",
    question="Which machine do you want to give back?",
    draw=draw_release_form,
    submit=submit_release_form,
    subject=fields.MACHINE,
    given=mine_given,
    menus={fields.MACHINE: fields.machine_search(mine=True)},
)
FORMS = (EXTEND_FORM, RELEASE_FORM)

VERBS = (
    Verb("extend", "extend <instance> [2h|until fri 14:00]", "Let your claim end later.", gpu_extend, form=EXTEND_FORM),
    Verb("release", "release <instance>", "Give it back.", gpu_release, form=RELEASE_FORM),
)


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


BUTTONS: dict[str, Press] = {
    EXTEND_BUTTON: press_extend,
    RELEASE_BUTTON: press_release,
    RELEASE_OTHERS_BUTTON: press_release_others,
}
