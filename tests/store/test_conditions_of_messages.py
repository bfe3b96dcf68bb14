"""Each condition of the statements about messages counts: without any one of them, nothing is found or done."""

import pytest

from bot.domain.clock import HOUR_MS
from store import outbox as stored_outbox
from tests.neighbours import CHANNEL, FAR, NEAR
from tests.store.conditions import Condition, asked, hold, written

TAKEN = "UPDATE outbox SET state = 'sending' WHERE ref = 'waits-next-door'"
SENT = "UPDATE outbox SET state = 'sent'"
TELLING = [
    Condition(
        lambda db, row: stored_outbox.start(db, row["id"], FAR), (TAKEN,), look=lambda db: stored_outbox.due(db, FAR)[0]
    ),
    Condition(
        lambda db, row: stored_outbox.goes_first(db, row["id"], NEAR),
        (
            f"UPDATE outbox SET due_at = {NEAR}",
            f"UPDATE outbox SET due_at = {NEAR + stored_outbox.IN_ORDER + 1}",
            "UPDATE outbox SET attempts = 0",
            SENT,
        ),
        (f"UPDATE outbox SET attempts = 1, due_at = {NEAR + stored_outbox.IN_ORDER} WHERE state = 'waiting'",),
        lambda db: (
            stored_outbox.dead_of(db, "dead-next-door")
            and next(row for row in stored_outbox.due(db, FAR + HOUR_MS) if row["ref"] == "waits-next-door")
        ),
    ),
    Condition(asked(stored_outbox.in_flight), (SENT,), (TAKEN,)),
    Condition(asked(stored_outbox.oldest_waiting, FAR), (SENT, f"UPDATE outbox SET not_before = {FAR + 1}"), (TAKEN,)),
    *(
        Condition(
            act,
            (
                TAKEN,
                "UPDATE outbox SET kind = 'of another kind' WHERE ref = 'waits-next-door'",
                "UPDATE outbox SET subject = 'of another' WHERE ref = 'waits-next-door'",
            ),
            look=lambda db: stored_outbox.due(db, FAR)[0],
        )
        for act in (lambda db, row: stored_outbox.hold(db, row, FAR), stored_outbox.withdraw)
    ),
    Condition(
        asked(stored_outbox.release_held, CHANNEL, NEAR),
        (
            TAKEN,
            "UPDATE outbox SET not_before = NULL WHERE ref = 'waits-next-door'",
            "UPDATE outbox SET channel = 'C0' WHERE ref = 'waits-next-door'",
        ),
        (f"UPDATE outbox SET not_before = {FAR} WHERE ref = 'waits-next-door'",),
    ),
    Condition(asked(stored_outbox.next_row_due), (TAKEN,)),
    *(
        Condition(
            asked(stored_outbox.is_held_up, CHANNEL, "waits-next-door"),
            (
                "UPDATE outbox SET ref = 'x' WHERE ref = 'waits-next-door'",
                "UPDATE outbox SET channel = 'C0' WHERE ref = 'waits-next-door'",
                SENT,
                "UPDATE posts SET ref = 'waits-next-door'",
            ),
            (f"UPDATE outbox SET state = '{state}' WHERE ref = 'waits-next-door'",),
        )
        for state in ("waiting", "sending", "dead")
    ),
    Condition(
        asked(stored_outbox.was_sent, "posted-next-door", 1),
        ("UPDATE outbox SET state = 'sending' WHERE state = 'sent'",),
    ),
    Condition(
        written(stored_outbox.prune, NEAR),
        (f"UPDATE outbox SET created_at = {NEAR}", "UPDATE outbox SET state = 'sending' WHERE state = 'sent'"),
        (f"UPDATE outbox SET created_at = {NEAR - 1}",),
    ),
    Condition(
        written(stored_outbox.prune, NEAR),
        (f"UPDATE seen_events SET seen_at = {NEAR}", "UPDATE seen_events SET event_id = 'an event'"),
        (
            "DELETE FROM outbox WHERE state = 'sent'",
            f"INSERT INTO seen_events (event_id, seen_at) VALUES ('event', {NEAR - 1})",
        ),
    ),
    Condition(
        written(stored_outbox.prune_posts, FAR),
        (
            f"UPDATE posts SET ts = '{FAR // 1000}.000001'",
            "UPDATE outbox SET ref = 'posted-next-door' WHERE state = 'waiting'",
            "UPDATE outbox SET thread = 'posted-next-door' WHERE state = 'waiting'",
        ),
        ("DELETE FROM outbox WHERE state IN ('sent', 'dead')", f"UPDATE posts SET ts = '{FAR // 1000 - 1}.000001'"),
    ),
    Condition(
        written(stored_outbox.forget_events, "glance ", NEAR),
        (f"UPDATE seen_events SET seen_at = {NEAR}", "UPDATE seen_events SET event_id = 'other 1'"),
        (f"INSERT INTO seen_events (event_id, seen_at) VALUES ('glance 1', {NEAR - 1})",),
    ),
]


@pytest.mark.parametrize("condition", TELLING)
def test_without_any_one_of_its_conditions_nobody_is_told(awake, condition):
    hold(awake, condition)
