"""Reminding holders of the end of their claims: in one message each, which later reminders and the end edit.

Slack tells nobody of an edit. The first reminder is therefore the one that a person hears, and the message itself
always says when the claim ends.
"""

from sqlite_utils import Database

from bot.domain.sharing.claims import CLAIM_GRACE_MS, Claim
from bot.domain.sharing.reminders import FIRST_REMINDER_MS, LAST_MARKS, REMINDER_MARKS, Reminder, mark_to_tell
from bot.services.context import Context
from store import outbox as stored_outbox
from store.own_settings import own_settings_of
from store.sharing import claims as stored_claims
from store.sharing import reminders as stored_reminders

REMINDER_MESSAGE = "claim_reminder"


def remind_holders(ctx: Context) -> int:
    """Tell what is due, each once; how many messages that made or changed. Late is fine, twice is not."""
    now, db = ctx.clock(), ctx.store.reading()
    if not (stored_reminders.claims_unnoted(db) or stored_reminders.claims_unclosed(db) or _due(db, now)):
        return 0
    with ctx.store.writing() as db:
        changed = [follow_claim_end(db, claim, now) for claim in stored_reminders.claims_unnoted(db)]
        changed += [_say(db, claim, mark, now) for claim, mark in _due(db, now)]
        changed += [end_reminder(db, claim, now) for claim in stored_reminders.claims_unclosed(db)]
    if any(changed):
        ctx.wake()
    return sum(changed)


def _due(db: Database, now: int) -> list[tuple[Claim, int]]:
    """Claims whose holders should hear of their end, with the mark to tell."""
    ending = [
        claim
        for claim in stored_claims.claims_ending(db, now + FIRST_REMINDER_MS)
        if now < claim.until_at + CLAIM_GRACE_MS
    ]
    pairs = [(claim, stored_reminders.reminder_of(db, claim.id)) for claim in ending]
    marks = [
        (claim, mark_to_tell(claim, known, now, _marks_of(db, claim.holder)))
        for claim, known in pairs
        if known is not None
    ]
    return [(claim, mark) for claim, mark in marks if mark is not None]


def _marks_of(db: Database, holder: str) -> tuple[int, ...]:
    """The reminders that somebody wants."""
    return LAST_MARKS if own_settings_of(db, holder).reminders == "last" else REMINDER_MARKS


def follow_claim_end(db: Database, claim: Claim, now: int) -> bool:
    """Note the end that a claim has now: reminders count from it anew. True when a message was changed for it."""
    known = stored_reminders.reminder_of(db, claim.id)
    if not stored_reminders.note_end(db, claim, now if known else claim.from_at):
        return False
    if known is None or not known.posted:
        return False
    _tell(db, claim, now)
    return True


def end_reminder(db: Database, claim: Claim, now: int) -> bool:
    """A claim has ended: its reminder says how, if there is one."""
    if not stored_reminders.close_reminder(db, claim.id):
        return False
    _tell(db, claim, now)
    return True


def _say(db: Database, claim: Claim, mark: int, now: int) -> bool:
    if not stored_reminders.note_reminder_mark(db, claim.id, mark):
        return False
    _tell(db, claim, now)
    return True


def _tell(db: Database, claim: Claim, now: int) -> None:
    stored_outbox.tell(db, claim.holder, f"claim-reminder:{claim.id}", kind=REMINDER_MESSAGE, subject=claim.id, now=now)


def find_reminder(ctx: Context, claim_id: str) -> Reminder | None:
    """What the holder of a claim was told of its end."""
    return stored_reminders.reminder_of(ctx.store.reading(), claim_id)
