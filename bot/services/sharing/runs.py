"""Runs: an allowed command, started on a machine its asker holds, followed to its end, ended with the claim.

On rented machines Systems Manager runs it; on owned ones the host's agent asks for work and tells what became of it.
Safe to carry out at any time and after any crash: a run is noted before it is started, and a start that was not
answered is looked for, never repeated.
"""

import secrets
from contextlib import ExitStack

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.clock import MINUTE_MS, SECOND_MS
from bot.domain.machines.fleet import Instance, is_gone
from bot.domain.machines.listing import Listing
from bot.domain.sharing.line import Waiter
from bot.domain.sharing.runs import LONGEST_REMOTE_RUN_MS, RUN_TAKEN_WITHIN_MS, Run, RunLook, RunState, RunTemplate
from bot.errors import Refused, Unreachable, answering
from bot.nearest import nearest
from bot.providers.runner import Runner
from bot.services.context import Context
from bot.services.sharing import claims, limits, line, line_offers, run_ends
from store import audit as stored_audit
from store import outbox as stored_outbox
from store.machines import fleet as stored_fleet
from store.machines import listings
from store.sharing import claims as stored_claims
from store.sharing import line as stored_line
from store.sharing import runs as stored_runs

RUN_FOUND_WITHIN_MS = 2 * MINUTE_MS
"""A start without an answer that is not found after this was never made."""


def run_templates(ctx: Context, person: str) -> list[RunTemplate]:
    """What this person may run."""
    team = ctx.roster().team_of(person)
    known = (settings.template(name) for name, settings in ctx.settings.runs.items())
    return [template for template in known if not template.teams or team in template.teams]


def begin_run(ctx: Context, person: str, template_name: str, instance_id: str, *, releases: bool = False) -> Run:
    """Queue a run on a machine this person holds; with `releases` the claim ends with it. Raises Refused."""
    template = allowed_template(ctx, person, template_name)
    if ctx.settings.actions.observe_only:
        raise Refused("Valet only observes here (observe_only in valet.toml), so it runs nothing.")
    now = ctx.clock()
    with ctx.store.writing() as db:
        listing = listings.by_id(db, instance_id)
        mine = listing.claim_of(person) if listing else None
        if listing is None or mine is None or mine.until_at <= now:
            raise Refused("You hold nothing there. Claim the machine first; a run lasts as long as its claim at most.")
        name = listing.instance.name
        if any(other.claim_id == mine.id for other in stored_runs.live_runs(db, instance_id)):
            raise Refused(f"A run of yours goes on at {name} already. Wait for its end, or cancel it.")
        if listing.instance.provider == "ec2" and ctx.runner is None:
            raise Refused("No AWS account is set up, so nothing can be run there.")
        run = Run(
            secrets.token_hex(16),
            template.name,
            template.command,
            template.user,
            instance_id,
            mine.id,
            person,
            channel=person,
            created_at=now,
            releases=releases,
        )
        stored_runs.add(db, run)
        stored_audit.add(db, now, person, "asked to run", subject=instance_id, detail=template.name)
        run_ends.show_run(db, run, now)
    ctx.wake()
    return run


def allowed_template(ctx: Context, person: str, name: str) -> RunTemplate:
    """A template that this person may run. Raises Refused with those they may."""
    known = {template.name: template for template in run_templates(ctx, person)}
    if name in known:
        return known[name]
    if not known:
        raise Refused("No run is set up for you. An admin lists commands as [runs.NAME] in valet.toml.")
    close = nearest(name, list(known)) or sorted(known)[:3]
    raise Refused(f'You can\'t run "{name[:40]}". Try {" or ".join(close)}.')


def begin_runs_in_turn(ctx: Context) -> None:
    """Whoever waited in line for a run gets their machine without being asked, and the run begins.

    Should the run be refused by then, the claim ends at once, and they are told why.
    """
    for offer_id, waiter in stored_line.offers_for_runs(ctx.store.reading()):
        if not ctx.is_colleague(waiter.person):
            line_offers.leave_all_lines(ctx, waiter.person)
            continue
        held = _held_there(ctx, offer_id, waiter.person)
        try:
            listing = line.take_offer(ctx, offer_id, waiter.person)
        except limits.OverLimit as over:
            _pass_on(ctx, offer_id, waiter, str(over))
            continue
        except Refused:
            continue  # the offer is over; the line goes on
        try:
            begin_run(ctx, waiter.person, waiter.run, listing.instance.id, releases=not held)
        except Refused as error:
            _give_back(ctx, waiter, listing, str(error), releases=not held)


def _held_there(ctx: Context, offer_id: str, person: str) -> bool:
    """Whether they hold a part of it already, which does not end with the run."""
    offer = stored_line.offer_by_id(ctx.store.reading(), offer_id)
    listing = listings.by_id(ctx.store.reading(), offer.instance_id) if offer else None
    return listing is not None and listing.claim_of(person) is not None


