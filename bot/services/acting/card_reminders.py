"""The reminders of a card, as the outbox knows them: named after the card, and edited as it is."""

from sqlite_utils import Database

from bot.services.context import Context
from store import outbox as stored_outbox

KIND = "card_reminder"


def reminder_ref(card_ref: str) -> str:
    """The name of the reminders of a card."""
    return f"reminder:{card_ref}"


def queue_reminder(db: Database, person: str, card_ref: str, subject: str, now: int) -> None:
    """Remind one person, or edit what they were reminded by."""
    stored_outbox.tell(db, person, reminder_ref(card_ref), kind=KIND, subject=f"{subject} {person}", now=now)


def edit_reminders(db: Database, card_ref: str, subject: str, now: int) -> None:
    """Bring the reminders of a card up to date that have been sent or are to be."""
    for person in stored_outbox.message_places(db, reminder_ref(card_ref)):
        queue_reminder(db, person, card_ref, subject, now)


def was_reminded(ctx: Context, card_ref: str, person: str) -> bool:
    """Whether the reminder stands in this person's messages: if not, it is not sent any more once all is decided."""
    return stored_outbox.posted_at(ctx.store.reading(), person, reminder_ref(card_ref)) is not None
