"""/gpu calendar: the week ahead, and feeds to subscribe to."""

from bot.domain.machines.listing import Listing
from bot.errors import Refused
from bot.services.context import Context
from bot.services.sharing import calendar as calendar_service
from bot.telemetry.calendar_door import CALENDAR_PATH
from handlers.blocks.parts import Reply, plainly
from handlers.blocks.sharing import calendar as calendar_blocks
from handlers.blocks.sharing.calendar import CALENDAR_BUTTON
from handlers.blocks.words import gpu_command
from handlers.controller import Press, listed
from handlers.verbs import Ask, Verb, named, no_more


def gpu_calendar(ask: Ask) -> Reply:
    """The week ahead of one machine, or of all that are claimed or booked; or a feed."""
    if ask.words and ask.words[0].lower() == "feed":
        return manage_feed(ask, ask.words[1:])
    if ask.words:
        listing, rest = named(ask, "calendar", has_note=False)
        no_more(rest, f"calendar {listing.instance.name}")
        return calendar_of_machine(ask, listing)
    zone = ask.ctx.zone(ask.user)
    return calendar_blocks.week_of_fleet(
        calendar_service.calendar_weeks(ask.ctx, zone), ask.user, zone, ask.ctx.clock()
    )


def calendar_of_machine(ask: Ask, listing: Listing) -> Reply:
    """The week ahead of this one."""
    zone = ask.ctx.zone(ask.user)
    return calendar_blocks.week_of_machine(
        calendar_service.calendar_week(ask.ctx, listing, zone), ask.user, zone, ask.ctx.clock()
    )


def manage_feed(ask: Ask, rest: list[str]) -> Reply:
    """An address for calendars: of one's own holds, of a team's, or off."""
    if rest and rest[0].lower() == "off":
        calendar_service.unsubscribe_from_feeds(ask.ctx, ask.user)
        return plainly(f"Your calendar feeds have stopped working. {gpu_command('calendar feed')} makes a new one.")
    team_words = rest[1:] if [word.lower() for word in rest[:1]] == ["team"] else rest
    no_more(team_words[1:], "calendar feed")
    if rest and not team_words:
        raise Refused("Which team? Try `calendar feed team nlp`, with one of yours.")
    team = team_words[0].removeprefix("team:") if team_words else ""
    secret, replaced = calendar_service.subscribe_to_feed(ask.ctx, ask.user, team)
    base = ask.ctx.settings.door.url.rstrip("/")
    of = f"team {team}" if team else "what you hold"
    return calendar_blocks.feed_address(
        f"{base}{CALENDAR_PATH}/{secret}.ics", is_whole=bool(base), replaced=replaced, of=of
    )


VERBS = (
    Verb(
        "calendar",
        "calendar [<instance>|feed [team|off]]",
        "The week ahead, or an address for your own calendar.",
        gpu_calendar,
    ),
)


def press_calendar(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Calendar of X]"""
    return calendar_of_machine(Ask(ctx, user, channel, []), listed(ctx, value))


BUTTONS: dict[str, Press] = {CALENDAR_BUTTON: press_calendar}
