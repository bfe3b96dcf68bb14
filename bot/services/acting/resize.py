"""The second half of a resize: the new machine runs, so the claim goes there, and the old one is stopped and kept.

The old one is stopped only when it is seen idle again: the reboot for its image tells nothing of what came after. It is
left running, and that is said, when it works, when somebody else has it, or when nobody can tell for too long.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlite_utils import Database

from bot.domain import parts
from bot.domain.acting.actions import STOP_DEADLINE_MS, VALET, Action, ActionState, ResizeFacts
from bot.domain.acting.hours import HoursRule
from bot.domain.acting.obstacles import Scene
from bot.domain.acting.resize import reason_to_leave, reason_to_wait
from bot.domain.acting.snooze import Snooze
from bot.domain.clock import HOUR_MS
from bot.domain.machines.fleet import Instance, is_gone
from bot.domain.machines.states import in_words
from bot.domain.sharing.bookings import BookingSlot, Gap, Hold, hold_from, pick_free
from bot.domain.sharing.claims import GpuChoice
from bot.errors import Refused, Unreachable
from bot.services.acting import arrivals, clone, endings, scenes, steps
from bot.services.acting.stop import MOST_STOP_CALLS, STOP_RECALL_AFTER_MS
from bot.services.context import Context
from bot.services.sharing import claims
from store import audit as stored_audit
from store.acting import actions, makings
from store.acting import hours as stored_hours
from store.acting import snooze as stored_snooze
from store.machines import fleet as stored_fleet
from store.sharing import bookings as stored_bookings
from store.sharing import claims as stored_claims
from store.sharing import line as stored_line

SPARE_MS = HOUR_MS
"""So much longer than an idle machine takes to be seen idle after its reboot, the old one is waited for."""


def follow(ctx: Context, action: Action) -> None:
    """As a clone until the new machine runs, and then what becomes of the old one."""
    # `arrived_at` is the hinge: before it every call is about the new machine, after it only about the old one.
    if action.arrived_at is None:
        clone.follow(ctx, action, arrive_resized)
    else:
        _follow_old(ctx, action, action.arrived_at)


def arrive_resized(ctx: Context, action: Action, machine: Instance, outcome: str) -> None:
    """The new machine runs: it is claimed, which changes nothing when done again after a crash, and noted."""
    now, outcome = ctx.clock(), arrivals.claim_for_requester(ctx, action, machine, outcome)
    with ctx.store.writing() as db:
        carried = carry_over(ctx, db, action, machine)
        outcome = " ".join(filter(None, [outcome, carried.said(action.facts.name)]))
        if not makings.note_arrived(db, action, now, outcome):
            return
        move_along(ctx, db, carried, action, machine)
        stored_audit.add(db, now, "valet", "resize: the new machine runs", subject=action.subject, detail=machine.id)
        endings.show_card(ctx, db, action)
        if action.reboots:
            endings.tell_news(db, action, "runs", now)
        arrived = actions.by_id(db, action.id) or action
    ctx.wake()
    _follow_old(ctx, arrived, now)


def _follow_old(ctx: Context, action: Action, arrived_at: int) -> None:
    row = stored_fleet.by_id(ctx.store.reading(), action.instance_id)
    known, began = stored_fleet.instance_of(row) if row else None, ctx.clock()
    try:
        old = steps.provider_of(ctx, known.provider, known.source).describe(known) if known else None
    except Unreachable as error:
        _give_up_late(ctx, action, error)
        return
    if old is None and row is not None and not is_gone(row["gone_at"], began):
        return  # one look has missed it
    if old is None or old.state == "terminated":
        _close(ctx, action, f"{action.facts.name} itself is gone.")
        return
    with ctx.store.writing() as db:
        steps.save_seen(ctx, db, old, seen_at=began)
    late = ctx.clock() - arrived_at > patience(action)
    if old.state == "stopped":
        _close(ctx, action, f"{old.name} itself is stopped and kept.", gives_up=True)
    elif action.calls:
        _follow_stop(ctx, action, old)
    elif old.state == "running":
        _stop(ctx, action, old, late=late)
    elif late:
        _close(ctx, action, f"{old.name} itself is still {in_words(old.state)}; please look at it in AWS.")


def patience(action: Action) -> int:
    """How long the old machine is waited for."""
    idle_after = action.facts.idle_after if isinstance(action.facts, ResizeFacts) else None
    return (idle_after or 0) + SPARE_MS


def _stop(ctx: Context, action: Action, old: Instance, *, late: bool) -> None:
    """Stop it for the first time, or again, unless something speaks against it."""
    unseen = _unseen(ctx, action, old)
    with ctx.store.writing() as db:
        # What is for good, what passes, and what no source has told of yet; each may end it or wait another minute.
        scene = replace(scenes.scene_now(ctx, db, old), team=(stored_fleet.by_id(db, old.id) or {}).get("team"))
        leave, wait = reason_to_leave(action, scene), _wait(ctx, action, scene)
        if not leave and not wait and unseen is not None and (unheard := unseen(db)):
            if not late:
                return
            wait = unheard
        leave = leave or (wait if late or action.calls else None)
        if not leave and not wait and not action.calls and (leave := _left_to(db, action)):
            _give_up_claim(ctx, db, action)
        if leave:
            _end(ctx, db, action, "done", f"{old.name} itself was not stopped: {leave}")
        # The row before the call, by one thread only; the claim goes with it, in the same transaction.
        elif wait or not actions.mark_called(db, action.id, ctx.clock(), calls=action.calls):
            return
        else:
            _give_up_claim(ctx, db, action)
    ctx.wake()
    if not leave:
        _call(ctx, action, old)


def _unseen(ctx: Context, action: Action, old: Instance) -> steps.Wait | None:
    """Asks every source about the old machine anew, once what is stored has nothing against the stop."""
    db = ctx.store.reading()
    if _wait(ctx, action, scenes.scene_now(ctx, db, old)):
        return None
    return steps.looked_at(ctx, action, old, since=action.called_at if action.calls else action.arrived_at)


def _left_to(db: Database, action: Action) -> str | None:
    """Who stands in the line for the old machine, and is offered it rather than that it is stopped."""
    waits = [waiter.person for waiter in stored_line.waiters_unoffered(db, instance_id=action.instance_id)]
    others = [person for person in waits if person != action.requester]
    return f"{parts.person(others[0])} waits for {action.facts.name}, and is offered it." if others else None


def _wait(ctx: Context, action: Action, scene: Scene) -> str | None:
    """Why it is not stopped just now; None when it is seen idle by what was heard since the new machine runs."""
    if ctx.clock() - (action.arrived_at or 0) <= ctx.settings.oldest_reading(action.team):
        return "It was rebooted just before."
    return reason_to_wait(scene)


def _call(ctx: Context, action: Action, old: Instance) -> None:
    try:
        steps.acting_provider(ctx, old.provider, old.source).stop(old)
    except Refused as error:
        _close(ctx, action, f"{old.name} itself was not stopped: {error.sentence}")
    except Unreachable:
        return  # nobody knows whether it arrived: `follow` looks at the machine itself


def _follow_stop(ctx: Context, action: Action, old: Instance) -> None:
    """What became of the call: on its way, lost (asked once more), or unclear (a person must look)."""
    since = steps.since_call(action, ctx.clock())
    if old.launched_at != action.launched_at:
        _close(ctx, action, f"{old.name} itself was started again meanwhile, and runs.")
    elif since > STOP_DEADLINE_MS:
        with ctx.store.writing() as db:
            _end(
                ctx,
                db,
                action,
                "unknown",
                f"{old.name} itself is still {in_words(old.state)}; please look at it in AWS.",
            )
        ctx.wake()
    elif old.state == "running" and action.calls < MOST_STOP_CALLS and since >= STOP_RECALL_AFTER_MS:
        _stop(ctx, action, old, late=False)


def _give_up_claim(ctx: Context, db: Database, action: Action) -> None:
    """Whoever asked has the new machine instead."""
    shown = action.machine.claim_ids if action.machine else ()
    for held in stored_claims.open_claims_on(db, action.instance_id):
        if held.holder == action.requester and held.id in shown:
            claims.end_claim(ctx, db, held, "handed", who=held.holder)


def _give_up_late(ctx: Context, action: Action, error: Unreachable) -> None:
    if steps.since_call(action, ctx.clock()) > patience(action) + STOP_DEADLINE_MS:
        with ctx.store.writing() as db:
            why = error.sentence.removesuffix(".")
            _end(ctx, db, action, "unknown", f"Of {action.facts.name} itself nothing is known: {why}. Please look.")
        ctx.wake()


def _close(ctx: Context, action: Action, sentence: str, *, gives_up: bool = False) -> None:
    with ctx.store.writing() as db:
        if gives_up:
            _give_up_claim(ctx, db, action)
        _end(ctx, db, action, "done", sentence)
    ctx.wake()


def _end(ctx: Context, db: Database, action: Action, state: ActionState, sentence: str) -> None:
    endings.end(ctx, db, action, state, outcome=f"{action.outcome} {sentence}")


MovedSlot = tuple[BookingSlot, tuple[int, ...]]
"""One time of a booking, and the GPUs it has on the new machine."""


@dataclass(frozen=True, slots=True)
class CarryOver:
    """What goes along, and how many bookings don't fit."""

    booked: tuple[tuple[MovedSlot, ...], ...]
    """Each booking by its times."""
    unfit: int
    hours: HoursRule | None
    snoozed: tuple[Snooze, ...]

    def said(self, name: str) -> str:
        """For people; empty where there is nothing to say. `name`: of the old machine."""
        bookings_said = f"{_count(len(self.booked))} of yours" if self.booked else ""
        goes = [each for each in (self.hours and "on-hours", self.snoozed and "snooze", bookings_said) if each]
        took = f"It took over from {name}: {', '.join(goes)}." if goes else ""
        stay = f"{_count(self.unfit)} of yours did not fit and stayed with {name}: {parts.gpu('bookings mine')}."
        return " ".join(filter(None, [took, stay if self.unfit else ""]))


