"""Asks AWS, once a day, what it expects of the rest of the month; people are answered from what was kept."""

import logging

from bot.billing.bill import Bill
from bot.billing.cost_explorer import CostExplorer
from bot.domain.money.bill import utc_day
from bot.domain.money.opinion import Opinion
from bot.errors import Refused, ValetError, answering
from bot.services.desk import Desk
from store.money import bill as bills
from store.money import opinions

log = logging.getLogger(__name__)
NO_ROOM = "The bill itself needs all the requests that bill.requests_per_day allows; raise it, or lower looks_per_day."


def ask(desk: Desk, bill: Bill) -> None:
    """Ask, if the bill is Cost Explorer's and this UTC day has not been asked; a failure is kept for the day, too."""
    now, settings = desk.clock(), desk.settings.bill
    today, db = utc_day(now), desk.store.reading()
    # the bill itself comes first: without one there is no history that AWS could tell anything from
    if not isinstance(bill, CostExplorer) or opinions.asked(db, today) or not bills.newest(db, bill.name, ok=True):
        return
    if not settings.leaves_one:
        with desk.store.writing() as db:
            opinions.failed(db, today, now, NO_ROOM)
        log.warning("AWS is not asked for its forecast: %s", NO_ROOM)
        return

    def spend() -> None:
        with desk.store.writing() as db:
            if not bills.count_request(db, bill.name, today, settings.requests_per_day):
                raise Refused("No more paid requests are allowed today.")

    try:
        with answering(bill.name):
            found = bill.rest_of_month(now, spend)
    except ValetError as error:
        with desk.store.writing() as db:
            opinions.failed(db, today, now, str(error))
        return
    with desk.store.writing() as db:
        opinions.keep(db, today, found)


def newest(desk: Desk) -> Opinion | None:
    """What AWS expects of the rest of this month, if it was asked in it and today or yesterday."""
    found, today = opinions.newest(desk.store.reading()), utc_day(desk.clock())
    if found is None or found.last < today or (today - found.first).days > 1:
        return None
    return found
