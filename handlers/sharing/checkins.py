"""Answering whether a claim is still needed."""

from bot.domain.sharing.checkins import Question
from bot.services import queries
from bot.services.context import Context
from bot.services.sharing import checkins
from handlers import ids
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import checkins as checkins_blocks
from handlers.blocks.sharing.checkins import Held
from handlers.controller import Draw, Press, listed
from handlers.sharing import claims
from handlers.verbs import Ask


def keep(ctx: Context, user: str, channel: str, value: str) -> None:
    """[Keep it]: the outbox redraws the question."""
    checkins.keep(ctx, value, user)


def release(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Release X]; the value is the question."""
    held = checkins.claim_of(ctx, value, user)
    done = claims.end_claim(Ask(ctx, user, channel, []), listed(ctx, held.instance_id), held)
    checkins.settle(ctx)
    return done


BUTTONS: dict[str, Press] = {ids.KEEP_HELD: keep, ids.RELEASE_ASKED: release}


def keep_question(ctx: Context, batch: str) -> Reply | None:
    """One message with all it asks about."""
    held = [_held(ctx, each) for each in checkins.of_batch(ctx, batch)]
    found = [each for each in held if each is not None]
    return checkins_blocks.question(found, ctx.clock()) if found else None


def waited_for(ctx: Context, question_id: str) -> Reply | None:
    """Somebody has come to wait for what its holder was asked about."""
    asked = checkins.question(ctx, question_id)
    held = _held(ctx, asked) if asked else None
    return checkins_blocks.waited_for(held) if held else None


def _held(ctx: Context, asked: Question) -> Held | None:
    claim = queries.claim(ctx, asked.claim_id)
    if claim is None:
        return None
    listing = queries.listing(ctx, claim.instance_id)
    waiting = checkins.waiting(ctx, claim, listing) if listing and asked.deadline_at is not None else []
    return Held(asked, claim, queries.name_of(ctx, claim.instance_id), listing, waiting)


MESSAGES: dict[str, Draw] = {checkins.KIND: keep_question, checkins.WAITED_FOR: waited_for}
