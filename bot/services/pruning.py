"""What was only of use for a while is forgotten: offers, hints, questions, settled stops, and where old messages stand.

What was not sent, what was done (actions, claims, the audit) and what it cost stay.
"""

from bot.domain.clock import DAY
from bot.services.desk import Desk
from bot.services.sharing import clarifying
from store import outbox
from store.acting import batches, parkings
from store.money import savings
from store.sharing import clarifications

DRAFTS, HINTS, PARKINGS, POSTS = 7 * DAY, 31 * DAY, 90 * DAY, 400 * DAY
"""So long each is kept. A button of an older one says that it is old; of an older message, news are posted anew."""


def prune(desk: Desk) -> None:
    """Forget what is older; run it every hour, or less often."""
    now = desk.clock()
    with desk.store.writing() as db:
        batches.prune_drafts(db, now - DRAFTS)
        savings.prune_hints(db, now - HINTS)
        clarifications.prune(db, now - clarifying.KEPT)
        parkings.prune(db, now - PARKINGS)
        outbox.prune_posts(db, now - POSTS)
