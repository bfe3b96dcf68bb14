"""/gpu drain: keep an owned machine from new claims."""

from bot.services.acting import draining
from handlers.blocks.acting import draining as blocks
from handlers.blocks.parts import Reply
from handlers.commands.parse import readable
from handlers.commands.verbs import Ask, Verb, named


def drain(ask: Ask) -> Reply:
    """Begin a drain, or end it."""
    listing, rest = named(ask, "drain")
    if [word.lower() for word in rest] == ["end"]:
        return blocks.drained(draining.end(ask.desk, listing.instance.id, ask.user))
    return blocks.drained(draining.drain(ask.desk, listing.instance.id, ask.user, readable(" ".join(rest))))


VERBS = (
    Verb("drain", "drain <owned> [reason|end]", "Let nobody get more time on an owned machine, or end that.", drain),
)
