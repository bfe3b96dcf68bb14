"""Everything that counts about an instance at this moment, for whoever weighs an action on it."""

from collections.abc import Sequence
from dataclasses import replace

from sqlite_utils import Database

from bot.domain.acting.actions import Action
from bot.domain.acting.obstacles import Scene
from bot.domain.fleet import Instance
from bot.domain.measuring.verdict import Verdict
from bot.domain.sharing.bookings import Slot
from bot.domain.sharing.claims import GRACE, Claim
from bot.services.acting import budgeted, overuse
from bot.services.desk import Desk
from bot.services.measuring import judging
from bot.services.money import pricing
from store import fleet
from store.acting import snoozes
from store.sharing import bookings, claims, line


def verdict_of(desk: Desk, db: Database, instance: Instance) -> Verdict:
    """Its verdict by readings of this moment."""
    return judging.judge_now(desk, db, instance.id, instance.gpu_count, launched_at=instance.launched_at)


def scene(desk: Desk, db: Database, instance: Instance, held: Sequence[Claim], verdict: Verdict | None = None) -> Scene:
    """An instance with the claims that hold; `verdict` where it is known already."""
    at = desk.clock()
    standing = [each for each in snoozes.lately(db, instance.id, at) if each.until_at > at]
    return Scene(
        instance,
        tuple(held),
        verdict or verdict_of(desk, db, instance),
        desk.roster(),
        desk.exemption(instance),
        desk.protects(instance),
        desk.keepers,
        switches=desk.switches(instance),
        offers=tuple(line.offers_on(db, [instance.id]).get(instance.id, ())),
        snooze=standing[-1] if standing else None,
        snoozes=tuple(standing),
        waiting=tuple(each.person for each in line.unoffered(db, instance_id=instance.id)),
        slots=tuple(bookings.ahead(db, instance_id=instance.id)),
        now=at,
    )


def next_slot(db: Database, instance_id: str) -> Slot | None:
    """The booking of an instance that begins next."""
    return next(iter(bookings.ahead(db, instance_id=instance_id)), None)


def now(desk: Desk, db: Database, instance: Instance) -> Scene:
    """As `scene`, with the claims that hold by now."""
    at = desk.clock()
    return scene(desk, db, instance, [each for each in claims.open_on(db, instance.id) if each.until_at + GRACE > at])


def of(desk: Desk, db: Database, action: Action, instance: Instance) -> Scene:
    """As `now`, with all that an action on it is compared with."""
    row, runs = fleet.by_id(db, instance.id), replace(instance, type=action.facts.type)
    # what the look has just written is of the type it is; a resize orders another
    known = fleet.rate_of(row) if row and action.kind != "resize" else pricing.rate(desk, db, runs)
    return replace(
        now(desk, db, instance),
        team=row["team"] if row else None,
        rate_micros=known.micros_per_hour if known else None,
        over=budgeted.over(desk, db, action) if action.kind in budgeted.PAID else None,
        beyond=overuse.now(desk, db, action),
    )
