"""One person's desk: the bare command, and the home tab."""

from bot.domain.acting.actions import Action
from bot.domain.acting.approvals import deciders
from bot.domain.acting.hours import hours_request_deciders
from bot.domain.machines.listing import FleetFilter, Listing
from bot.services import home, queries
from bot.services.acting import hours
from bot.services.context import Context
from bot.services.sharing import bookings, find, line
from handlers import topics, troubles
from handlers.acting import actions as actions_controller
from handlers.acting import hours as hours_controller
from handlers.blocks import home as home_blocks
from handlers.blocks.buttons import RELEASE_BUTTON
from handlers.blocks.machines import fleet as fleet_blocks
from handlers.blocks.machines import status as status_blocks
from handlers.blocks.parts import Block, Reply, actions, button, context, divider, fitting, header, section
from handlers.blocks.sharing import bookings as bookings_blocks
from handlers.blocks.sharing import line as line_blocks
from handlers.blocks.words import clock_time, esc, gpu_command

CARDS_TEXT = 7_000
HELD_TEXT = 4_000
MOST_CARDS = 10
MOST_PLACES = 5
MOST_BOOKED = 5
"""What cards and what claims may take of the text over all blocks: Slack refuses some 13,200, undocumented."""


def page(ctx: Context, user: str) -> Reply:
    """What this person should see."""
    now = ctx.clock()
    totals = queries.totals(ctx, FleetFilter())
    blocks: list[Block] = [section(f"*{status_blocks.fleet_headline(totals)}*")]
    blocks += _waiting(ctx, user)
    blocks.append(header("You hold"))
    held = queries.held_by(ctx, user)
    shown, left = fitting([_held(listing, now) for listing in held[:20]], HELD_TEXT)
    blocks += shown
    left += max(len(held) - 20, 0)
    if left:
        blocks.append(context(f"and {left} more: {gpu_command('status mine')} shows all."))
    if not held:
        blocks.append(section(f"Nothing just now. {_free(ctx, user)}"))
    blocks += _booked(ctx, user)
    blocks += _standing(ctx, user, now)
    blocks += [divider(), context(f"As of {clock_time(now)}. Open this tab again for news.")]
    blocks += troubles.settings_in_force(ctx, user, now)
    return Reply("Valet", blocks)


def at_a_glance(ctx: Context, user: str) -> Reply:
    """What somebody sees who types the bare command: what they hold, what waits for them, what they can have now."""
    held = queries.held_by(ctx, user)
    asked = [
        drawn.text for each in home.questions_to(ctx, user) if (drawn := topics.draw(ctx, each.kind, each.subject))
    ]
    return home_blocks.at_a_glance(user, held, asked, home.free_now(ctx, user))


def _held(listing: Listing, now: int) -> list[Block]:
    release = actions(button(f"Release {listing.instance.name}", RELEASE_BUTTON, listing.instance.id))
    return [section(fleet_blocks.describe_machine(listing, now)), release]


def _free(ctx: Context, user: str) -> str:
    """What they could have now, as `find` and `status free` have it."""
    ids = find.free_machines(ctx, FleetFilter(), user)
    if not ids:
        return f"Nothing is free either; {gpu_command('find 2xA100')} says what would be the next best."
    names = [f"*{esc(queries.name_of(ctx, each), 60)}*" for each in ids[:MOST_PLACES]]
    more = f" and {len(ids) - MOST_PLACES} more" if len(ids) > MOST_PLACES else ""
    return f"Free for you: {', '.join(names)}{more}; {gpu_command('status free')} shows what they cost."


def _booked(ctx: Context, user: str) -> list[Block]:
    """The next time of each of their bookings."""
    first = {slot.booking_id: slot for slot in reversed(bookings.upcoming_bookings(ctx, holder=user))}
    soonest = sorted(first.values(), key=lambda slot: slot.from_at)[:MOST_BOOKED]
    if not soonest:
        return []
    rows = [bookings_blocks.booking_row(slot, queries.listing(ctx, slot.instance_id), may=True) for slot in soonest]
    return [header("You booked"), *rows, context(f"{gpu_command('bookings mine')} shows all of them.")]


def _standing(ctx: Context, user: str, now: int) -> list[Block]:
    """Where this person stands in line."""
    places = [
        (
            each.waiter,
            queries.name_of(ctx, each.waiter.instance_id),
            line_blocks.place_in_words(each.ahead, each.turn, each.offer, now),
        )
        for each in line.places_of_person(ctx, user)[:MOST_PLACES]
    ]
    return [header("You wait for"), *line_blocks.place_rows(places)] if places else []


def _waiting(ctx: Context, user: str) -> list[Block]:
    """Cards this person may decide on, oldest first."""
    roster = ctx.roster()
    mine = [each for each in queries.pending(ctx) if user in deciders(each, roster)]
    wishes = [each for each in hours.pending_requests(ctx) if user in hours_request_deciders(each, roster)]
    drawn = [hours_controller.hours_request(ctx, each.id) for each in wishes]
    cards = [*_cards(ctx, mine), *(card.blocks for card in drawn if card)]
    if not cards:
        return []
    shown, left = fitting(cards[:MOST_CARDS], CARDS_TEXT)
    left += max(len(cards) - MOST_CARDS, 0)
    more = [context(f"and {left} more, in their teams' channels.")] if left else []
    return [header("Waits for your answer"), *shown, *more]


def _cards(ctx: Context, mine: list[Action]) -> list[list[Block]]:
    """Each card once, however many stops are on it."""
    batches = dict.fromkeys(each.batch for each in mine if each.batch)
    drawn = [actions_controller.action_card(ctx, each.id) for each in mine if not each.batch]
    drawn += [actions_controller.batch_card(ctx, batch) for batch in batches]
    return [card.blocks for card in drawn if card]
