"""/gpu adopt: claim what one uses already."""

from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused
from bot.services.sharing import using
from handlers.blocks.parts import Reply
from handlers.commands.claims import take
from handlers.commands.parse import readable
from handlers.commands.spans import claim_words
from handlers.commands.verbs import Ask, Verb, named


def adopt(ask: Ask) -> Reply:
    """Claim the GPUs that one's own programs run on."""
    listing, rest = named(ask, "adopt")
    asked = claim_words(rest, ask.asker())
    if asked.choice is not None:
        raise Refused(
            f"Adopting takes the GPUs your programs run on. `claim {listing.instance.name} gpus:2` takes others."
        )
    gpus = using.adoptable(ask.desk, listing, ask.user)
    return take(ask, listing, choice=GpuChoice(indexes=gpus), informed=True, span=asked.span, note=readable(asked.note))


VERBS = (Verb("adopt", "adopt <instance> [for 8h] [note]", "Claim the GPUs that your programs run on.", adopt),)
