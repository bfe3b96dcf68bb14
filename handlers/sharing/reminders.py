"""What holders are told of their claims by themselves: the end near, over, or cut short; and what they answer."""

from bot.domain import parts
from bot.domain.sharing.claims import Claim, GpuChoice
from bot.errors import Refused
from bot.services import queries
from bot.services.context import Context
from bot.services.sharing import reminders, unclaimed
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import reminders as reminders_blocks
from handlers.blocks.sharing.reminders import CLAIM_AGAIN_BUTTON, DONE_BUTTON
from handlers.controller import Draw, Press, listed
from handlers.sharing.claims import claim_or_explain
from handlers.verbs import Ask


def press_claim_again(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Claim X again], [8 h]: the same GPUs for the usual length; the value is the claim that ended."""
    before = _ended_claim(ctx, user, value)
    listing = listed(ctx, before.instance_id)
    choice = GpuChoice() if listing.is_whole(before) else GpuChoice(indexes=before.gpus)
    ask = Ask(ctx, user, channel, [])
    return claim_or_explain(ask, listing, choice=choice, note=before.note, informed=True, adds=True)


def press_done_there(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[I'm done]: the question is settled, and nothing else changes."""
    before = _ended_claim(ctx, user, value)
    return reminders_blocks.claim_done(before, queries.name_of(ctx, before.instance_id))


def _ended_claim(ctx: Context, user: str, claim_id: str) -> Claim:
    """A claim of theirs, open or over. Raises Refused."""
    claim = queries.claim(ctx, claim_id)
    if claim is None or claim.holder != user:
        raise Refused(f"That was asked of somebody else. {parts.gpu('status free')} shows what is free.")
    return claim


BUTTONS: dict[str, Press] = {CLAIM_AGAIN_BUTTON: press_claim_again, DONE_BUTTON: press_done_there}


def draw_claim_ended(ctx: Context, claim_id: str) -> Reply | None:
    """The end of a claim, for its holder."""
    claim = queries.claim(ctx, claim_id)
    return _ended(ctx, claim) if claim else None


def _ended(ctx: Context, claim: Claim) -> Reply:
    listing, name = queries.listing(ctx, claim.instance_id), queries.name_of(ctx, claim.instance_id)
    work = unclaimed.still_at_work(ctx, listing, claim) if listing else "nobody"
    again = ctx.settings.claim_limits(claim.team).default
    return reminders_blocks.claim_ended(claim, name, listing, work=work, again=again)


def draw_claim_cut(ctx: Context, subject: str) -> Reply | None:
    """That a claim covers fewer GPUs, as there are no more, for its holder."""
    claim_id, _, before = subject.partition("|")
    claim = queries.claim(ctx, claim_id)
    had = tuple(int(gpu) for gpu in before.split(","))
    return reminders_blocks.claim_cut(claim, had, queries.name_of(ctx, claim.instance_id)) if claim else None


def draw_claim_reminder(ctx: Context, claim_id: str) -> Reply | None:
    """The end of a claim, near or over, for its holder."""
    reminder, claim = reminders.find_reminder(ctx, claim_id), queries.claim(ctx, claim_id)
    if reminder is None or claim is None:
        return None
    name, listing = queries.name_of(ctx, claim.instance_id), queries.listing(ctx, claim.instance_id)
    return reminders_blocks.claim_reminder(reminder, claim, name, listing, ctx.clock(), ended=_ended(ctx, claim))


MESSAGES: dict[str, Draw] = {
    "claim_ended": draw_claim_ended,
    "claim_cut": draw_claim_cut,
    reminders.REMINDER_MESSAGE: draw_claim_reminder,
}
