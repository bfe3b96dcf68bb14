"""The end of runs: written once, told in their thread, and with it the end of a claim that was made for one."""

from dataclasses import replace

from sqlite_utils import Database

from bot.domain.clock import MINUTE_MS
from bot.domain.machines.fleet import Instance
from bot.domain.sharing.claims import Claim
from bot.domain.sharing.runs import RUN_SILENT_MS, RUN_UNSEEN_MS, Run, RunLook, RunState, command_for_gpus
from bot.services.context import Context
from bot.services.machines import owned
from bot.services.sharing import claims
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.machines import fleet as stored_fleet
from store.machines import readings as stored_readings
from store.sharing import claims as stored_claims
from store.sharing import runs as stored_runs


def close_run(ctx: Context, run: Run, state: RunState, seen: RunLook) -> None:
    """End a run."""
    with ctx.store.writing() as db:
        finish_run(ctx, db, run, state, seen)
    ctx.wake()


def finish_run(ctx: Context, db: Database, run: Run, state: RunState, seen: RunLook) -> None:
    """End a run, and the claim that was made for it, and tell its asker; nothing where it has ended already."""
    if _ended(ctx, db, run, state, seen):
        _release(ctx, db, run)


def lose_run(ctx: Context, run: Run, why: str) -> None:
    """Give a run up of which nobody hears. It may go on, so a claim that was made for it stays until its end."""
    stays = " The claim that was made for it stays until its end." if run.releases else ""
    with ctx.store.writing() as db:
        _ended(ctx, db, run, "lost", RunLook("lost", outcome=f"{why}{stays}"))
    ctx.wake()


def find_lost_run(ctx: Context, run: Run, seen: RunLook) -> None:
    """The host of a run that was given up is back and tells that it has ended, and maybe how."""
    now = ctx.clock()
    with ctx.store.writing() as db:
        if seen.state == "done" and stored_runs.note_run_found(db, run.id, seen, now):
            stored_audit.add(db, now, "valet", "run done", subject=run.instance_id, detail=run.template)
            tell_run_end(db, run, now)
        _release(ctx, db, run)
    ctx.wake()


def _ended(ctx: Context, db: Database, run: Run, state: RunState, seen: RunLook) -> bool:
    now = ctx.clock()
    if not stored_runs.end_run(db, run.id, state, seen, now):
        return False
    stored_audit.add(db, now, "valet", f"run {state}", subject=run.instance_id, detail=run.template)
    tell_run_end(db, run, now)
    return True


def _release(ctx: Context, db: Database, run: Run) -> None:
    held = stored_claims.by_id(db, run.claim_id) if run.releases else None
    if held is not None:
        claims.end_claim(ctx, db, held, "released", who=run.person)


def tell_run_end(db: Database, run: Run, now: int) -> None:
    """Tell how it ended, in the thread of the run."""
    show_run(db, run, now)
    thread = f"run:{run.id}"
    stored_outbox.tell(db, run.channel, f"run-end:{run.id}", kind="run_ended", subject=run.id, now=now, thread=thread)


def show_run(db: Database, run: Run, now: int) -> None:
    """Bring its message up to date."""
    stored_outbox.tell(db, run.channel, f"run:{run.id}", kind="run", subject=run.id, now=now)


def run_on_own_gpus(db: Database, run: Run, held: Claim) -> Run:
    """The run with its command as it is to be given: in a part of a machine it is told which part."""
    row = stored_fleet.by_id(db, run.instance_id)
    if row is None or set(held.gpus) >= set(range(row["gpu_count"])):
        return run
    known = stored_readings.gpu_rows(db, run.instance_id)
    uuids = [str(known[gpu]["uuid"]) if gpu in known else "" for gpu in held.gpus]
    return replace(run, command=command_for_gpus(run.command, held.gpus, uuids))


def machine_end_reason(instance: Instance, run: Run) -> str:
    """Why a run can't go on there, by what its provider says of the machine; empty where it may."""
    if instance.state == "stopped":
        return f"{instance.name} is stopped."
    began = run.started_at or run.created_at
    return f"{instance.name} was started again meanwhile." if (instance.launched_at or 0) > began else ""


def is_run_unseen(run: Run, now: int) -> bool:
    """Whether no look has shown a run for so long that it is lost."""
    return now - _heard(run) > RUN_UNSEEN_MS


def silent_reason(ctx: Context, db: Database, instance: Instance, run: Run) -> str:
    """Why a run on an owned machine is lost: its agent tells neither of it nor of the machine; empty where it does."""
    heard = max(_heard(run), owned.last_report_at(db, instance.id) or 0)
    if ctx.clock() - heard <= RUN_SILENT_MS:
        return ""
    return f"The agent of {instance.name} has told nothing for {RUN_SILENT_MS // MINUTE_MS} minutes."


def _heard(run: Run) -> int:
    return max(run.heard_at or 0, run.started_at or run.created_at)
