"""/gpu drain: keep an owned machine from new claims."""

from bot.services import queries
from bot.services.acting import drain as drain_service
from bot.services.context import Desk
from handlers import ids
from handlers.blocks.acting import drain as drain_blocks
from handlers.blocks.parts import Reply
from handlers.controller import Draw, Press
from handlers.parsing.text import readable
from handlers.verbs import Ask, Verb, named


def drain(ask: Ask) -> Reply:
    """Begin a drain, or end it."""
    listing, rest = named(ask, "drain")
    if [word.lower() for word in rest] == ["end"]:
        return drain_blocks.drained(drain_service.end(ask.desk, listing.instance.id, ask.user))
    return drain_blocks.drained(drain_service.drain(ask.desk, listing.instance.id, ask.user, readable(" ".join(rest))))


VERBS = (
    Verb("drain", "drain <owned> [reason|end]", "Let nobody get more time on an owned machine, or end that.", drain),
)


def end(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[End the drain of X]"""
    return drain_blocks.drained(drain_service.end(desk, value, user))


BUTTONS: dict[str, Press] = {ids.DRAIN_END: end}


def draw_drain(desk: Desk, drain_id: str) -> Reply | None:
    """The notice, as things stand."""
    made = drain_service.drain_of(desk, drain_id)
    if made is None:
        return None
    return drain_blocks.notice(made, queries.listing(desk, made.instance_id), queries.name_of(desk, made.instance_id))


MESSAGES: dict[str, Draw] = {"drain": draw_drain}
