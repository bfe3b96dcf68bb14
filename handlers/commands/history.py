"""/gpu history: what was done to an instance, by whom and why."""

from bot.services import auditing
from handlers.blocks import history as told
from handlers.blocks.parts import Reply
from handlers.commands.verbs import Ask, Verb, named

SHOWN = 12


def history(ask: Ask) -> Reply:
    """The newest entries of the audit about one instance."""
    listing, _ = named(ask, "history")
    return told.history(listing, *auditing.history(ask.desk, listing.instance.id, limit=SHOWN))


VERBS = (Verb("history", "history <instance>", "Who did what to it, when and why.", history),)
