"""Minutes become hours and hours become days, in small transactions between the deliveries."""

from bot.services.desk import Desk
from store.measuring import rollups

BATCH = 100
"""Hours or days of hosts that are counted in one transaction; deliveries wait for no more than that."""


def roll_up(desk: Desk) -> int:
    """Count every hour and day that is over and waits for it; how many there were."""
    count = 0
    while done := _batch(desk):
        count += done
    with desk.store.writing() as db:
        rollups.prune(db, desk.clock())
    return count


def _batch(desk: Desk) -> int:
    with desk.store.writing() as db:
        found = rollups.due(db, desk.clock(), limit=BATCH)
        for level, start, host in found:
            rollups.roll(db, level, start, host)
    return len(found)
