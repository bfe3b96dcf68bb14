"""The home tab: what waits for you, what you hold, and the fleet in one line."""

from bot.domain.actions import deciders
from bot.domain.listing import Filter, Listing
from bot.services import looking
from bot.services.desk import Desk
from handlers import ids
from handlers.blocks import approvals, fleet
from handlers.blocks.parts import Block, Reply, actions, button, context, divider, fitting, header, section
from handlers.blocks.words import clock_time

CARDS_TEXT = 7_000
HELD_TEXT = 4_000
"""What cards and what claims may take of the text over all blocks: Slack refuses some 13,200, undocumented."""


def page(desk: Desk, user: str) -> Reply:
    """What this person should see."""
    now = desk.clock()
    totals = looking.totals(desk, Filter())
    blocks: list[Block] = [section(f"*{fleet.headline(totals)}*")]
    blocks += _waiting(desk, user)
    blocks.append(header("You hold"))
    held = looking.held_by(desk, user)
    shown, left = fitting([_held(listing, now) for listing in held[:20]], HELD_TEXT)
    blocks += shown
    left += max(len(held) - 20, 0)
    if left:
        blocks.append(context(f"and {left} more: `/gpu status mine` shows all."))
    if not held:
        blocks.append(section("Nothing just now. `/gpu status free` shows what you could claim."))
    blocks += [divider(), context(f"As of {clock_time(now)}. Open this tab again for news.")]
    return Reply("Valet", blocks)


def _held(listing: Listing, now: int) -> list[Block]:
    release = actions(button(f"Release {listing.instance.name}", ids.RELEASE, listing.instance.id))
    return [section(fleet.describe(listing, now)), release]


def _waiting(desk: Desk, user: str) -> list[Block]:
    """Cards this person may decide on, oldest first."""
    roster = desk.roster()
    mine = [each for each in looking.pending(desk) if user in deciders(each, roster)]
    if not mine:
        return []
    cards = [approvals.card(each, deciders(each, roster)).blocks for each in mine[:10]]
    shown, left = fitting(cards, CARDS_TEXT)
    left += max(len(mine) - 10, 0)
    more = [context(f"and {left} more, in their teams' channels.")] if left else []
    return [header("Waits for your answer"), *shown, *more]
