"""/gpu adopt: claim what one uses already."""

from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused
from bot.services import queries
from bot.services.context import Context
from bot.services.sharing import unclaimed
from handlers import ids
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import unclaimed as unclaimed_blocks
from handlers.controller import Draw, Press, listed
from handlers.parsing.spans import claim_words
from handlers.parsing.text import readable
from handlers.sharing import claims
from handlers.sharing.claims import take
from handlers.verbs import Ask, Verb, named


def adopt(ask: Ask) -> Reply:
    """Claim the GPUs that one's own programs run on."""
    listing, rest = named(ask, "adopt")
    asked = claim_words(rest, ask.asker())
    if asked.choice is not None:
        raise Refused(
            f"Adopting takes the GPUs your programs run on. `claim {listing.instance.name} gpus:2` takes others."
        )
    gpus = unclaimed.adoptable(ask.ctx, listing, ask.user)
    return take(ask, listing, choice=GpuChoice(indexes=gpus), informed=True, span=asked.span, note=readable(asked.note))


VERBS = (Verb("adopt", "adopt <instance> [for 8h] [note]", "Claim the GPUs that your programs run on.", adopt),)


def claim_used(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[Claim GPUs 0-1 of X]: for the usual length; the value is the case."""
    case = unclaimed.asked(ctx, value, user)
    listing = listed(ctx, case.instance_id)
    choice = unclaimed.choice(case, listing)
    done = claims.take(Ask(ctx, user, channel, []), listing, choice=choice, informed=True, adds=True)
    unclaimed.look(ctx)
    return done


def not_mine(ctx: Context, user: str, channel: str, value: str) -> None:
    """[Not mine]: the outbox redraws the question."""
    unclaimed.not_mine(ctx, value, user)


BUTTONS: dict[str, Press] = {ids.CLAIM_USED: claim_used, ids.NOT_MINE: not_mine}


def squat(ctx: Context, squat_id: str) -> Reply | None:
    """The question to claim what one uses."""
    found = unclaimed.squat(ctx, squat_id)
    if found is None:
        return None
    listing = queries.listing(ctx, found.instance_id)
    whole = listing is not None and len(found.gpus) == len(listing.gpus)
    return unclaimed_blocks.question(found, queries.name_of(ctx, found.instance_id), whole=whole)


MESSAGES: dict[str, Draw] = {unclaimed.KIND: squat}
