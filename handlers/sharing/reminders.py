"""What holders are told of their claims by themselves: the end near, over, or cut short."""

from bot.services import queries
from bot.services.context import Context
from bot.services.sharing import reminders
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import reminders as reminders_blocks
from handlers.controller import Draw


def draw_claim_ended(ctx: Context, claim_id: str) -> Reply | None:
    """The end of a claim, for its holder."""
    claim = queries.claim(ctx, claim_id)
    return reminders_blocks.claim_ended(claim, queries.name_of(ctx, claim.instance_id)) if claim else None


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
    return reminders_blocks.claim_reminder(reminder, claim, name, listing, ctx.clock())


MESSAGES: dict[str, Draw] = {
    "claim_ended": draw_claim_ended,
    "claim_cut": draw_claim_cut,
    reminders.REMINDER_MESSAGE: draw_claim_reminder,
}