def _count(number: int) -> str:
    return "1 booking" if number == 1 else f"{number} bookings"


def carry_over(ctx: Context, db: Database, action: Action, machine: Instance) -> CarryOver:
    """What goes along to the machine that a resize made."""
    slots = stored_bookings.slots_ahead(db, instance_id=action.instance_id, holder=action.requester)
    taken = [hold_from(slot) for slot in stored_claims.open_claims_on(db, machine.id)]
    taken += [hold_from(slot) for slot in stored_bookings.slots_ahead(db, instance_id=machine.id)]
    moved: list[tuple[MovedSlot, ...]] = []
    ids = list(dict.fromkeys(slot.booking_id for slot in slots))
    for booking_id in ids:
        booking = _moved_slots(db, [slot for slot in slots if slot.booking_id == booking_id], machine, taken)
        if booking:
            moved.append(booking)
            taken += [replace(hold_from(slot), gpus=gpus) for slot, gpus in booking]
    rule = stored_hours.own_hours(db).get(action.instance_id)
    now = ctx.clock()
    snoozed = [snooze for snooze in stored_snooze.lately(db, action.instance_id, now) if snooze.until_at > now]
    return CarryOver(tuple(moved), len(ids) - len(moved), rule, tuple(snoozed))


def _moved_slots(
    db: Database, slots: Sequence[BookingSlot], made: Instance, taken: Sequence[Hold]
) -> tuple[MovedSlot, ...]:
    """The GPUs of the new machine for every time of a booking; none where one of them does not fit."""
    booked = stored_bookings.by_id(db, slots[0].booking_id)
    picked = [_picked(slot, booked.choice, made, taken) for slot in slots] if booked else []
    kept = tuple((slot, gpus) for slot, gpus in zip(slots, picked, strict=False) if gpus)
    return kept if len(kept) == len(slots) else ()


def _picked(slot: BookingSlot, choice: GpuChoice, made: Instance, taken: Sequence[Hold]) -> tuple[int, ...] | None:
    try:
        return pick_free(Gap(slot.holder, choice, made.gpu_count, slot.from_at, slot.until_at - slot.from_at), taken)
    except Refused:  # it has fewer GPUs
        return None


def move_along(ctx: Context, db: Database, carried: CarryOver, action: Action, machine: Instance) -> None:
    """Move it, in the transaction that notes that the new machine runs."""
    for booking in carried.booked:
        gpus_by_slot = {slot.id: gpus for slot, gpus in booking}
        stored_bookings.move_booking(db, booking[0][0].booking_id, machine.id, gpus_by_slot)
    if carried.hours:
        stored_hours.set_hours(db, replace(carried.hours, instance_id=machine.id))
    for snooze in carried.snoozed:
        stored_snooze.put_snooze(db, replace(snooze, instance_id=machine.id))
    sentence = carried.said(action.facts.name)
    if sentence:
        stored_audit.add(db, ctx.clock(), VALET, "took along", subject=machine.id, detail=sentence)
