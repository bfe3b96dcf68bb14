"""Reminding holders of the end of their claims: in one message each, which later reminders and the end edit.

Slack tells nobody of an edit. The first reminder is therefore the one that a person hears, and the message itself
always says when the claim ends.
"""

from sqlite_utils import Database

from bot.domain.sharing.claims import GRACE, Claim
from bot.domain.sharing.reminders import FIRST, Reminder, due
from bot.services.context import Context
from store import outbox as stored_outbox
from store.sharing import claims as stored_claims
from store.sharing import reminders as stored_reminders

KIND = "claim_reminder"


def remind(ctx: Context) -> int:
    """Tell what is due, each once; how many messages that made or changed. Late is fine, twice is not."""
    now, db = ctx.clock(), ctx.store.reading()
    if not (stored_reminders.unnoted(db) or stored_reminders.unclosed(db) or _due(db, now)):
        return 0
    with ctx.store.writing() as db:
        told = [follow(db, each, now) for each in stored_reminders.unnoted(db)]
        told += [_say(db, each, mark, now) for each, mark in _due(db, now)]
        told += [over(db, each, now) for each in stored_reminders.unclosed(db)]
    if any(told):
        ctx.wake()
    return sum(told)


def _due(db: Database, now: int) -> list[tuple[Claim, int]]:
    """Claims whose holders should hear of their end, with the mark to tell."""
    ending = [each for each in stored_claims.ending(db, now + FIRST) if now < each.until_at + GRACE]
    pairs = [(each, stored_reminders.of(db, each.id)) for each in ending]
    marks = [(each, due(each, known, now)) for each, known in pairs if known is not None]
    return [(each, mark) for each, mark in marks if mark is not None]


def follow(db: Database, claim: Claim, now: int) -> bool:
    """Note the end that a claim has now: reminders count from it anew. True when a message was changed for it."""
    known = stored_reminders.of(db, claim.id)
    if not stored_reminders.note(db, claim, now if known else claim.from_at):
        return False
    if known is None or not known.posted:
        return False
    _tell(db, claim, now)
    return True


def over(db: Database, claim: Claim, now: int) -> bool:
    """A claim has ended: its reminder says how, if there is one."""
    if not stored_reminders.close(db, claim.id):
        return False
    _tell(db, claim, now)
    return True


def _say(db: Database, claim: Claim, mark: int, now: int) -> bool:
    if not stored_reminders.say(db, claim.id, mark):
        return False
    _tell(db, claim, now)
    return True


def _tell(db: Database, claim: Claim, now: int) -> None:
    stored_outbox.tell(db, claim.holder, f"claim-reminder:{claim.id}", kind=KIND, subject=claim.id, now=now)


def reminder(ctx: Context, claim_id: str) -> Reminder | None:
    """What the holder of a claim was told of its end."""
    return stored_reminders.of(ctx.store.reading(), claim_id)
