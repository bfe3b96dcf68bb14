"""What holders are told of a drain."""

from bot.services import looking
from bot.services.acting import draining
from bot.services.desk import Desk
from handlers.blocks.acting import draining as blocks
from handlers.blocks.parts import Reply
from handlers.messages.drawing import Draw


def drain(desk: Desk, drain_id: str) -> Reply | None:
    """The notice, as things stand."""
    made = draining.drain_of(desk, drain_id)
    if made is None:
        return None
    return blocks.notice(made, looking.listing(desk, made.instance_id), looking.name_of(desk, made.instance_id))


KINDS: dict[str, Draw] = {"drain": drain}
