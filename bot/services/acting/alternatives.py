"""What could be had instead of a machine for which there is no capacity."""

from bot.domain.acting.actions import Action
from bot.domain.acting.launch import LaunchTemplate
from bot.domain.machines.fleet import Instance
from bot.domain.machines.listing import FleetFilter, Listing
from bot.domain.machines.models import kind_of_model
from bot.services.context import Context
from bot.services.sharing import find
from store.machines import fleet as stored_fleet
from store.machines import listings

MOST_ALTERNATIVES = 3


def free_like(ctx: Context, template: LaunchTemplate, person: str) -> list[Listing]:
    """Machines of which a person can have as many GPUs now of the model that a template would make."""
    if not template.gpu_model or not template.gpu_count:
        return []
    return [listing for listing in _free(ctx, person, template.gpu_count) if _has(listing, template.gpu_model, 0)][
        :MOST_ALTERNATIVES
    ]


def _free(ctx: Context, person: str, count: int) -> list[Listing]:
    """What `find` says they can have now, so many GPUs on one machine."""
    ids = find.free_machines(ctx, FleetFilter(), person, least=count)
    return listings.listings_page(ctx.store.reading(), FleetFilter(ids=ids), limit=-1) if ids else []


def _has(listing: Listing, model: str, count: int) -> bool:
    return (
        kind_of_model(model).fits(listing.instance.gpu_model, listing.instance.gpu_memory_mib)
        and len(listing.unclaimed) >= count
    )


def _lacks(action: Action) -> bool:
    """It waits for capacity, or ended without."""
    return action.retry_at is not None or (action.state == "failed" and action.tries > 0)


def templates_instead(ctx: Context, action: Action) -> list[str]:
    """Names of templates that could be launched instead: those an admin lists for it, or with such GPUs for a start."""
    known = ctx.settings.templates
    if not _lacks(action):
        return []
    chosen = known.get(action.template)
    if chosen is not None:
        return [name for name in chosen.instead if name in known][:MOST_ALTERNATIVES]
    row = stored_fleet.by_id(ctx.store.reading(), action.instance_id) if action.kind == "start" else None
    if row is None:
        return []
    short, team = stored_fleet.instance_of(row), ctx.roster().team_of(action.requester)
    fitting = [name for name, template in known.items() if _would_do(template, short) and template.is_for(team)]
    return fitting[:MOST_ALTERNATIVES]


def _would_do(template: LaunchTemplate, short: Instance) -> bool:
    """It makes another type or at another place, with as many GPUs of that model."""
    other = template.type != short.type or template.source != short.source
    fits = (
        kind_of_model(short.gpu_model).fits(template.gpu_model, template.gpu_memory_mib)
        if template.gpu_model
        else False
    )
    return other and fits and template.gpu_count >= short.gpu_count


def machines_instead(ctx: Context, action: Action) -> list[Listing]:
    """Machines with as many GPUs of the same model: free ones first, then ones that stand still in another zone.

    None for a resize: what the machine was is no substitute for what it was to become.
    """
    if not _lacks(action) or action.kind == "resize":
        return []
    db, chosen = ctx.store.reading(), ctx.settings.templates.get(action.template)
    if chosen is not None:
        return free_like(ctx, chosen, action.requester)
    row = stored_fleet.by_id(db, action.instance_id)
    if row is None:
        return []
    short = stored_fleet.instance_of(row)
    free = [listing for listing in _free(ctx, action.requester, short.gpu_count) if _has(listing, short.gpu_model, 0)]
    stopped = [
        listing
        for listing in listings.listings_page(db, FleetFilter(state="stopped", provider="ec2"), limit=200)
        if _starts_elsewhere(listing.instance, short) and _has(listing, short.gpu_model, short.gpu_count)
    ]
    return [*free, *stopped][:MOST_ALTERNATIVES]


def _starts_elsewhere(instance: Instance, short: Instance) -> bool:
    """Capacity is short by zone, so one in the same would fail for the same reason."""
    return instance.zone != short.zone and not instance.asg and instance.lifecycle == "on-demand"
