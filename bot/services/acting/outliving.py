"""What becomes of a launched machine when its time is over: whoever has it is told, and its stop is asked for."""

from bot.domain.acting.actions import VALET, Action
from bot.domain.acting.caps import Capped
from bot.domain.clock import DAY
from bot.errors import Refused
from bot.services.acting import asking
from bot.services.desk import Desk
from store import outbox
from store.acting import makings

KIND = "launch_over"


def ask_about_over(desk: Desk) -> None:
    """Ask, once a day, about every launched machine whose time is over and that runs on unclaimed."""
    now = desk.clock()
    for action in makings.over(desk.store.reading(), now, now - DAY):
        try:
            why = _ask(desk, action)
        except Capped:
            continue  # asked about when others are decided
        with desk.store.writing() as db:
            makings.mark_over(db, action.id, now)
            subject = f"{action.id} {why}"
            ref = f"{KIND}:{action.id}:{now}"
            outbox.tell(db, action.requester, ref, kind=KIND, subject=subject, now=now)
        desk.wake()


def _ask(desk: Desk, action: Action) -> str:
    """Ask the approvers whether to stop it; why not, where it works or nobody can tell."""
    try:
        asking.ask_to_stop(
            desk, action.made_id, VALET, reason="The time it was launched for is over.", owner=action.requester
        )
    except Capped:
        raise
    except Refused as refusal:
        return str(refusal)
    return ""
