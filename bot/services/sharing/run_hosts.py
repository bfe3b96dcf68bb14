"""Where runs go on: in which part of a machine, and whether that machine can still be heard."""

from dataclasses import replace

from sqlite_utils import Database

from bot.domain.clock import MINUTE
from bot.domain.fleet import Instance
from bot.domain.sharing.claims import Claim
from bot.domain.sharing.runs import SILENT, UNSEEN, Run, in_part
from bot.services.acting import retiring
from bot.services.desk import Desk
from store import fleet
from store.measuring import minutes


def in_its_part(db: Database, run: Run, held: Claim) -> Run:
    """The run with its command as it is to be given: in a part of a machine it is told which part."""
    row = fleet.by_id(db, run.instance_id)
    if row is None or set(held.gpus) >= set(range(row["gpu_count"])):
        return run
    known = minutes.gpu_rows(db, run.instance_id)
    uuids = [str(known[gpu]["uuid"]) if gpu in known else "" for gpu in held.gpus]
    return replace(run, command=in_part(run.command, held.gpus, uuids))


def ended_by(instance: Instance, run: Run) -> str:
    """Why a run can't go on there, by what its provider says of the machine; empty where it may."""
    if instance.state == "stopped":
        return f"{instance.name} is stopped."
    began = run.started_at or run.created_at
    return f"{instance.name} was started again meanwhile." if (instance.launched_at or 0) > began else ""


def is_unseen(run: Run, now: int) -> bool:
    """Whether no look has shown a run for so long that it is lost."""
    return now - _heard(run) > UNSEEN


def silent(desk: Desk, db: Database, instance: Instance, run: Run) -> str:
    """Why a run on an owned machine is lost: its agent tells neither of it nor of the machine; empty where it does."""
    heard = max(_heard(run), retiring.last_heard(db, instance.id) or 0)
    if desk.clock() - heard <= SILENT:
        return ""
    return f"The agent of {instance.name} has told nothing for {SILENT // MINUTE} minutes."


def _heard(run: Run) -> int:
    return max(run.heard_at or 0, run.started_at or run.created_at)
