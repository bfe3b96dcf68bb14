"""Half way to its end an open card reminds those who can decide, once; the reminder is edited as the card is.

What is reminded of is in the outbox, so that a restart reminds nobody twice.
"""

from collections.abc import Iterable

from sqlite_utils import Database

from bot.domain.acting.actions import Action, ResizeFacts, StopFacts
from bot.domain.acting.approvals import deciders
from bot.domain.acting.hours import HoursRequest, hours_request_deciders
from bot.services.acting import consents, endings, scenes
from bot.services.acting import hours as hours_service
from bot.services.acting.card_reminders import queue_reminder, reminder_ref
from bot.services.context import Context
from store import outbox as stored_outbox
from store.acting import actions

MOST_REMINDED = 10
"""A whole group of approvers is not called by one card."""


def remind(ctx: Context) -> None:
    """Remind of every card that half of the time is over for. Run it every minute."""
    now, db = ctx.clock(), ctx.store.reading()
    for action in actions.in_state(db, "pending"):
        if _is_half_over(ctx, action.expires_at, now) and _is_new(db, endings.card_ref(action)):
            _remind_of_action(ctx, action)
    for request in hours_service.pending_requests(ctx):
        if _is_half_over(ctx, request.expires_at, now) and _is_new(db, hours_service.request_ref(request)):
            _remind_of_hours(ctx, request)


def _is_half_over(ctx: Context, expires_at: int, now: int) -> bool:
    return expires_at - ctx.settings.answer_within // 2 <= now < expires_at


def _is_new(db: Database, card_ref: str) -> bool:
    """The card stands somewhere, and nobody was reminded of it."""
    return stored_outbox.is_posted(db, card_ref) and not stored_outbox.message_places(db, reminder_ref(card_ref))


def _remind_of_action(ctx: Context, action: Action) -> None:
    """What the machine does by now is looked at first: one that works again ends the question."""
    with ctx.store.writing() as db:
        current = actions.by_id(db, action.id)
        if current is None or current.state != "pending" or consents.obstacle(db, current):
            return
        of_machine = isinstance(current.facts, StopFacts | ResizeFacts)
        works = scenes.judge_card_anew(ctx, db, current) if of_machine else None
        if works:
            endings.end(ctx, db, current, "cancelled", outcome=works)
        else:
            able = deciders(current, ctx.roster()) - set(current.yeses)
            subject = f"batch {current.batch}" if current.batch else f"action {current.id}"
            _queue(ctx, db, endings.card_ref(current), subject, able)
            endings.show_card(ctx, db, current)
    ctx.wake()


def _remind_of_hours(ctx: Context, request: HoursRequest) -> None:
    with ctx.store.writing() as db:
        able = hours_request_deciders(request, ctx.roster())
        _queue(ctx, db, hours_service.request_ref(request), f"hours {request.id}", able)
    ctx.wake()


def _queue(ctx: Context, db: Database, card_ref: str, subject: str, people: Iterable[str]) -> None:
    for person in sorted(people)[:MOST_REMINDED]:
        queue_reminder(db, person, card_ref, subject, ctx.clock())
