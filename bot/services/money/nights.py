"""What would be saved if machines that run around the clock were parked in the nights in which nobody works on them.

A potential, in no forecast and no sum: it is what such nights of the last four weeks did cost, by the ledger.
"""

from datetime import datetime, time

from bot.domain.money.report import IdleNights
from bot.domain.money.spending import DAY
from bot.services.desk import Desk
from bot.services.money.books import Books
from store import listings
from store.money import sums

FROM, TO = time(20), time(8)
"""A night, in the zone of [digest]."""
NIGHTS = 28


def idle_nights(desk: Desk, books: Books) -> tuple[IdleNights, ...]:
    """The machines that run on and on, and may be stopped, with such nights; the dearest first."""
    found: dict[str, list[int]] = {}
    for number in range(1, NIGHTS + 1):
        evening = books.ledger.today - number * DAY
        start = datetime.combine(evening, FROM, books.zone).timestamp()
        end = datetime.combine(evening + DAY, TO, books.zone).timestamp()
        if end * 1000 > books.now:
            continue  # it is not over
        for each, micros in sums.idle_throughout(desk.store.reading(), int(start * 1000), int(end * 1000)).items():
            found.setdefault(each, []).append(micros)
    made = [
        IdleNights(machine.id, machine.name, len(found[machine.id]), sum(found[machine.id]))
        for machine in books.machines
        if machine.id in found and books.outlook.kinds[machine.id] == "steady" and _may_stop(desk, machine.id)
    ]
    return tuple(sorted(made, key=lambda each: (-each.micros, each.name)))


def _may_stop(desk: Desk, instance_id: str) -> bool:
    listing = listings.by_id(desk.store.reading(), instance_id)
    if listing is None or listing.instance.paid_anyway:
        return False  # what is paid all the same saves nothing
    return not (desk.exemption(listing.instance) or desk.protects(listing.instance))
