"""The second half of a resize: the new machine runs, so the claim goes there, and the old one is stopped and kept.

The old one is stopped only when it is seen idle again: the reboot for its image tells nothing of what came after. It is
left running, and that is said, when it works, when somebody else has it, or when nobody can tell for too long.
"""

from dataclasses import replace

from sqlite_utils import Database

from bot.domain.acting.actions import STOP_DEADLINE, Action, ActionState, ResizeFacts
from bot.domain.acting.obstacles import Scene
from bot.domain.acting.resizing import reason_to_leave, reason_to_wait
from bot.domain.clock import HOUR
from bot.domain.fleet import Instance, is_gone
from bot.errors import Refused, Unreachable
from bot.services.acting import arriving, cloning, ending, moving, scenes, steps
from bot.services.acting.stopping import MOST_CALLS, RECALL_AFTER
from bot.services.desk import Desk
from bot.services.sharing import claim_ends
from store import audit, fleet
from store.acting import actions, makings
from store.sharing import claims, line

SPARE = HOUR
"""So much longer than an idle machine takes to be seen idle after its reboot, the old one is waited for."""


def follow(desk: Desk, action: Action) -> None:
    """As a clone until the new machine runs, and then what becomes of the old one."""
    if action.arrived_at is None:
        cloning.follow(desk, action, arrive)
    else:
        _follow_old(desk, action, action.arrived_at)


def arrive(desk: Desk, action: Action, made: Instance, outcome: str) -> None:
    """The new machine runs: it is claimed, which changes nothing when done again after a crash, and noted."""
    now, outcome = desk.clock(), arriving.claimed(desk, action, made, outcome)
    with desk.store.writing() as db:
        luggage = moving.pack(desk, db, action, made)
        outcome = " ".join(filter(None, [outcome, luggage.said(action.facts.name)]))
        if not makings.arrived(db, action, now, outcome):
            return
        moving.carry(desk, db, luggage, action, made)
        audit.add(db, now, "valet", "resize: the new machine runs", subject=action.subject, detail=made.id)
        ending.show(desk, db, action)
        if action.reboots:
            ending.tell_news(db, action, "runs", now)
        arrived = actions.by_id(db, action.id) or action
    desk.wake()
    _follow_old(desk, arrived, now)


def _follow_old(desk: Desk, action: Action, arrived_at: int) -> None:
    row = fleet.by_id(desk.store.reading(), action.instance_id)
    known, began = fleet.instance_of(row) if row else None, desk.clock()
    try:
        old = steps.provider_of(desk, known.provider, known.source).describe(known) if known else None
    except Unreachable as error:
        _give_up_late(desk, action, error)
        return
    if old is None and row is not None and not is_gone(row["gone_at"], began):
        return  # one look has missed it
    if old is None or old.state == "terminated":
        _close(desk, action, f"{action.facts.name} itself is gone.")
        return
    with desk.store.writing() as db:
        steps.save(desk, db, old, seen_at=began)
    late = desk.clock() - arrived_at > patience(action)
    if old.state == "stopped":
        _close(desk, action, f"{old.name} itself is stopped and kept.", gives_up=True)
    elif action.calls:
        _follow_stop(desk, action, old)
    elif old.state == "running":
        _stop(desk, action, old, late=late)
    elif late:
        _close(desk, action, f"{old.name} itself is still {old.state}; please look at it in AWS.")


def patience(action: Action) -> int:
    """How long the old machine is waited for."""
    idle_after = action.facts.idle_after if isinstance(action.facts, ResizeFacts) else None
    return (idle_after or 0) + SPARE


