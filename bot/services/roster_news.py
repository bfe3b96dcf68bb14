"""What has changed about who decides, without anybody having changed the settings: told to the admins, once each."""

import logging
from collections.abc import Mapping

from bot.services.desk import Desk
from store import outbox

KIND = "roster"
PREFIX = "roster "
log = logging.getLogger(__name__)


def tell(desk: Desk, troubles: Mapping[str, str]) -> None:
    """Tell of each trouble that was not there before, by its key; one that is over can be told again."""
    told = outbox.events(desk.store.reading(), PREFIX)
    fresh = {key: sentence for key, sentence in troubles.items() if PREFIX + key not in told}
    over = [event for event in told if event.removeprefix(PREFIX) not in troubles]
    if not fresh and not over:
        return
    now, admins = desk.clock(), sorted(desk.roster().admins)
    with desk.store.writing() as db:
        for event in over:
            outbox.forget_event(db, event)
        for key, sentence in sorted(fresh.items()):
            log.error("%s", sentence)
            outbox.new_event(db, PREFIX + key, now)
            for admin in admins:
                outbox.tell(db, admin, f"{KIND}:{key}:{now}", kind=KIND, subject=sentence, now=now)
    desk.wake()
