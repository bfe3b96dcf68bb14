"""What is told of machines without being asked."""

from bot.services import looking
from bot.services.desk import Desk
from bot.services.measuring import noticing
from handlers.blocks.measuring import notices
from handlers.blocks.parts import Reply
from handlers.messages.drawing import Draw


def notice(desk: Desk, notice_id: str) -> Reply | None:
    """An agent that is silent, a machine that went down, GPUs that are not there; its subject is its number."""
    found = noticing.notice_of(desk, int(notice_id))
    if found is None:
        return None
    name = looking.name_of(desk, found.instance_id)
    return notices.told(found, name, desk.settings.slack.gpu_command, desk.clock())


KINDS: dict[str, Draw] = {noticing.KIND: notice}
