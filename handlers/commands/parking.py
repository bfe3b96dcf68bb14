"""/gpu hours and snooze: when a machine is to run, and one exception."""

from bot.domain.acting.parking import NEVER
from bot.domain.acting.windows import parse, text_of
from bot.errors import Refused
from bot.services.acting import on_hours, snoozing, wishing_hours
from bot.services.desk import channel_of
from handlers.blocks.acting import on_hours as hours_blocks
from handlers.blocks.acting import parking as blocks
from handlers.blocks.parts import Reply
from handlers.commands.parse import readable
from handlers.commands.spans import timed
from handlers.commands.verbs import Ask, Verb, named


def hours(ask: Ask) -> Reply:
    """Show or set the on-hours of an instance."""
    listing, rest = named(ask, "hours")
    stop_only = "stop-only" in (word.lower() for word in rest)
    rest = [word for word in rest if word.lower() != "stop-only"]
    if rest and not on_hours.may_set(ask.desk, listing, ask.user):
        wish = wishing_hours.ask(ask.desk, listing, ask.user, _windows(rest), stop_only=stop_only)
        return hours_blocks.asked(wish, channel_of(ask.desk, wish.team))
    if rest:
        on_hours.set_hours(ask.desk, listing, ask.user, _windows(rest), stop_only=stop_only)
    elif stop_only:
        raise Refused(f"Which hours? Try `hours {listing.instance.name} Mon-Fri 08:00-19:00 stop-only`.")
    own = on_hours.own_hours(ask.desk, listing.instance.id)
    waiting = wishing_hours.pending(ask.desk, listing.instance.id)
    return hours_blocks.hours(listing, own, on_hours.hours_of(ask.desk, listing, own), ask.desk.clock(), waiting)


def _windows(rest: list[str]) -> str:
    word = " ".join(rest).lower()
    if word in {"never", "never-park", "never-stop"}:
        return NEVER
    return "" if word in {"team", "as the team", "off", "none"} else text_of(parse(" ".join(rest)))


def snooze(ask: Ask) -> Reply:
    """Leave an instance alone for a while."""
    listing, rest = named(ask, "snooze")
    if [word.lower() for word in rest] in (["end"], ["off"]):
        return blocks.unsnoozed(listing, ask.user, snoozing.end(ask.desk, listing, ask.user), ask.desk.clock())
    said, note = timed(rest, ask.asker())
    until = said.end if said.end is not None or said.length is None else ask.desk.clock() + said.length
    made = snoozing.snooze(ask.desk, listing, ask.user, until=until, reason=readable(note))
    return blocks.snoozed(listing, made)


VERBS = (
    Verb("snooze", "snooze <instance> [4h|until 22:00|end] [reason]", "Leave it alone, whatever rule says.", snooze),
    Verb("hours", "hours <instance> [Mon-Fri 08:00-19:00|never|team] [stop-only]", "When it is to run.", hours),
)
