"""Break-glass: an approver passes their own request alone, where the team allows that; it is posted and audited."""

from bot.domain.acting.actions import Action, Kind
from bot.domain.acting.deciders import refusal_to_break_glass
from bot.domain.listing import Listing
from bot.errors import Refused
from bot.services.acting import consenting, ending, refusals
from bot.services.desk import Desk, channel_of
from store import audit, outbox
from store.acting import actions, decisions


def break_glass(desk: Desk, listing: Listing, kind: Kind, person: str, why: str) -> Action:
    """Decide on one's own pending request. All that is looked at before it is carried out stays. Raises Refused."""
    now, name = desk.clock(), listing.instance.name
    kept = refusals.kept(desk, person, f"break the glass for the {kind}", listing.instance.id)
    with kept, desk.store.writing() as db:
        action = ending.lapse(desk, db, actions.live_on(db, listing.instance.id))
        if action is None or action.kind != kind or action.state != "pending":
            raise Refused(f"No such request waits for an answer. Ask first, with `/gpu {kind} {name}`.")
        obstacle = consenting.obstacle(db, action) or refusal_to_break_glass(action, person, desk.roster())
        if obstacle:
            raise Refused(obstacle)
        if not why:
            raise Refused(f"It takes a reason, which is posted: `/gpu {kind} {name} --break-glass it blocks the demo`.")
        if not decisions.break_glass(db, action.id, person, why, now):
            raise Refused("Somebody else decided this at the same moment.")
        did = f"broke the glass for the {kind}"
        audit.add(db, now, person, did, subject=action.subject, detail=why, before="pending", after="approved")
        ref = f"break-glass:{action.id}"
        outbox.tell(db, channel_of(desk, action.team), ref, kind="break_glass", subject=action.id, now=now)
        ending.show(desk, db, action)
        passed = actions.by_id(db, action.id) or action
    desk.wake()
    return passed
