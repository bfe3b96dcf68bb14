"""Asking for more than fair use allows, and deciding on it."""

from bot.domain.sharing.grants import grantors
from bot.services import queries
from bot.services.context import Context, team_channel
from bot.services.sharing import grants
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import grants as grants_blocks
from handlers.blocks.sharing.grants import GRANT_ASK_BUTTON, GRANT_NO_BUTTON, GRANT_YES_BUTTON
from handlers.controller import Draw, Press


def press_ask_grant(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Ask an approver]"""
    grant = grants.ask_grant(ctx, value, user)
    return grants_blocks.grant_asked(grant, team_channel(ctx, grant.team))


def press_let_pass(ctx: Context, user: str, channel: str, value: str) -> None:
    """[Let it pass]; the outbox redraws the card."""
    grants.decide_grant(ctx, value, user, yes=True)


def press_refuse_grant(ctx: Context, user: str, channel: str, value: str) -> None:
    """[No]"""
    grants.decide_grant(ctx, value, user, yes=False)


BUTTONS: dict[str, Press] = {
    GRANT_ASK_BUTTON: press_ask_grant,
    GRANT_YES_BUTTON: press_let_pass,
    GRANT_NO_BUTTON: press_refuse_grant,
}


def draw_grant_card(ctx: Context, grant_id: str) -> Reply | None:
    """The question, for the approvers."""
    grant = queries.grant(ctx, grant_id)
    if grant is None:
        return None
    return grants_blocks.grant_card(grant, queries.name_of(ctx, grant.instance_id), grantors(grant, ctx.roster()))


def draw_grant_ended(ctx: Context, grant_id: str) -> Reply | None:
    """The answer, for the person."""
    grant = queries.grant(ctx, grant_id)
    return grants_blocks.grant_ended(grant, queries.name_of(ctx, grant.instance_id)) if grant else None


MESSAGES: dict[str, Draw] = {"grant_card": draw_grant_card, "grant_ended": draw_grant_ended}
