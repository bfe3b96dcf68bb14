"""What was only of use for a while is forgotten: offers, hints, questions, settled stops, and where old messages stand.

What is still to be sent, what was done (actions, claims, the audit) and what it cost stay. The outbox prunes itself:
what can't be sent at all has an end there, too.
"""

from bot.domain.clock import DAY_MS
from bot.services.context import Context
from bot.services.sharing import clarifications
from store import outbox as stored_outbox
from store.acting import batches as stored_batches
from store.acting import rule_stops as stored_rule_stops
from store.money import savings as stored_savings
from store.sharing import clarifications as stored_clarifications

DRAFTS, HINTS, PARKINGS, POSTS = 7 * DAY_MS, 31 * DAY_MS, 90 * DAY_MS, 400 * DAY_MS
"""So long each is kept. A button of an older one says that it is old; of an older message, news are posted anew."""


def prune(ctx: Context) -> None:
    """Forget what is older; run it every hour, or less often."""
    now = ctx.clock()
    with ctx.store.writing() as db:
        stored_batches.prune_drafts(db, now - DRAFTS)
        stored_savings.prune_hints(db, now - HINTS)
        stored_clarifications.prune(db, now - clarifications.CLARIFICATION_KEPT_MS)
        stored_rule_stops.prune(db, now - PARKINGS)
        stored_outbox.prune_posts(db, now - POSTS)
