"""/gpu history: what was done to an instance, by whom and why."""

from bot.errors import NotFound
from bot.services import auditing
from handlers.blocks import history as told
from handlers.blocks.parts import Reply
from handlers.commands.verbs import Ask, Verb, named

SHOWN = 12


def history(ask: Ask) -> Reply:
    """The newest entries of the audit about one instance, be it gone by now."""
    try:
        listing, _ = named(ask, "history", has_note=False)
    except NotFound:
        gone = auditing.gone(ask.desk, " ".join(ask.words)) or auditing.gone(ask.desk, ask.words[0])
        if gone is None:
            raise
        return told.history(gone[1], "", *auditing.history(ask.desk, gone[0], limit=SHOWN))
    instance = listing.instance
    return told.history(instance.name, instance.id, *auditing.history(ask.desk, instance.id, limit=SHOWN))


VERBS = (Verb("history", "history <instance>", "Who did what to it, when and why.", history),)
