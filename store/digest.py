"""Questions about digests already made; they are kept, and counted once, by `store.outbox.first_digest`."""

import json
from typing import Any

from sqlite_utils import Database

from store.sql import one, rows


def newest(db: Database, channel: str, since: int) -> tuple[str, Any] | None:
    """A channel's newest digest that had something to say, made since then: its local date and content."""
    row = one(
        db,
        "SELECT local_date, content FROM digests WHERE channel = ? AND made_at >= ? AND content <> 'null' "
        "ORDER BY local_date DESC LIMIT 1",
        channel,
        since,
    )
    return (row["local_date"], json.loads(row["content"])) if row else None


def said_to_tidy(db: Database, channel: str, since: str) -> bool:
    """Whether a channel's digest of that local date, or a later one, said what has cost money unused for weeks."""
    sql = "SELECT content FROM digests WHERE channel = ? AND local_date >= ? AND content <> 'null'"
    return any(json.loads(row["content"]).get("tidy") for row in rows(db, sql, channel, since))


def stop_after(db: Database, instance_id: str, since: int) -> str | None:
    """The id of the newest stop of an instance that was asked for, decided or finished at or after `since`."""
    row = one(
        db,
        "SELECT id FROM actions WHERE instance_id = ? AND kind = 'stop' AND max(created_at, coalesce(decided_at, 0), "
        "coalesce(finished_at, 0)) >= ? ORDER BY created_at DESC LIMIT 1",
        instance_id,
        since,
    )
    return row["id"] if row else None


def anything_judged(db: Database) -> bool:
    """Whether of any machine something is known."""
    return one(db, "SELECT 1 FROM verdicts WHERE state <> 'unknown' LIMIT 1") is not None


def judged_at(db: Database) -> int | None:
    """When verdicts were last given; None when never."""
    row = one(db, "SELECT max(judged_at) AS at FROM verdicts")
    return row["at"] if row else None
