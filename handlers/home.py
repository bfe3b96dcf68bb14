"""One person's desk: the bare command, and the home tab, drawn anew when something on it changes."""

import logging
from collections.abc import Callable, Sequence

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.domain.machines.listing import Listing
from bot.domain.sharing.bookings import BookingSlot
from bot.services import home, queries
from bot.services.context import Context
from bot.services.machines import sources
from bot.services.sharing.turns import LinePlace
from handlers import topics, troubles
from handlers.blocks import home as home_blocks
from handlers.blocks.home import MOST_PLACES
from handlers.blocks.parts import Block, Reply
from handlers.blocks.sharing import bookings as bookings_blocks
from handlers.blocks.sharing import line as line_blocks
from handlers.blocks.silence import as_they_were, not_counted
from handlers.send import LOST, error_code, patiently

log = logging.getLogger(__name__)
PERSON_GONE = frozenset({"user_not_found", "user_disabled", "users_not_found", "user_not_visible", "not_found"})
"""What Slack says of people who have no home tab any more."""


def desk_page(ctx: Context, desk: home.Desk) -> Reply:
    """What its person should see."""
    now, user = ctx.clock(), desk.person
    drawn = [topics.draw(ctx, asked.kind, asked.subject) for asked in desk.asked]
    blocks: list[Block] = [
        *home_blocks.questions([reply.blocks for reply in drawn if reply is not None]),
        *home_blocks.held(desk.held, user, now),
        *_booked(ctx, desk.slots),
        *_waited_for(ctx, desk.places, now),
        home_blocks.row_of_actions(topics.FORMS.keys()),
        *home_blocks.free(desk.free),
        *home_blocks.team_month(desk.month, not_counted(desk.silent, now)),
        *home_blocks.foot(topics.FORMS.keys(), now, as_they_were(desk.silent, now)),
        *troubles.settings_in_force(ctx, user, now),
    ]
    return Reply("Valet", blocks)


def at_a_glance(ctx: Context, user: str) -> Reply:
    """What somebody sees who types the bare command: what they hold, what waits for them, what they can have now."""
    drawn = [topics.draw(ctx, asked.kind, asked.subject) for asked in home.questions_to(ctx, user)]
    texts = [reply.text for reply in drawn if reply is not None]
    old = as_they_were(sources.unread_sources(ctx), ctx.clock())
    return home_blocks.at_a_glance(user, queries.held_by(ctx, user), texts, home.free_now(ctx, user), old)


def _booked(ctx: Context, slots: Sequence[BookingSlot]) -> list[Block]:
    """The next time of each of their bookings."""
    soonest = slots[: home_blocks.MOST_BOOKED]
    listings: dict[str, Listing | None] = {slot.id: queries.listing(ctx, slot.instance_id) for slot in soonest}
    return home_blocks.bookings_section(
        [bookings_blocks.booking_row(slot, listings[slot.id], may=True) for slot in soonest]
    )


def _waited_for(ctx: Context, found: Sequence[LinePlace], now: int) -> list[Block]:
    """Where this person stands in line."""
    places = [
        (
            place.waiter,
            queries.name_of(ctx, place.waiter.instance_id),
            line_blocks.place_in_words(place.ahead, place.turn, place.offer, now),
        )
        for place in found[:MOST_PLACES]
    ]
    return home_blocks.waited_for(line_blocks.place_rows(places) if places else [])


def opened(ctx: Context, user: str) -> Reply:
    """The desk of somebody who looks at it now, and sees its news for the next hour."""
    desk = home.Desks(ctx).of_person(user)
    reply = desk_page(ctx, desk)
    home.note_opened(ctx, user, desk.fingerprint)
    return reply


def publisher(client: WebClient, user: str) -> Callable[[Reply], object]:
    """Puts a desk before its person."""

    def publish(reply: Reply) -> None:
        view = {"type": "home", "blocks": reply.blocks}
        patiently(lambda: client.views_publish(user_id=user, view=view))

    return publish


def redraw_desks(ctx: Context, client: WebClient) -> int:
    """Draw the desks anew that have changed, of people who have looked lately and are still there; how many."""
    count = 0
    for desk in home.changed_desks(ctx):
        user = desk.person
        if not ctx.is_colleague(user):
            home.forget_desk(ctx, user)
            continue
        try:
            publisher(client, user)(desk_page(ctx, desk))
        except SlackApiError as error:
            if error_code(error) in PERSON_GONE:
                home.forget_desk(ctx, user)
                continue
            log.warning("a home tab can't be drawn anew: %s", error_code(error))
            return count
        except LOST as error:
            log.warning("a home tab can't be drawn anew: %s", type(error).__name__)
            return count
        home.note_drawn(ctx, user, desk.fingerprint)
        count += 1
    return count
