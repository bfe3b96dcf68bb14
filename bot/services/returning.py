"""After an absence of Valet: which machines have not told of themselves since it runs again."""

from sqlite_utils import Database

from bot.domain.clock import MINUTE
from bot.domain.listing import Listing
from bot.services.desk import Desk
from store import fleet, listings
from store.measuring import hosts

SETTLING = 2 * MINUTE
"""After a start, until every source has been read and its word judged."""
PATIENCE = 15 * MINUTE
"""So long what speaks of all machines waits for agents that have not come back."""
HEARD_LATELY = 15 * MINUTE
"""An agent that was silent for longer before the absence is not waited for."""


def is_settled(desk: Desk, db: Database, now: int) -> bool:
    """Whether what is known is of now, or it is not worth waiting any longer."""
    if desk.absent_from is None:
        return True
    since = now - desk.began_at
    return since >= SETTLING and (since >= PATIENCE or not missing(desk, db))


def missing(desk: Desk, db: Database) -> list[Listing]:
    """Running machines whose agents told of them until Valet ended, and have not since it runs again."""
    if desk.absent_from is None:
        return []
    earliest, told = desk.absent_from - HEARD_LATELY, hosts.all_of(db)
    absent = {host for host, heard in told.items() if earliest <= heard.reported_at < desk.began_at}
    known = (listings.by_id(db, row["id"]) for row in fleet.running(db) if row["id"] in absent)
    return [each for each in known if each is not None]
