"""The home tab: what waits for you, what you hold, and the fleet in one line."""

from bot.domain.actions import deciders
from bot.domain.listing import Filter
from bot.services import looking
from bot.services.desk import Desk
from handlers import ids
from handlers.blocks import approvals, fleet
from handlers.blocks.parts import Block, Reply, actions, button, context, divider, header, section
from handlers.blocks.words import clock_time


def page(desk: Desk, user: str) -> Reply:
    """What this person should see."""
    now, roster = desk.clock(), desk.roster()
    _, totals = looking.page(desk, Filter(), limit=1)
    blocks: list[Block] = [section(f"*{fleet.headline(totals)}*")]
    waiting = [each for each in looking.pending(desk) if user in deciders(each, roster)]
    if waiting:
        blocks.append(header("Waits for your answer"))
    for action in waiting[:10]:
        blocks += approvals.card(action, deciders(action, roster)).blocks
    blocks.append(header("You hold"))
    held = looking.held_by(desk, user)
    for listing in held[:20]:
        release = actions(button(f"Release {listing.instance.name}", ids.RELEASE, listing.instance.id))
        blocks += [section(fleet.describe(listing, now)), release]
    if not held:
        blocks.append(section("Nothing just now. `/gpu status free` shows what you could claim."))
    blocks += [divider(), context(f"As of {clock_time(now)}. Open this tab again for news.")]
    return Reply("Valet", blocks)
