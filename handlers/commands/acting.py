"""/gpu stop: what is done to machines, after somebody else said yes."""

from bot.domain.listing import Listing
from bot.services import acting, desk
from handlers.blocks import approvals
from handlers.blocks.parts import Reply
from handlers.commands.parse import readable
from handlers.commands.verbs import Ask, Verb, named


def stop(ask: Ask) -> Reply:
    """Ask somebody else whether to stop an instance."""
    listing, rest = named(ask, "stop")
    return ask_stop(ask, listing, reason=readable(" ".join(rest)))


def ask_stop(ask: Ask, listing: Listing, *, reason: str = "") -> Reply:
    """Put the question; asked twice, it is the same card."""
    before = ask.desk.clock()
    action = acting.ask_to_stop(ask.desk, listing.instance.id, ask.user, reason=reason)
    again = action.created_at < before or action.requester != ask.user
    return approvals.asked(action, desk.channel_of(ask.desk, action.team), again=again)


VERBS = (Verb("stop", "stop <instance> [reason]", "Ask an approver to stop an idle instance.", stop),)
