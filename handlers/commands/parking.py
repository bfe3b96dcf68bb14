"""/gpu hours and snooze: when a machine is to run, and one exception."""

import re
from dataclasses import replace

from bot.domain.acting.parking import NEVER
from bot.domain.acting.snoozes import LONGEST
from bot.domain.acting.windows import parse, read_as, text_of
from bot.domain.clock import DAY
from bot.errors import Refused
from bot.services.acting import on_hours, snoozing, wishing_hours
from bot.services.desk import channel_of
from handlers.blocks.acting import on_hours as hours_blocks
from handlers.blocks.acting import parking as blocks
from handlers.blocks.parts import Reply
from handlers.commands.lengths import bare, is_length
from handlers.commands.parse import readable
from handlers.commands.spans import timed
from handlers.commands.verbs import Ask, Verb, named


def hours(ask: Ask) -> Reply:
    """Show or set the on-hours of an instance."""
    listing, rest = named(ask, "hours")
    said = re.sub(r"\bstop only\b", "stop-only", " ".join(rest), flags=re.IGNORECASE).split()
    rest = [word for word in said if word.lower() != "stop-only"]
    stop_only = len(rest) < len(said)
    if rest and not on_hours.may_set(ask.desk, listing, ask.user):
        wish = wishing_hours.ask(ask.desk, listing, ask.user, _windows(rest), stop_only=stop_only)
        return hours_blocks.asked(wish, channel_of(ask.desk, wish.team), _read_as(rest))
    if rest:
        on_hours.set_hours(ask.desk, listing, ask.user, _windows(rest), stop_only=stop_only)
    elif stop_only:
        raise Refused(f"Which hours? Try `hours {listing.instance.name} Mon-Fri 08:00-19:00 stop-only`.")
    own = on_hours.own_hours(ask.desk, listing.instance.id)
    waiting = wishing_hours.pending(ask.desk, listing.instance.id)
    counting = on_hours.hours_of(ask.desk, listing, own)
    return hours_blocks.hours(listing, own, counting, ask.desk.clock(), waiting, _read_as(rest))


def _read_as(rest: list[str]) -> str:
    return read_as(" ".join(rest)) if _windows(rest) not in {"", NEVER} else ""


def _windows(rest: list[str]) -> str:
    word = " ".join(rest).lower()
    if word in {"never", "never-park", "never-stop", "always", "always on", "24/7", "24x7"}:
        return NEVER
    return "" if word in {"", "team", "as the team", "off", "none"} else text_of(parse(" ".join(rest)))


_END = (["end"], ["off"], ["stop"], ["cancel"], ["over"], ["clear"], ["remove"])


def snooze(ask: Ask) -> Reply:
    """Leave an instance alone for a while."""
    listing, rest = named(ask, "snooze")
    if [word.lower() for word in rest] in _END:
        return blocks.unsnoozed(listing, ask.user, snoozing.end(ask.desk, listing, ask.user), ask.desk.clock())
    _refuse_endless(listing.instance.name, rest)
    said, note = timed(["for", *rest] if is_length(rest) else rest, replace(ask.asker(), at_once=True))
    until = said.end if said.end is not None or said.length is None else ask.desk.clock() + said.length
    made = snoozing.snooze(ask.desk, listing, ask.user, until=until, reason=readable(note))
    return blocks.snoozed(listing, made)


def _refuse_endless(name: str, rest: list[str]) -> None:
    """A snooze has an end. Raises Refused."""
    if bare(" ".join(rest[:1])) in {"forever", "always", "indefinitely", "permanently"}:
        longest = f"at most {LONGEST // DAY} days, with the reason: `snooze {name} 7d the demo at the fair`"
        raise Refused(f"A snooze ends: {longest}. For good, an approver sets `hours {name} never`.")


VERBS = (
    Verb("snooze", "snooze <instance> [4h|until 22:00|end] [reason]", "Leave it alone, whatever rule says.", snooze),
    Verb("hours", "hours <instance> [Mon-Fri 08:00-19:00|never|team] [stop-only]", "When it is to run.", hours),
)
