"""The outbox: every channel gets its turn, and what was not sent stays."""

import pytest

from store import outbox as stored_outbox
from store.sql import many, rows

NOW = 1_790_000_000_000
DAY = 86_400_000


def told(store, channel: str, ref: str, at: int = NOW) -> None:
    with store.writing() as db:
        stored_outbox.tell(db, channel, ref, kind="action_card", subject=ref, now=at)


def due(store, now: int = NOW, limit: int = 1_000) -> list[tuple[str, str]]:
    return [(row["channel"], row["ref"]) for row in stored_outbox.due(store.reading(), now, limit=limit)]


def taken(store, channel: str, now: int = NOW) -> dict:
    """The oldest message of a channel, as it is being sent."""
    with store.writing() as db:
        row = next(row for row in stored_outbox.due(db, now) if row["channel"] == channel)
        assert stored_outbox.start(db, row["id"], now)
    return row


def test_three_thousand_messages_of_one_channel_hold_up_no_card_of_another(store):
    with store.writing() as db:
        sql = "INSERT INTO outbox (channel, ref, kind, subject, due_at, created_at) VALUES ('C0ALL', ?, 'x', 'x', ?, ?)"
        many(db, sql, ((f"flood:{number}", NOW, NOW) for number in range(3_000)))
    told(store, "C0TEAM", "action:1")
    told(store, "C0TEAM", "action:2")

    assert due(store)[:5] == [
        *(("C0ALL", "flood:0"), ("C0TEAM", "action:1"), ("C0ALL", "flood:1"), ("C0TEAM", "action:2")),
        ("C0ALL", "flood:2"),
    ]
    assert len(due(store)) == 1_000


def test_a_channel_keeps_its_order_and_gets_nothing_while_one_of_it_is_sent(store):
    for number in range(3):
        told(store, "C0TEAM", f"action:{number}")
    told(store, "C0ALL", "notice")
    row = taken(store, "C0TEAM")
    assert due(store) == [("C0ALL", "notice")]

    with store.writing() as db:
        stored_outbox.retry(db, row, NOW + 1_000, "ratelimited")
    assert due(store) == [("C0ALL", "notice")], "what comes after it waits, as it is soon tried again"

    assert due(store, NOW + 1_000)[:2] == [("C0TEAM", "action:0"), ("C0ALL", "notice")]


def test_only_what_was_sent_is_ever_pruned(store):
    for number in range(4):
        told(store, f"C{number}", "message")
    sent, sending, dead = (taken(store, f"C{number}") for number in range(3))
    with store.writing() as db:
        stored_outbox.sent(db, sent, "C0", "1.0")
        stored_outbox.bury(db, dead, "channel_not_found")
        stored_outbox.prune(db, NOW + 365 * DAY)

    left = rows(store.reading(), "SELECT channel, state FROM outbox ORDER BY id")
    assert [(row["channel"], row["state"]) for row in left] == [
        (sending["channel"], "sending"),
        (dead["channel"], "dead"),
        ("C3", "waiting"),
    ]
    assert stored_outbox.is_posted(store.reading(), "message"), "a later edit finds its message"


def test_one_that_fails_while_newer_news_of_it_waits_gives_way_to_that(store):
    told(store, "C0TEAM", "action:1")
    told(store, "C0ALL", "action:1")
    row = taken(store, "C0TEAM")
    told(store, "C0TEAM", "action:1")

    with store.writing() as db:
        stored_outbox.retry(db, row, NOW + 5_000, "no answer")

    assert due(store) == [("C0ALL", "action:1")]
    assert due(store, NOW + 5_000) == [("C0ALL", "action:1"), ("C0TEAM", "action:1")]


@pytest.mark.parametrize("again", ["retried", "buried", "revived"])
def test_news_of_a_message_that_failed_never_break_its_one_row(store, again):
    told(store, "C0TEAM", "action:1")
    row = taken(store, "C0TEAM")
    told(store, "C0TEAM", "action:1")

    with store.writing() as db:
        if again == "retried":
            stored_outbox.retry(db, row, NOW, "no answer")
        else:
            stored_outbox.bury(db, row, "is_archived")
        if again == "revived":
            stored_outbox.revive(db, "C0TEAM", "is_archived", NOW)

    assert due(store) == [("C0TEAM", "action:1")]
