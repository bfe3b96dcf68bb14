"""Messages to be posted, where they ended up, and which digests have been made.

A row names what to show (`kind`, `subject`), not the text: it is drawn when it is sent, so that several changes to
one message become one post of its newest state. `ref` is the message's lasting name in its channel; the first row
of a ref posts it, later ones edit it. `thread` is the ref of the message in whose thread it goes, in the same channel.
"""

import json
from collections.abc import Iterable
from typing import Any

from sqlite_utils import Database

from store.sql import Row, changed, one, rows

SCHEMA = (
    """CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        channel TEXT NOT NULL,
        ref TEXT NOT NULL,
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        thread TEXT NOT NULL DEFAULT '',
        state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending', 'sent', 'dead')),
        attempts INTEGER NOT NULL DEFAULT 0,
        due_at INTEGER NOT NULL,
        tried_at INTEGER,
        error TEXT NOT NULL DEFAULT '',
        created_at INTEGER NOT NULL
    ) STRICT""",
    "CREATE UNIQUE INDEX one_waiting_row ON outbox (channel, ref) WHERE state = 'waiting'",
    "CREATE INDEX outbox_due ON outbox (due_at) WHERE state IN ('waiting', 'sending')",
    "CREATE INDEX outbox_of_channel ON outbox (channel, id) WHERE state IN ('waiting', 'sending')",
    "CREATE UNIQUE INDEX one_dead_row ON outbox (channel, ref) WHERE state = 'dead'",
    "CREATE INDEX outbox_of_ref ON outbox (ref)",
    """CREATE TABLE posts (
        channel TEXT NOT NULL,
        ref TEXT NOT NULL,
        posted_channel TEXT NOT NULL,
        ts TEXT NOT NULL,
        PRIMARY KEY (channel, ref)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX posts_of_ref ON posts (ref)",
    """CREATE TABLE digests (
        channel TEXT NOT NULL,
        local_date TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (channel, local_date)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE notices (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        content TEXT NOT NULL,
        made_at INTEGER NOT NULL
    ) STRICT""",
    "CREATE TABLE seen_events (event_id TEXT PRIMARY KEY, seen_at INTEGER NOT NULL) STRICT",
)

OUTBOX_PRUNING = ("CREATE INDEX posts_by_time ON posts (CAST(ts AS INTEGER))",)
NOT_BEFORE = ("ALTER TABLE outbox ADD COLUMN not_before INTEGER",)
"""Of a message that waits for a morning, or has; NULL for every other. While it waits, `due_at` is the same instant."""
BY_STATE = ("CREATE INDEX outbox_sent ON outbox (created_at) WHERE state = 'sent'",)

_WITH_POSTS = """SELECT o.*, p.posted_channel, p.ts, t.ts AS thread_ts FROM outbox o
    LEFT JOIN posts p ON p.channel = o.channel AND p.ref = o.ref
    LEFT JOIN posts t ON t.channel = o.channel AND t.ref = o.thread"""


def tell(db: Database, channel: str, ref: str, *, kind: str, subject: str, now: int, thread: str = "") -> None:
    """Queue a message (or the newest state of one); does nothing without a channel."""
    if not channel:
        return
    changed(
        db,
        "INSERT INTO outbox (channel, ref, kind, subject, thread, due_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (channel, ref) WHERE state = 'waiting' DO UPDATE SET kind = excluded.kind, "
        "subject = excluded.subject, due_at = iif(not_before IS NULL, due_at, excluded.due_at)",
        channel,
        ref,
        kind,
        subject,
        thread,
        now,
        now,
    )


IN_ORDER = 60_000
"""So long, in ms, a message that could not be sent holds up those after it in its channel."""
_SOON = f"b.state = 'waiting' AND b.attempts > 0 AND b.due_at > ? AND b.due_at <= ? + {IN_ORDER}"


_OPEN = "state IN ('waiting', 'sending')"
"""As the index on what is open says it, so that it is used."""
_READY = f"""WITH shut AS (SELECT DISTINCT channel FROM outbox WHERE {_OPEN} AND state = 'sending'),
    soon AS (SELECT b.channel, min(b.id) AS id FROM outbox b WHERE b.{_OPEN} AND {_SOON} GROUP BY b.channel),
    ready AS (SELECT o.id, row_number() OVER (PARTITION BY o.channel ORDER BY o.id) AS place FROM outbox o
        LEFT JOIN soon ON soon.channel = o.channel WHERE o.{_OPEN} AND o.state = 'waiting' AND o.due_at <= ?
        AND (soon.id IS NULL OR o.id < soon.id) AND o.channel NOT IN (SELECT channel FROM shut))"""


def due(db: Database, now: int, limit: int = 50) -> list[Row]:
    """Rows that may be sent now; none while an older one of its channel is, or soon will be again.

    The oldest of each channel come first, then the second of each: no channel waits for all that another is to get.
    """
    found = _WITH_POSTS.replace("FROM outbox o", "FROM ready CROSS JOIN outbox o ON o.id = ready.id")
    return rows(db, f"{_READY} {found} ORDER BY ready.place, o.id LIMIT ?", now, now, now, limit)


def goes_first(db: Database, row_id: int, now: int) -> bool:
    """Whether a row that was just tried is still to be sent before later ones of its channel."""
    sql = f"SELECT 1 FROM outbox b WHERE b.id = ? AND (b.state = 'sending' OR {_SOON})"
    return one(db, sql, row_id, now, now) is not None


def hold(db: Database, row: Row, until: int) -> bool:
    """Let a message wait that was not tried yet; False when it is another by now, or on its way."""
    sql = """UPDATE outbox SET due_at = ?, not_before = ?
        WHERE id = ? AND state = 'waiting' AND kind = ? AND subject = ?"""
    return changed(db, sql, until, until, row["id"], row["kind"], row["subject"]) == 1


def release_held(db: Database, channel: str, now: int) -> int:
    """Have what waits for a morning there looked at anew; how many messages. Everywhere, without a channel."""
    sql = "UPDATE outbox SET due_at = ? WHERE not_before IS NOT NULL AND state = 'waiting'"
    return changed(db, f"{sql} AND channel = ?", now, channel) if channel else changed(db, sql, now)


def withdraw(db: Database, row: Row) -> bool:
    """Forget a message that was never tried and is not to be sent; False when it is another by now, or on its way."""
    sql = "DELETE FROM outbox WHERE id = ? AND state = 'waiting' AND kind = ? AND subject = ?"
    return changed(db, sql, row["id"], row["kind"], row["subject"]) == 1


def next_row_due(db: Database) -> int | None:
    """When the next row is due; None when nothing waits."""
    row = one(db, "SELECT min(due_at) AS at FROM outbox WHERE state = 'waiting'")
    return row["at"] if row else None


def start(db: Database, row_id: int, now: int) -> bool:
    """Take a row for sending, before the call is made; False when it was taken already."""
    sql = (
        "UPDATE outbox SET state = 'sending', tried_at = ?, attempts = attempts + 1 WHERE id = ? AND state = 'waiting'"
    )
    return changed(db, sql, now, row_id) == 1


def sent(db: Database, row: Row, posted_channel: str, ts: str) -> None:
    """It was posted there."""
    changed(db, "UPDATE outbox SET state = 'sent', error = '' WHERE id = ?", row["id"])
    changed(db, "DELETE FROM outbox WHERE channel = ? AND ref = ? AND state = 'dead'", row["channel"], row["ref"])
    changed(
        db,
        "INSERT OR REPLACE INTO posts (channel, ref, posted_channel, ts) VALUES (?, ?, ?, ?)",
        row["channel"],
        row["ref"],
        posted_channel,
        ts,
    )


def retry(db: Database, row: Row, at: int, error: str) -> None:
    """It was not posted; try again then. A newer row of the same message takes its place."""
    newer = one(
        db, "SELECT id FROM outbox WHERE channel = ? AND ref = ? AND state = 'waiting'", row["channel"], row["ref"]
    )
    if newer:
        changed(db, "DELETE FROM outbox WHERE id = ?", row["id"])
        changed(db, "UPDATE outbox SET due_at = max(due_at, ?) WHERE id = ?", at, newer["id"])
        return
    changed(db, "UPDATE outbox SET state = 'waiting', due_at = ?, error = ? WHERE id = ?", at, error, row["id"])


def bury(db: Database, row: Row, error: str) -> None:
    """It can't be posted; the row stays for people to look at. Newer news of a message that is kept joins that row."""
    sql = """UPDATE outbox SET kind = ?, subject = ?, error = ?, tried_at = (SELECT tried_at FROM outbox WHERE id = ?)
        WHERE channel = ? AND ref = ? AND state = 'dead'"""
    if changed(db, sql, row["kind"], row["subject"], error, row["id"], row["channel"], row["ref"]):
        changed(db, "DELETE FROM outbox WHERE id = ?", row["id"])
    else:
        changed(db, "UPDATE outbox SET state = 'dead', error = ? WHERE id = ?", error, row["id"])


def posted_at(db: Database, channel: str, ref: str) -> int | None:
    """Since when a message, in whatever state, is to be seen in its channel, by Slack's clock; None when it is not."""
    found = one(db, "SELECT ts FROM posts WHERE channel = ? AND ref = ?", channel, ref)
    return int(float(found["ts"]) * 1000) if found else None


def is_on_its_way(db: Database, channel: str, ref: str) -> bool:
    """Whether a message that nobody has seen is still tried to be posted."""
    return _is_unseen(db, channel, ref, "waiting", "sending")


def is_held_up(db: Database, channel: str, ref: str) -> bool:
    """Whether a message was to be posted and has not been."""
    return _is_unseen(db, channel, ref, "waiting", "sending", "dead")


def _is_unseen(db: Database, channel: str, ref: str, *states: str) -> bool:
    sql = f"SELECT 1 FROM outbox WHERE channel = ? AND ref = ? AND state IN ({', '.join('?' * len(states))})"
    return one(db, sql, channel, ref, *states) is not None and posted_at(db, channel, ref) is None


def dead(db: Database) -> list[Row]:
    """Messages that can't be posted, by place and reason, the oldest first."""
    return rows(db, f"{_WITH_POSTS} WHERE o.state = 'dead' ORDER BY o.channel, o.error, o.created_at, o.id")


def dead_of(db: Database, ref: str) -> Row | None:
    """A message of this name that can't be posted."""
    return one(db, "SELECT * FROM outbox WHERE ref = ? AND state = 'dead' ORDER BY id LIMIT 1", ref)


def message_places(db: Database, ref: str) -> list[str]:
    """Where a message of this name stands or is to."""
    found = rows(db, "SELECT channel FROM outbox WHERE ref = ? UNION SELECT channel FROM posts WHERE ref = ?", ref, ref)
    return sorted(row["channel"] for row in found)


def is_posted(db: Database, ref: str) -> bool:
    """Whether a message of this name stands anywhere."""
    return one(db, "SELECT 1 FROM posts WHERE ref = ? LIMIT 1", ref) is not None


def was_sent(db: Database, ref: str, by: int) -> bool:
    """Whether a message of this name was posted by then."""
    sql = "SELECT 1 FROM outbox WHERE ref = ? AND state = 'sent' AND tried_at <= ? LIMIT 1"
    return one(db, sql, ref, by) is not None


def revive(db: Database, channel: str, error: str, now: int) -> int:
    """Try them again at once, unless newer news of the same message is about to be tried; how many there were."""
    sql = """UPDATE OR IGNORE outbox SET state = 'waiting', due_at = ?, attempts = 0
        WHERE channel = ? AND error = ? AND state = 'dead'"""
    return changed(db, sql, now, channel, error) + drop_rows(db, channel, error)


def drop_rows(db: Database, channel: str, error: str) -> int:
    """Forget them; how many there were."""
    return changed(db, "DELETE FROM outbox WHERE channel = ? AND error = ? AND state = 'dead'", channel, error)


def forget_dead(db: Database, row_ids: Iterable[int]) -> int:
    """Forget some of what can't be posted; how many there were."""
    sql = "DELETE FROM outbox WHERE id = ? AND state = 'dead'"
    return sum(changed(db, sql, row_id) for row_id in row_ids)


def in_flight(db: Database) -> list[Row]:
    """Rows whose sending began and has no end: after a crash, nobody knows whether they were posted."""
    return rows(db, f"{_WITH_POSTS} WHERE o.{_OPEN} AND o.state = 'sending' ORDER BY +o.id")


def counts(db: Database) -> dict[str, int]:
    """How many rows are in each state. Each is counted in an index of its own, of few columns or few rows."""
    each = " UNION ALL ".join(
        f"SELECT state, count(*) AS n FROM outbox WHERE {which} GROUP BY state"
        for which in (_OPEN, "state = 'sent'", "state = 'dead'")
    )
    return {row["state"]: row["n"] for row in rows(db, each)}


def oldest_waiting(db: Database, now: int) -> int | None:
    """Since when the message has waited that has waited longest; None when none waits. One for the morning does not."""
    sql = """SELECT min(max(created_at, coalesce(not_before, 0))) AS at FROM outbox
        WHERE state IN ('waiting', 'sending') AND coalesce(not_before, 0) <= ?"""
    row = one(db, sql, now)
    return row["at"] if row else None


def prune(db: Database, before: int) -> None:
    """Forget what was sent before then; posts stay, so that a later edit finds its message."""
    changed(db, "DELETE FROM outbox WHERE state = 'sent' AND created_at < ?", before)
    changed(db, "DELETE FROM seen_events WHERE seen_at < ? AND instr(event_id, ' ') = 0", before)


def prune_posts(db: Database, before: int) -> None:
    """Forget where messages stand that were posted before then and of which, or in whose thread, nothing is to come.

    Later news of one would be posted anew.
    """
    of_it = "SELECT 1 FROM outbox o WHERE o.channel = posts.channel"
    changed(
        db,
        "DELETE FROM posts WHERE CAST(ts AS INTEGER) < ? "
        f"AND NOT EXISTS ({of_it} AND o.ref = posts.ref) "
        f"AND NOT EXISTS ({of_it} AND o.thread = posts.ref AND o.{_OPEN})",
        before // 1000,
    )


def events(db: Database, prefix: str) -> list[str]:
    """What was seen, of the ids that begin so."""
    sql = "SELECT event_id FROM seen_events WHERE substr(event_id, 1, ?) = ? ORDER BY event_id"
    return [row["event_id"] for row in rows(db, sql, len(prefix), prefix)]


def forget_event(db: Database, event_id: str) -> None:
    """It may be new again."""
    changed(db, "DELETE FROM seen_events WHERE event_id = ?", event_id)


def forget_events(db: Database, prefix: str, before: int) -> None:
    """Forget what was seen before then, of the ids that begin so."""
    sql = "DELETE FROM seen_events WHERE seen_at < ? AND substr(event_id, 1, ?) = ?"
    changed(db, sql, before, len(prefix), prefix)


def first_digest(db: Database, channel: str, local_date: str, content: Any, *, now: int) -> bool:
    """Keep the day's digest for a channel; False when there is one already. `content` None: nothing to say that day."""
    sql = "INSERT INTO digests (channel, local_date, made_at, content) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return changed(db, sql, channel, local_date, now, json.dumps(content)) == 1


def digest_content(db: Database, channel: str, local_date: str) -> Any:
    """The content of a digest; None when there was nothing to say or no digest."""
    row = one(db, "SELECT content FROM digests WHERE channel = ? AND local_date = ?", channel, local_date)
    return json.loads(row["content"]) if row else None


def has_digest(db: Database, channel: str, local_date: str) -> bool:
    """Whether that day is done for the channel."""
    return one(db, "SELECT 1 FROM digests WHERE channel = ? AND local_date = ?", channel, local_date) is not None


def new_event(db: Database, event_id: str, now: int) -> bool:
    """Note an event of Slack's; False when it was delivered before."""
    sql = "INSERT INTO seen_events (event_id, seen_at) VALUES (?, ?) ON CONFLICT DO NOTHING"
    return changed(db, sql, event_id, now) == 1
