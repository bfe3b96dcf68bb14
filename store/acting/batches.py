"""Batches of stops, and drafts of them. Their actions know which batch they are of."""

import json

from sqlite_utils import Database

from bot.domain.acting.batches import Batch, Draft
from store.sql import changed, one

SCHEMA = (
    """CREATE TABLE batches (
        id TEXT PRIMARY KEY,
        team TEXT NOT NULL,
        requester TEXT NOT NULL,
        reason TEXT NOT NULL,
        created_at INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE batch_drafts (
        id TEXT PRIMARY KEY,
        requester TEXT NOT NULL,
        reason TEXT NOT NULL,
        instance_ids TEXT NOT NULL,
        made_at INTEGER NOT NULL
    ) STRICT""",
)


def add(db: Database, batch: Batch) -> None:
    """Write a new one."""
    sql = "INSERT INTO batches (id, team, requester, reason, created_at) VALUES (?, ?, ?, ?, ?)"
    changed(db, sql, batch.id, batch.team, batch.requester, batch.reason, batch.created_at)


def by_id(db: Database, batch_id: str) -> Batch | None:
    """One batch."""
    row = one(db, "SELECT * FROM batches WHERE id = ?", batch_id)
    return Batch(**row) if row else None


def add_draft(db: Database, draft: Draft) -> None:
    """Keep what is offered."""
    sql = "INSERT INTO batch_drafts (id, requester, reason, instance_ids, made_at) VALUES (?, ?, ?, ?, ?)"
    changed(db, sql, draft.id, draft.requester, draft.reason, json.dumps(draft.instance_ids), draft.made_at)


def prune_drafts(db: Database, before: int) -> None:
    """Forget what was offered before then, taken or not."""
    changed(db, "DELETE FROM batch_drafts WHERE made_at < ?", before)


def draft(db: Database, draft_id: str) -> Draft | None:
    """What was offered."""
    row = one(db, "SELECT * FROM batch_drafts WHERE id = ?", draft_id)
    return Draft(**{**row, "instance_ids": tuple(json.loads(row["instance_ids"]))}) if row else None
