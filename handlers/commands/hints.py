"""What is said before somebody takes what costs money while something as good stands free."""

from bot.domain.listing import Listing
from bot.domain.sharing.claims import GpuChoice
from bot.services.sharing import hinting
from handlers.blocks import hints as blocks
from handlers.blocks.parts import Reply
from handlers.commands.spans import Span
from handlers.commands.verbs import Ask


def before(
    ask: Ask, listing: Listing, *, choice: GpuChoice | None = None, span: Span | None = None, note: str = ""
) -> Reply | None:
    """The hint, with a button for either; None where there is nothing better, or it was said within a day."""
    span = span or Span()
    given = hinting.hint(ask.desk, listing, ask.user, choice=choice, length=span.length, until=span.end, note=note)
    return blocks.hint(listing, *given, ask.desk.clock()) if given else None
