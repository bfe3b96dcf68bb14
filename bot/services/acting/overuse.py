"""Fair use before a machine is paid for: what a start, launch, clone or resize would take somebody beyond.

Whoever decides on its card lets that pass, too; so once it is paid for it is claimed for whoever asked.
"""

from dataclasses import replace

from sqlite_utils import Database

from bot.domain.acting.actions import VALET, Action, StopFacts
from bot.domain.sharing.claims import Claim
from bot.services.acting.budgeted import PAID
from bot.services.desk import Desk
from bot.services.sharing import fair_use
from store import fleet, listings
from store.sharing import claims


def noted(desk: Desk, db: Database, action: Action) -> Action:
    """An action with what it would go beyond, for its card. Raises OverLimit where nobody can let that pass."""
    planned = _planned(desk, db, action)
    if planned is None or isinstance(action.facts, StopFacts):
        return action
    if desk.settings.fair_use(planned.team).at_limit == "refuse":
        fair_use.check(desk, db, planned, advice="Release something first, or ask for a smaller one.")
    said = fair_use.excess(desk, db, planned, whose=f"<@{action.requester}>")
    return replace(action, facts=replace(action.facts, beyond="; ".join(said)))


def now(desk: Desk, db: Database, action: Action) -> str | None:
    """What it goes beyond by now and somebody has to let pass; None where that is not a question."""
    planned = _planned(desk, db, action)
    if planned is None:
        return None
    is_asked = desk.settings.fair_use(planned.team).at_limit != "warn"
    return "; ".join(fair_use.excess(desk, db, planned, whose=f"<@{action.requester}>")) if is_asked else ""


def must_ask(desk: Desk, action: Action) -> bool:
    """Whether an approver has to let it pass."""
    return (
        action.paid is not None
        and bool(action.paid.beyond)
        and desk.settings.fair_use(_team(desk, action)).at_limit == "ask"
    )


def _team(desk: Desk, action: Action) -> str:
    return desk.roster().team_of(action.requester)


def _planned(desk: Desk, db: Database, action: Action) -> Claim | None:
    """The claim that comes of it; what a resize gives up for it does not count twice."""
    if action.kind not in PAID or action.requester == VALET or action.facts.rule or action.length is None:
        return None
    at, gpus = desk.clock(), tuple(range(_count(desk, db, action)))
    held = [each for each in claims.held_by(db, action.requester) if each.instance_id == action.instance_id]
    before = held[0].id if held and action.kind in {"resize", "start"} else action.id
    return Claim(
        id=before,
        instance_id=action.instance_id,
        holder=action.requester,
        from_at=at,
        until_at=at + action.length,
        gpus=gpus,
        team=_team(desk, action),
    )


def _count(desk: Desk, db: Database, action: Action) -> int:
    """How many GPUs the machine has, as far as that is known."""
    template = desk.settings.templates.get(action.template)
    row = fleet.by_id(db, action.instance_id) if action.instance_id else None
    known = template.gpu_count if template else fleet.instance_of(row).gpu_count if row else 0
    return max(1, (listings.gpus_of(db, action.facts.type) or known) if action.kind == "resize" else known)