def _pass_on(ctx: Context, offer_id: str, waiter: Waiter, why: str) -> None:
    """Their limits do not let them have it: it goes to the next, and they are told."""
    offer = stored_line.offer_by_id(ctx.store.reading(), offer_id)
    line.pass_offer_on(ctx, offer_id, waiter.person)
    with ctx.store.writing() as db:
        _tell_refused(db, waiter, offer.instance_id if offer else "", why, ctx.clock())
    ctx.wake()


def _give_back(ctx: Context, waiter: Waiter, listing: Listing, why: str, *, releases: bool) -> None:
    with ctx.store.writing() as db:
        held = listing.claim_of(waiter.person)
        if held is not None and releases:
            claims.end_claim(ctx, db, held, "released", who=waiter.person)
        _tell_refused(db, waiter, listing.instance.id, why, ctx.clock())
    ctx.wake()


def _tell_refused(db: Database, waiter: Waiter, instance_id: str, why: str, now: int) -> None:
    subject = f"{waiter.run}|{instance_id}|{why}"
    stored_outbox.tell(db, waiter.person, f"run-refused:{waiter.id}", kind="run_refused", subject=subject, now=now)


def cancel_run(ctx: Context, run_id: str, person: str) -> Run:
    """Ask for a run's end: its asker may, and so may whoever decides for their team. Raises Refused."""
    now, roster = ctx.clock(), ctx.roster()
    with ctx.store.writing() as db:
        run = stored_runs.by_id(db, run_id)
        if run is None:
            raise Refused("That run is not known here any more.")
        if person not in {run.person} | roster.approvers(roster.team_of(run.person)) | roster.admins:
            raise Refused(f"It is {parts.person(run.person)}'s run; only they or an approver can cancel it.")
        if not stored_runs.note_cancelled(db, run_id, person):
            raise Refused("It is over, or somebody has cancelled it already.")
        stored_audit.add(db, now, person, "cancelled a run", subject=run.instance_id, detail=run.template)
        if run.state == "queued":
            run_ends.finish_run(ctx, db, run, "cancelled", RunLook("cancelled"))
        run_ends.show_run(db, run, now)
    ctx.wake()
    return run


def carry_out_runs(ctx: Context) -> None:
    """Move every live run on; one that raises leaves the others their turn."""
    with ExitStack() as turns:
        for run in reversed(stored_runs.live_runs(ctx.store.reading())):
            turns.callback(_move_on, ctx, run)


def _move_on(ctx: Context, run: Run) -> None:
    row = stored_fleet.by_id(ctx.store.reading(), run.instance_id)
    if row is None or is_gone(row["gone_at"], ctx.clock()):
        run_ends.close_run(ctx, run, "lost", RunLook("lost", outcome="The machine is gone."))
        return
    if row["gone_at"] is not None:
        return  # one look has missed it
    instance, over = stored_fleet.instance_of(row), _claim_over(ctx, run)
    if run.state == "queued" and over:
        run_ends.close_run(ctx, run, "over", RunLook("over", outcome="The claim ended before it began."))
    elif instance.provider == "owned":
        _on_owned(ctx, run, instance, over=over)
    else:
        _on_rented(ctx, run, instance, over=over)


def _claim_over(ctx: Context, run: Run) -> bool:
    held = stored_claims.by_id(ctx.store.reading(), run.claim_id)
    return held is None or held.ended_at is not None


def _on_owned(ctx: Context, run: Run, instance: Instance, *, over: bool) -> None:
    """The agent does the work; here only its silence is noticed."""
    if run.state == "queued" and ctx.clock() - run.created_at > RUN_TAKEN_WITHIN_MS:
        run_ends.close_run(
            ctx, run, "failed", RunLook("failed", outcome="No agent took it up: is it started with --allow-jobs?")
        )
    elif run.state == "running" and (why := run_ends.silent_reason(ctx, ctx.store.reading(), instance, run)):
        run_ends.lose_run(ctx, run, why)
    elif over and run.cancelled_by == "":
        with ctx.store.writing() as db:
            stored_runs.note_cancelled(db, run.id, "valet")


def _on_rented(ctx: Context, run: Run, instance: Instance, *, over: bool) -> None:
    runner = ctx.runner
    if runner is None:
        return
    try:
        with answering("Systems Manager"):
            if run.state == "queued":
                _start(ctx, run, instance)
            elif run.state == "starting":
                _find(ctx, run, instance)
            else:
                _look_at(ctx, run, instance, runner, over=over)
    except Refused as error:
        run_ends.close_run(ctx, run, "failed", RunLook("failed", outcome=str(error)))
    except Unreachable as error:  # looked at again soon
        if run_ends.is_run_unseen(run, ctx.clock()):
            run_ends.lose_run(ctx, run, str(error))


