"""/gpu adopt: claim what one uses already."""

from bot.domain.sharing.claims import GpuChoice
from bot.services.sharing import using
from handlers.blocks.parts import Reply
from handlers.commands.claims import take
from handlers.commands.parse import readable
from handlers.commands.spans import span
from handlers.commands.verbs import Ask, Verb, named


def adopt(ask: Ask) -> Reply:
    """Claim the GPUs that one's own programs run on."""
    listing, rest = named(ask, "adopt")
    length, rest = span(rest, ask.asker())
    gpus = using.adoptable(ask.desk, listing, ask.user)
    return take(ask, listing, choice=GpuChoice(indexes=gpus), informed=True, span=length, note=readable(" ".join(rest)))


VERBS = (Verb("adopt", "adopt <instance> [for 8h] [note]", "Claim the GPUs that your programs run on.", adopt),)
