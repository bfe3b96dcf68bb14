"""Owned machines that an admin's command switches off: only the silence of their agent tells that they are off."""

from dataclasses import replace

from bot.domain.clock import MINUTE
from bot.services.acting import steps
from bot.services.desk import Desk
from store import fleet
from store.acting import actions
from store.measuring import minutes

SILENT = 3 * MINUTE
"""An agent reports every minute; after this long without a word, and the command for it, the machine is off."""


def look(desk: Desk) -> None:
    """Note the owned machines that have fallen silent since their power command was run."""
    now = desk.clock()
    for action in actions.in_state(desk.store.reading(), "executing"):
        with desk.store.writing() as db:
            row = fleet.by_id(db, action.instance_id) if action.kind == "stop" else None
            if row is None or row["provider"] != "owned" or row["state"] != "running" or action.called_at is None:
                continue
            heard = minutes.last_of(db, action.instance_id) or 0
            if row["launched_at"] == action.launched_at and now - max(heard, action.called_at) >= SILENT:
                instance = fleet.instance_of(row)
                stopped = replace(instance, state="stopped", stopped_at=heard or action.called_at)
                steps.save(desk, db, stopped, seen_at=now)