def _look_at(ctx: Context, run: Run, instance: Instance, runner: Runner, *, over: bool) -> None:
    """Look first: what has come to its end by itself is not cancelled, and is told as it ended."""
    seen = runner.look(instance, run)
    if seen.state == "running" and (why := run_ends.machine_end_reason(instance, run)):
        run_ends.close_run(ctx, run, "lost", RunLook("lost", None, seen.tail, why))
        return
    if seen.state == "running" and (over or run.cancelled_by):
        runner.cancel(instance, run)
    keep_run_look(ctx, run, seen, over=over)


def _start(ctx: Context, run: Run, instance: Instance) -> None:
    held = stored_claims.by_id(ctx.store.reading(), run.claim_id)
    now = ctx.clock()
    if held is None or ctx.runner is None or _was_sent_or_is_late(ctx, run, instance, ctx.runner):
        return
    with ctx.store.writing() as db:
        if not stored_runs.note_call(db, run.id, now):
            return
        given = run_ends.run_on_own_gpus(db, run, held)
    limit = min(LONGEST_REMOTE_RUN_MS, max(held.until_at - now, MINUTE_MS))
    _started(ctx, run, ctx.runner.start(instance, given, limit // SECOND_MS))


def _was_sent_or_is_late(ctx: Context, run: Run, instance: Instance, runner: Runner) -> bool:
    """Whether a queued run is not to be sent: a database that was put back has forgotten what was sent since."""
    is_late = ctx.clock() - run.created_at > RUN_TAKEN_WITHIN_MS
    handle = runner.find(instance, run) if is_late or run.created_at < ctx.began_at else None
    if handle is not None:
        _started(ctx, run, handle)
    elif is_late:
        late = f"It could not be started within {RUN_TAKEN_WITHIN_MS // MINUTE_MS} minutes. Nothing ran; ask again."
        run_ends.close_run(ctx, run, "failed", RunLook("failed", outcome=late))
    return handle is not None or is_late


def _find(ctx: Context, run: Run, instance: Instance) -> None:
    handle = ctx.runner.find(instance, run) if ctx.runner else None
    if handle is not None:
        _started(ctx, run, handle)
    elif ctx.clock() - (run.called_at or 0) > RUN_FOUND_WITHIN_MS:
        run_ends.close_run(
            ctx, run, "failed", RunLook("failed", outcome="It could not be started. Nothing ran; ask again.")
        )


def _started(ctx: Context, run: Run, handle: str) -> None:
    now = ctx.clock()
    with ctx.store.writing() as db:
        if stored_runs.note_start(db, run.id, handle, now):
            run_ends.show_run(db, run, now)
    ctx.wake()


def runs_for_agent(ctx: Context, host: str) -> list[tuple[Run, int]]:
    """What the agent of an owned host is to do: its live runs, each with the seconds left of its claim.

    0 seconds: it is to be ended; so is one that was lost while the host was silent.
    """
    db, now = ctx.store.reading(), ctx.clock()
    row = stored_fleet.by_id(db, host)
    if row is None or row["provider"] != "owned":
        return []  # Systems Manager runs it there: an agent that asks would start it a second time
    work = [(run, 0) for run in stored_runs.lost_runs_on(db, host, now - LONGEST_REMOTE_RUN_MS)]
    for run in stored_runs.live_runs(db, host):
        held = stored_claims.by_id(db, run.claim_id)
        if held is None or held.ended_at is not None or run.cancelled_by:
            work.append((run, 0))
        else:
            work.append((run_ends.run_on_own_gpus(db, run, held), -(-max(1, held.until_at - now) // SECOND_MS)))
    return work


def take_run_report(ctx: Context, host: str, run_id: str, seen: RunLook) -> bool:
    """What an agent tells of a run; False when it is none of that host's."""
    run = stored_runs.by_id(ctx.store.reading(), run_id)
    if run is None or run.instance_id != host:
        return False
    if run.state == "queued" and seen.state == "running":
        _started(ctx, run, "agent")
    if run.state == "lost" and seen.state != "running":
        run_ends.find_lost_run(ctx, run, seen)
    else:
        keep_run_look(ctx, run, seen, over=_claim_over(ctx, run))
    return True


def keep_run_look(ctx: Context, run: Run, seen: RunLook, *, over: bool) -> None:
    """Keep what a look at a run has shown."""
    now = ctx.clock()
    if seen.state == "running":
        if seen.tail == run.tail and now - (run.heard_at or 0) < MINUTE_MS:
            return
        with ctx.store.writing() as db:
            stored_runs.note_heard(db, run.id, now)
            if stored_runs.keep_output(db, run.id, seen.tail):
                run_ends.show_run(db, run, now)
        ctx.wake()
        return
    state: RunState = "over" if over and seen.state == "cancelled" else seen.state
    run_ends.close_run(ctx, run, state, seen)
