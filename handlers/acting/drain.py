"""/gpu drain: keep an owned machine from new claims."""

from bot.services import queries
from bot.services.acting import drain as drain_service
from bot.services.context import Context
from handlers.blocks.acting import drain as drain_blocks
from handlers.blocks.acting.drain import DRAIN_END_BUTTON
from handlers.blocks.parts import Reply
from handlers.controller import Draw, Press
from handlers.parsing.text import readable
from handlers.verbs import Ask, Verb, named


def drain(ask: Ask) -> Reply:
    """Begin a drain, or end it."""
    listing, rest = named(ask, "drain")
    if [word.lower() for word in rest] == ["end"]:
        return drain_blocks.drained(drain_service.end(ask.ctx, listing.instance.id, ask.user))
    return drain_blocks.drained(drain_service.drain(ask.ctx, listing.instance.id, ask.user, readable(" ".join(rest))))


VERBS = (
    Verb("drain", "drain <owned> [reason|end]", "Let nobody get more time on an owned machine, or end that.", drain),
)


def end(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[End the drain of X]"""
    return drain_blocks.drained(drain_service.end(ctx, value, user))


BUTTONS: dict[str, Press] = {DRAIN_END_BUTTON: end}


def draw_drain(ctx: Context, drain_id: str) -> Reply | None:
    """The notice, as things stand."""
    made = drain_service.drain_of(ctx, drain_id)
    if made is None:
        return None
    return drain_blocks.notice(made, queries.listing(ctx, made.instance_id), queries.name_of(ctx, made.instance_id))


MESSAGES: dict[str, Draw] = {"drain": draw_drain}
