"""Answering whether a claim is still needed."""

from bot.domain.sharing.checkins import Checkin
from bot.services import queries
from bot.services.context import Context
from bot.services.sharing import checkins
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import checkins as checkins_blocks
from handlers.blocks.sharing.checkins import KEEP_HELD_BUTTON, RELEASE_ASKED_BUTTON, CheckedClaim
from handlers.controller import Draw, Press, listed
from handlers.sharing import claim_ends
from handlers.verbs import Ask


def press_keep_held(ctx: Context, user: str, channel: str, value: str) -> None:
    """[Keep it]: the outbox redraws the question."""
    checkins.keep_claim(ctx, value, user)


def press_release_asked(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Release X]; the value is the question."""
    held = checkins.claim_of_checkin(ctx, value, user)
    done = claim_ends.release_and_tell(Ask(ctx, user, channel, []), listed(ctx, held.instance_id), held)
    checkins.settle_checkins(ctx)
    return done


BUTTONS: dict[str, Press] = {KEEP_HELD_BUTTON: press_keep_held, RELEASE_ASKED_BUTTON: press_release_asked}


def draw_checkin(ctx: Context, batch: str) -> Reply | None:
    """One message with all it asks about."""
    held = [_held(ctx, checkin) for checkin in checkins.checkins_of_batch(ctx, batch)]
    checked = [claim for claim in held if claim is not None]
    return checkins_blocks.checkin_question(checked, ctx.clock()) if checked else None


def draw_checkin_waited_for(ctx: Context, question_id: str) -> Reply | None:
    """Somebody has come to wait for what its holder was asked about."""
    checkin = checkins.find_checkin(ctx, question_id)
    held = _held(ctx, checkin) if checkin else None
    return checkins_blocks.checkin_waited_for(held) if held else None


def _held(ctx: Context, checkin: Checkin) -> CheckedClaim | None:
    claim = queries.claim(ctx, checkin.claim_id)
    if claim is None:
        return None
    listing = queries.listing(ctx, claim.instance_id)
    waiting = checkins.next_people_now(ctx, claim, listing) if listing and checkin.deadline_at is not None else []
    return CheckedClaim(checkin, claim, queries.name_of(ctx, claim.instance_id), listing, waiting)


MESSAGES: dict[str, Draw] = {
    checkins.CHECKIN_MESSAGE: draw_checkin,
    checkins.WAITED_FOR_MESSAGE: draw_checkin_waited_for,
}
