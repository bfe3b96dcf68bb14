"""Runs."""

from bot.services import looking
from bot.services.desk import Desk
from handlers.blocks import running
from handlers.blocks.parts import Reply
from handlers.messages.drawing import Draw


def run(desk: Desk, run_id: str) -> Reply | None:
    """How it stands."""
    found = looking.run(desk, run_id)
    return running.standing(found, looking.name_of(desk, found.instance_id)) if found else None


def run_ended(desk: Desk, run_id: str) -> Reply | None:
    """How it ended, in its thread."""
    found = looking.run(desk, run_id)
    return running.ended(found, looking.name_of(desk, found.instance_id)) if found else None


KINDS: dict[str, Draw] = {"run": run, "run_ended": run_ended}
