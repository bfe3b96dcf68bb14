"""Answering a hint: taking what stands free, or going on as planned."""

from bot.domain.sharing.claims import GpuChoice
from bot.services.desk import Desk
from bot.services.sharing import hinting
from handlers import ids
from handlers.actions.pressing import Press, listed
from handlers.blocks.parts import Reply
from handlers.commands import acting, claims, launches
from handlers.commands.moments import Moment
from handlers.commands.spans import Span
from handlers.commands.verbs import Ask


def instead(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Claim X instead]"""
    given = hinting.given(desk, value, user)
    listing = listed(desk, given.better_id)
    choice = GpuChoice(count=given.count) if given.count < len(listing.gpus) else GpuChoice()
    ask, span = Ask(desk, user, channel, []), _span(given.length, given.until)
    reply = claims.take(ask, listing, choice=choice, span=span, note=given.note, informed=True, adds=True)
    hinting.count(desk, given)
    return reply


def anyway(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Claim X anyway], [Start X anyway], [Launch T anyway]"""
    given = hinting.given(desk, value, user)
    ask, span = Ask(desk, user, channel, []), _span(given.length, given.until)
    if given.avoided == "launch":
        return launches.ask_launch(ask, given.subject, span, note=given.note, anyway=True)
    listing = listed(desk, given.subject)
    if given.avoided == "start":
        return acting.ask_start(ask, listing, span, note=given.note, anyway=True)
    return claims.take(ask, listing, choice=given.choice, span=span, note=given.note, informed=True)


def _span(length: int | None, until: int | None) -> Span:
    return Span(length) if until is None else Span(until=Moment(until))


PRESSES: dict[str, Press] = {ids.TAKE_INSTEAD: instead, ids.GO_ON_ANYWAY: anyway}
