"""Taking what was found."""

from bot.domain.sharing.claims import GpuChoice
from bot.services.desk import Desk
from handlers import ids
from handlers.actions.pressing import Press, listed, number
from handlers.blocks.parts import Reply
from handlers.commands import acting, claims, launches
from handlers.commands.moments import Moment
from handlers.commands.spans import Span
from handlers.commands.verbs import Ask


def claim_want(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Claim 2 GPUs of X]: the value is the instance, how many, and for how long or until when."""
    rest, _, ending = value.rpartition("|")
    instance_id, _, count = rest.rpartition("|")
    listing = listed(desk, instance_id)
    wanted = number(count)
    choice = GpuChoice(count=wanted) if wanted is not None and wanted < len(listing.gpus) else GpuChoice()
    ask = Ask(desk, user, channel, [])
    return claims.take(ask, listing, choice=choice, span=_span(ending), informed=True, adds=True)


def start_want(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Start X]: the value is the instance, and for how long or until when."""
    instance_id, _, ending = value.rpartition("|")
    return acting.ask_start(Ask(desk, user, channel, []), listed(desk, instance_id), _span(ending), anyway=True)


def launch_want(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[Ask to launch T]: the value is the template, and for how long or until when."""
    template, _, ending = value.rpartition("|")
    return launches.ask_launch(Ask(desk, user, channel, []), template, _span(ending), anyway=True)


def _span(ending: str) -> Span:
    said = number(ending[1:])
    if said is None:
        return Span()
    return Span(until=Moment(said)) if ending.startswith("u") else Span(said)


PRESSES: dict[str, Press] = {ids.CLAIM_WANT: claim_want, ids.START_WANT: start_want, ids.LAUNCH_WANT: launch_want}
