"""What could be had instead of a machine for which there is no capacity."""

from bot.domain.actions import Action
from bot.domain.listing import Filter, Listing
from bot.services.desk import Desk
from store import fleet, listings

MOST = 3


def to(desk: Desk, action: Action) -> list[Listing]:
    """Machines with as many GPUs of the same model: free ones first, then ones that stand still in another zone."""
    if not action.tries or action.state not in {"executing", "failed"}:
        return []
    db = desk.store.reading()
    row = fleet.by_id(db, action.instance_id)
    if row is None:
        return []
    short = fleet.instance_of(row)
    free = listings.page(db, Filter(state="idle", unclaimed=True), limit=200)
    still = [
        each
        for each in listings.page(db, Filter(state="stopped", provider="ec2"), limit=200)
        if each.instance.zone != short.zone and not each.instance.asg and each.instance.lifecycle == "on-demand"
    ]
    fit = [
        each
        for each in (*free, *still)
        if each.instance.gpu_model == short.gpu_model and each.instance.gpu_count >= short.gpu_count
    ]
    return fit[:MOST]
