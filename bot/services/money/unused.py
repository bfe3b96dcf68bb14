"""What went unused of a machine's money, by the ledger: the one place that every list, card, digest and file asks.

The ledger knows a GPU as idle from when it was judged so: the quiet time that the rule needs comes before it.
"""

from collections.abc import Mapping

from bot.domain.clock import DAY, HOUR
from bot.domain.listing import Listing
from bot.domain.money.spend_report import Spent
from bot.services.desk import Desk
from bot.services.money import summing

NONE = Spent()


def of_all(desk: Desk, start: int, end: int) -> Mapping[str, Spent]:
    """What each machine cost from one instant to another, by id, and how much of it idled, the running hour included.

    An hour of the ledger belongs to where it begins.
    """
    found: dict[str, Spent] = {}
    for each in summing.within(desk, "instance", start, end):
        found[each.key] = found.get(each.key, NONE) + Spent.of(each)
    return found


def of_machine(desk: Desk, instance_id: str, start: int, end: int) -> Spent:
    """The same of one machine."""
    told = summing.within(desk, "instance", start, end, instance_id=instance_id)
    return sum((Spent.of(each) for each in told), NONE)


def of_spell(desk: Desk, listing: Listing) -> Spent | None:
    """What a machine that idles cost since it was judged idle; None where it does not, or that is not known."""
    verdict = listing.verdict
    if not listing.running or verdict is None or verdict.since is None:
        return None
    if not (verdict.is_idle or verdict.state == "partial"):
        return None
    # A charge begins where a GPU is judged idle, so those that begin before its quiet time are of another spell.
    start = max(verdict.since, listing.instance.launched_at or 0)
    return of_machine(desk, listing.instance.id, start, desk.clock() + 1)


def day_before(now: int) -> int:
    """When the last 24 hours began: the ledger has whole hours, so the one in which they did counts."""
    return (now - DAY) // HOUR * HOUR