def _stop(desk: Desk, action: Action, old: Instance, *, late: bool) -> None:
    """Stop it for the first time, or again, unless something speaks against it."""
    unseen = _unseen(desk, action, old)
    with desk.store.writing() as db:
        scene = replace(scenes.now(desk, db, old), team=(fleet.by_id(db, old.id) or {}).get("team"))
        leave, wait = reason_to_leave(action, scene), _wait(desk, action, scene)
        if not leave and not wait and unseen is not None and (unheard := unseen(db)):
            if not late:
                return
            wait = unheard
        leave = leave or (wait if late or action.calls else None)
        if not leave and not wait and not action.calls and (leave := _left_to(db, action)):
            _give_up_claim(desk, db, action)
        if leave:
            _end(desk, db, action, "done", f"{old.name} itself was not stopped: {leave}")
        elif wait or not actions.mark_called(db, action.id, desk.clock(), calls=action.calls):
            return
        else:
            _give_up_claim(desk, db, action)
    desk.wake()
    if not leave:
        _call(desk, action, old)


def _unseen(desk: Desk, action: Action, old: Instance) -> steps.Wait | None:
    """Asks every source about the old machine anew, once what is stored has nothing against the stop."""
    db = desk.store.reading()
    if _wait(desk, action, scenes.now(desk, db, old)):
        return None
    return steps.looked_at(desk, action, old, since=action.called_at if action.calls else action.arrived_at)


def _left_to(db: Database, action: Action) -> str | None:
    """Who stands in the line for the old machine, and is offered it rather than that it is stopped."""
    waits = [each.person for each in line.unoffered(db, instance_id=action.instance_id)]
    others = [person for person in waits if person != action.requester]
    return f"<@{others[0]}> waits for {action.facts.name}, and is offered it." if others else None


def _wait(desk: Desk, action: Action, scene: Scene) -> str | None:
    """Why it is not stopped just now; None when it is seen idle by what was heard since the new machine runs."""
    if desk.clock() - (action.arrived_at or 0) <= desk.settings.oldest_reading(action.team):
        return "It was rebooted just before."
    return reason_to_wait(scene)


def _call(desk: Desk, action: Action, old: Instance) -> None:
    try:
        steps.provider_of(desk, old.provider, old.source).stop(old)
    except Refused as error:
        _close(desk, action, f"{old.name} itself was not stopped: {error}")
    except Unreachable:
        return  # nobody knows whether it arrived: `follow` looks at the machine itself


def _follow_stop(desk: Desk, action: Action, old: Instance) -> None:
    """What became of the call: on its way, lost (asked once more), or unclear (a person must look)."""
    since = steps.since_call(action, desk.clock())
    if old.launched_at != action.launched_at:
        _close(desk, action, f"{old.name} itself was started again meanwhile, and runs.")
    elif since > STOP_DEADLINE:
        with desk.store.writing() as db:
            _end(desk, db, action, "unknown", f"{old.name} itself is still {old.state}; please look at it in AWS.")
        desk.wake()
    elif old.state == "running" and action.calls < MOST_CALLS and since >= RECALL_AFTER:
        _stop(desk, action, old, late=False)


def _give_up_claim(desk: Desk, db: Database, action: Action) -> None:
    """Whoever asked has the new machine instead."""
    shown = action.machine.claim_ids if action.machine else ()
    for held in claims.open_on(db, action.instance_id):
        if held.holder == action.requester and held.id in shown:
            claim_ends.end(desk, db, held, "handed", who=held.holder)


def _give_up_late(desk: Desk, action: Action, error: Unreachable) -> None:
    if steps.since_call(action, desk.clock()) > patience(action) + STOP_DEADLINE:
        with desk.store.writing() as db:
            said = str(error).removesuffix(".")
            _end(desk, db, action, "unknown", f"Of {action.facts.name} itself nothing is known: {said}. Please look.")
        desk.wake()


def _close(desk: Desk, action: Action, said: str, *, gives_up: bool = False) -> None:
    with desk.store.writing() as db:
        if gives_up:
            _give_up_claim(desk, db, action)
        _end(desk, db, action, "done", said)
    desk.wake()


def _end(desk: Desk, db: Database, action: Action, state: ActionState, said: str) -> None:
    ending.end(desk, db, action, state, outcome=f"{action.outcome} {said}")
