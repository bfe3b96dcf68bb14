"""Use without a claim."""

from bot.services import looking
from bot.services.desk import Desk
from bot.services.sharing import squatting
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import using
from handlers.messages.drawing import Draw


def squat(desk: Desk, squat_id: str) -> Reply | None:
    """The question to claim what one uses."""
    found = squatting.squat(desk, squat_id)
    if found is None:
        return None
    listing = looking.listing(desk, found.instance_id)
    whole = listing is not None and len(found.gpus) == len(listing.gpus)
    return using.question(found, looking.name_of(desk, found.instance_id), whole=whole)


KINDS: dict[str, Draw] = {squatting.KIND: squat}
