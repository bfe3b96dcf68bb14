"""Standing in the line, answering an offer, asking a holder and answering as one."""

from bot.domain.clock import HOUR
from bot.domain.sharing import wants
from bot.domain.sharing.claims import GpuChoice
from bot.services import looking
from bot.services.desk import Desk
from bot.services.sharing import fair_use, queueing, requesting
from handlers import ids
from handlers.actions.pressing import Press, listed, number
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import claims
from handlers.blocks.sharing import line as told
from handlers.commands import line
from handlers.commands.claims import ask_for_more, end_claim, prolong
from handlers.commands.spans import Span
from handlers.commands.verbs import Ask


def wait(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Wait in line]: the value is an instance or what is wanted; how many GPUs and how long may follow."""
    wanted, count, length = [*value.split("|"), "", ""][:3]
    ask, listing = Ask(desk, user, channel, []), looking.listing(desk, wanted)
    span = number(length)
    if listing is None:
        return line.stand(ask, None, wants.parse(wanted), length=span)
    choice = None if number(count) is None else GpuChoice(count=number(count))
    return line.stand(ask, listing, None, choice=choice, length=span)


def show(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Show the line]"""
    return line.line_of(Ask(desk, user, channel, []), listed(desk, value))


def leave(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Leave the line]"""
    return line.go(Ask(desk, user, channel, []), number(value) or 0)


def take(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Take it]"""
    try:
        return claims.claimed(queueing.take(desk, value, user), user)
    except fair_use.OverLimit as over:
        return ask_for_more(Ask(desk, user, channel, []), over, choice=GpuChoice(indexes=over.planned.gpus))


def pass_on(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Pass]"""
    waiter = queueing.pass_on(desk, value, user)
    return told.left(waiter, looking.name_of(desk, waiter.instance_id))


def request(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Ask for X]"""
    return line.ask_holder(Ask(desk, user, channel, []), value)


def grant(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Release it], on a request."""
    held = requesting.claim_of(desk, value, user)
    return end_claim(Ask(desk, user, channel, []), listed(desk, held.instance_id), held)


def extend(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Extend by 1 h], on a request."""
    held = requesting.claim_of(desk, value, user)
    return prolong(Ask(desk, user, channel, []), listed(desk, held.instance_id), Span(HOUR))


def keep(desk: Desk, user: str, channel: str, value: str) -> None:
    """[Keep it]: the outbox redraws the question."""
    requesting.keep(desk, value, user)


PRESSES: dict[str, Press] = {
    ids.WAIT: wait,
    ids.LINE: show,
    ids.LEAVE: leave,
    ids.TAKE_OFFER: take,
    ids.DECLINE_OFFER: pass_on,
    ids.REQUEST: request,
    ids.GRANT_REQUEST: grant,
    ids.EXTEND_ANYWAY: extend,
    ids.KEEP_CLAIM: keep,
}
