"""What is said before somebody takes what costs money while something as good stands free."""

from bot.domain.machines.listing import Listing
from bot.domain.sharing.claims import GpuChoice
from bot.services.sharing import hints
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import find as find_blocks
from handlers.parsing.lasting import TypedSpan
from handlers.verbs import Ask


def hint_first(
    ask: Ask, listing: Listing, *, choice: GpuChoice | None = None, span: TypedSpan | None = None, note: str = ""
) -> Reply | None:
    """The hint, with a button for either; None where there is nothing better, or it was said within a day."""
    span = span or TypedSpan()
    given = hints.hint_before(ask.ctx, listing, ask.user, choice=choice, length=span.length, until=span.end, note=note)
    return find_blocks.hint_reply(listing, *given, ask.ctx.clock()) if given else None
