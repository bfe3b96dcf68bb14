"""Corrections of the ledger: what was charged while no price was known is priced once there is one, by rows of its own.

Run it every now and then: it works from what the ledger says, so late is fine and twice is not.
"""

from itertools import groupby

from bot.domain.money.splitting import price_correction
from bot.services.context import Context
from bot.services.money import owned_rates, rates
from store.machines import fleet as stored_fleet
from store.money import ledger as stored_ledger

CHARGES_AT_ONCE = 500
"""So many charges at a time, so that other writers wait only briefly."""


def reprice(ctx: Context) -> int:
    """Correct what has a price by now; how many charges."""
    _price_gone(ctx)
    done = 0
    while _step(ctx):
        done += 1
    return done


def _price_gone(ctx: Context) -> None:
    """A machine that is gone is seen by no look that could bring its rate, so it is asked for here."""
    db = ctx.store.reading()
    for source, group in groupby(stored_ledger.unpriced_and_gone(db), key=lambda row: str(row["source"])):
        book = rates.price_book(ctx, db, source)
        for instance in map(stored_fleet.instance_of, group):
            rate = owned_rates.owned_rate(ctx, db, instance) if instance.provider == "owned" else book.rate(instance)
            if rate is not None:
                with ctx.store.writing() as writing:
                    stored_ledger.price_gone(writing, instance.id, rate)


def _step(ctx: Context) -> int:
    if not stored_ledger.unpriced(ctx.store.reading(), 1):
        return 0
    with ctx.store.writing() as db:
        found = stored_ledger.unpriced(db, CHARGES_AT_ONCE)
        stored_ledger.add(
            db,
            [
                price_correction(
                    number, charge, rate, f"no price was known then; since then: {rate.source or 'a rate'}"
                )
                for number, charge, rate in found
            ],
        )
    return len(found)
