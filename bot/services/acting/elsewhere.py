"""A card that can't be posted where it belongs goes to those who decide, in person, once; whoever asked hears of it."""

from sqlite_utils import Database

from bot.domain.acting.actions import Action
from bot.domain.acting.deciders import deciders
from bot.domain.undelivered import Lost
from bot.services.acting import ending
from bot.services.desk import Desk
from store import outbox
from store.acting import actions
from store.sql import Row

KIND = "card_elsewhere"
MOST_ASKED = 10
"""A whole group of approvers is not called by one card."""


def ask(desk: Desk, db: Database, post: Row) -> None:
    """What `post` was to show can't be posted: if nobody could decide on it elsewhere yet, ask in person."""
    found = actions.of_batch(db, post["subject"]) if post["kind"] == "batch_card" else []
    found += [action] if post["kind"] == "action_card" and (action := actions.by_id(db, post["subject"])) else []
    waiting, now = next((each for each in found if each.state == "pending"), None), desk.clock()
    if waiting is None or outbox.places(db, post["ref"]) != [post["channel"]] or outbox.is_posted(db, post["ref"]):
        return
    for person in sorted(deciders(waiting, desk.roster()))[:MOST_ASKED]:
        outbox.tell(db, person, post["ref"], kind=post["kind"], subject=post["subject"], now=now)
    outbox.tell(db, waiting.told, f"{KIND}:{post['subject']}", kind=KIND, subject=waiting.id, now=now)


def lost(desk: Desk, action: Action) -> Lost | None:
    """Where the card of a request was to be and could not; None when it stands there."""
    db, ref = desk.store.reading(), ending.card_ref(action)
    dead = outbox.dead_of(db, ref)
    if dead is None:
        return None
    people = tuple(place for place in outbox.places(db, ref) if place != dead["channel"])
    return Lost(dead["channel"], dead["error"], people)
