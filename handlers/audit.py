"""/gpu history: what was done to an instance, by whom and why."""

from bot.errors import NotFound
from bot.services import audit
from handlers import fields
from handlers.blocks import audit as audit_blocks
from handlers.blocks.parts import Reply
from handlers.verbs import Ask, Verb, named

ENTRIES_SHOWN = 12


def history(ask: Ask) -> Reply:
    """The newest entries of the audit about one instance, be it gone by now."""
    try:
        listing, _ = named(ask, "history", has_note=False)
    except NotFound:
        gone = audit.gone(ask.ctx, " ".join(ask.words)) or audit.gone(ask.ctx, ask.words[0])
        if gone is None:
            raise
        return audit_blocks.history(gone[1], "", *audit.history(ask.ctx, gone[0], limit=ENTRIES_SHOWN))
    instance = listing.instance
    return audit_blocks.history(instance.name, instance.id, *audit.history(ask.ctx, instance.id, limit=ENTRIES_SHOWN))


HISTORY_FORM = fields.which_machine_form("history", "History", "Show", history)
FORMS = (HISTORY_FORM,)
VERBS = (Verb("history", "history <instance>", "Who did what to it, when and why.", history, form=HISTORY_FORM),)
