"""The end of runs: written once, told in their thread, and with it the end of a claim that was made for one."""

from sqlite_utils import Database

from bot.domain.sharing.runs import Run, RunState, Seen
from bot.services.desk import Desk
from bot.services.sharing import claim_ends
from store import audit, outbox
from store.sharing import claims, runs


def close(desk: Desk, run: Run, state: RunState, seen: Seen) -> None:
    """End a run."""
    with desk.store.writing() as db:
        finish(desk, db, run, state, seen)
    desk.wake()


def finish(desk: Desk, db: Database, run: Run, state: RunState, seen: Seen) -> None:
    """End a run, and the claim that was made for it, and tell its asker; nothing where it has ended already."""
    if _ended(desk, db, run, state, seen):
        _release(desk, db, run)


def lose(desk: Desk, run: Run, why: str) -> None:
    """Give a run up of which nobody hears. It may go on, so a claim that was made for it stays until its end."""
    stays = " The claim that was made for it stays until its end." if run.releases else ""
    with desk.store.writing() as db:
        _ended(desk, db, run, "lost", Seen("lost", outcome=f"{why}{stays}"))
    desk.wake()


def find(desk: Desk, run: Run, seen: Seen) -> None:
    """The host of a run that was given up is back and tells that it has ended, and maybe how."""
    now = desk.clock()
    with desk.store.writing() as db:
        if seen.state == "done" and runs.found(db, run.id, seen, now):
            audit.add(db, now, "valet", "run done", subject=run.instance_id, detail=run.template)
            tell_end(db, run, now)
        _release(desk, db, run)
    desk.wake()


def _ended(desk: Desk, db: Database, run: Run, state: RunState, seen: Seen) -> bool:
    now = desk.clock()
    if not runs.finish(db, run.id, state, seen, now):
        return False
    audit.add(db, now, "valet", f"run {state}", subject=run.instance_id, detail=run.template)
    tell_end(db, run, now)
    return True


def _release(desk: Desk, db: Database, run: Run) -> None:
    held = claims.by_id(db, run.claim_id) if run.releases else None
    if held is not None:
        claim_ends.end(desk, db, held, "released", who=run.person)


def tell_end(db: Database, run: Run, now: int) -> None:
    """Tell how it ended, in the thread of the run."""
    show(db, run, now)
    thread = f"run:{run.id}"
    outbox.tell(db, run.channel, f"run-end:{run.id}", kind="run_ended", subject=run.id, now=now, thread=thread)


def show(db: Database, run: Run, now: int) -> None:
    """Bring its message up to date."""
    outbox.tell(db, run.channel, f"run:{run.id}", kind="run", subject=run.id, now=now)
