"""/gpu stop and start: what is done to machines, after somebody else said yes."""

from bot.domain.acting.actions import Kind
from bot.domain.listing import Listing
from bot.errors import Refused
from bot.services import desk
from bot.services.acting import asking, breaking_glass
from handlers.blocks.acting import approvals
from handlers.blocks.parts import Reply
from handlers.commands import batches, hints, launches
from handlers.commands.lengths import is_length as spells_length
from handlers.commands.moments import time_of_day
from handlers.commands.parse import readable
from handlers.commands.spans import Span, timed
from handlers.commands.verbs import Ask, Verb, named


def stop(ask: Ask) -> Reply:
    """Ask somebody else whether to stop an instance, or several."""
    if batches.is_meant(ask):
        return batches.stop_idle(ask)
    several, reason = batches.named(ask)
    _refuse_later(several[0].instance.name, reason)
    if len(several) > 1:
        ids = [each.instance.id for each in several]
        return batches.put(ask, ids, reason=readable(" ".join(reason)), named=True)
    if _breaks_glass(reason):
        return _broken(ask, several[0], "stop", reason[1:])
    return ask_stop(ask, several[0], reason=readable(" ".join(reason)))


def _refuse_later(name: str, rest: list[str]) -> None:
    """A stop for later would be put to people now, and carried out now. Raises Refused."""
    first, *more = [word.lower().rstrip(".,") for word in rest[:2]] or [""]
    is_time = (
        any(time_of_day(word) is not None for word in more) if first in {"at", "after", "from", "until"} else False
    )
    is_length = first in {"in", "for", "after"} and spells_length(rest[1:])
    if first in {"tonight", "tomorrow", "later", "until"} or is_time or is_length:
        raise Refused(
            f"A stop is asked about now, and there is none for later: say `/gpu stop {name}` then. "
            f"`/gpu hours {name} Mon-Fri 08:00-19:00` stops it every evening and starts it every morning."
        )


def ask_stop(ask: Ask, listing: Listing, *, reason: str = "") -> Reply:
    """Put the question; asked twice, it is the same card."""
    before = ask.desk.clock()
    return launches.told(ask, asking.ask_to_stop(ask.desk, listing.instance.id, ask.user, reason=reason), before)


def _breaks_glass(rest: list[str]) -> bool:
    return bool(rest) and rest[0].lower().lstrip("-\u2013\u2014") == "break-glass"  # Slack may join two hyphens


def _broken(ask: Ask, listing: Listing, kind: Kind, rest: list[str]) -> Reply:
    passed = breaking_glass.break_glass(ask.desk, listing, kind, ask.user, readable(" ".join(rest)))
    return approvals.asked(passed, desk.channel_of(ask.desk, passed.team), ask.user, again=False)


def start(ask: Ask) -> Reply:
    """Start an instance, once somebody else said yes where the team wants that."""
    listing, rest = named(ask, "start")
    if _breaks_glass(rest):
        return _broken(ask, listing, "start", rest[1:])
    wanted, note = timed(rest, ask.asker())
    return ask_start(ask, listing, wanted, note=readable(note))


def ask_start(ask: Ask, listing: Listing, wanted: Span | None = None, *, note: str = "", anyway: bool = False) -> Reply:
    """Put the question, unless something that would do stands free; asked twice, it is the same card."""
    before = ask.desk.clock()
    better = None if anyway else hints.before(ask, listing, span=wanted, note=note)
    if better is not None:
        return better
    length = _length(wanted or Span(), before)
    return launches.told(
        ask, asking.ask_to_start(ask.desk, listing.instance.id, ask.user, length=length, note=note), before
    )


def _length(wanted: Span, now: int) -> int | None:
    return wanted.length if wanted.end is None else wanted.end - now


VERBS = (
    Verb("stop", "stop <instance>... [reason]", "Ask whoever holds it, and an approver, to stop an instance.", stop),
    Verb("stop", "stop idle|free|held [team:NAME] [reason]", "Ask on one card to stop all that idle.", stop),
    Verb("start", "start <instance> [for 8h] [note]", "Start a stopped instance; yours once it is ready.", start),
    *launches.VERBS,
)
