"""Runs."""

from bot.services import looking
from bot.services.desk import Desk
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import running
from handlers.messages.drawing import Draw


def run(desk: Desk, run_id: str) -> Reply | None:
    """How it stands."""
    found = looking.run(desk, run_id)
    return running.standing(found, looking.name_of(desk, found.instance_id)) if found else None


def run_ended(desk: Desk, run_id: str) -> Reply | None:
    """How it ended, in its thread."""
    found = looking.run(desk, run_id)
    return running.ended(found, looking.name_of(desk, found.instance_id)) if found else None


def run_refused(desk: Desk, subject: str) -> Reply | None:
    """A run whose turn came and that could not begin; its subject is "template|instance|why"."""
    template, _, rest = subject.partition("|")
    instance_id, _, why = rest.partition("|")
    return running.refused(template, looking.name_of(desk, instance_id), why)


KINDS: dict[str, Draw] = {"run": run, "run_ended": run_ended, "run_refused": run_refused}
