"""What could be had instead of a machine for which there is no capacity."""

from bot.domain.acting.actions import Action
from bot.domain.acting.launches import Template
from bot.domain.listing import Filter, Listing
from bot.domain.models import like
from bot.services.desk import Desk
from store import fleet, listings

MOST = 3


def free_like(desk: Desk, template: Template) -> list[Listing]:
    """Machines that stand free and have as many GPUs of the model that a template would make."""
    if not template.gpu_model or not template.gpu_count:
        return []
    free = listings.page(desk.store.reading(), Filter(state="idle", unclaimed=True), limit=200)
    return [each for each in free if _has(each, template.gpu_model, template.gpu_count)][:MOST]


def _has(listing: Listing, model: str, count: int) -> bool:
    return (
        like(model).fits(listing.instance.gpu_model, listing.instance.gpu_memory_mib)
        and len(listing.unclaimed) >= count
    )


def _lacks(action: Action) -> bool:
    """It waits for capacity, or ended without."""
    return action.retry_at is not None or (action.state == "failed" and action.tries > 0)


def templates(desk: Desk, action: Action) -> list[str]:
    """Names of templates that admins list for a launch there is no capacity for."""
    chosen = desk.settings.templates.get(action.template)
    if chosen is None or not _lacks(action):
        return []
    return [name for name in chosen.instead if name in desk.settings.templates][:MOST]


def to(desk: Desk, action: Action) -> list[Listing]:
    """Machines with as many GPUs of the same model: free ones first, then ones that stand still in another zone."""
    if not _lacks(action):
        return []
    db, chosen = desk.store.reading(), desk.settings.templates.get(action.template)
    if chosen is not None:
        return free_like(desk, chosen)
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
    return [each for each in (*free, *still) if _has(each, short.gpu_model, short.gpu_count)][:MOST]
