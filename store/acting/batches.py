"""Batches of stops, and drafts of them. Their actions know which batch they are of."""

from sqlite_utils import Database

from bot.domain.acting.batches import Batch, BatchDraft
from store.records import find_record, insert
from store.sql import changed

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
    insert(db, "batches", batch)


def by_id(db: Database, batch_id: str) -> Batch | None:
    """One batch."""
    return find_record(db, Batch, "SELECT * FROM batches WHERE id = ?", batch_id)


def add_draft(db: Database, draft: BatchDraft) -> None:
    """Keep what is offered."""
    insert(db, "batch_drafts", draft)


def prune_drafts(db: Database, before: int) -> None:
    """Forget what was offered before then, taken or not."""
    changed(db, "DELETE FROM batch_drafts WHERE made_at < ?", before)


def draft(db: Database, draft_id: str) -> BatchDraft | None:
    """What was offered."""
    return find_record(db, BatchDraft, "SELECT * FROM batch_drafts WHERE id = ?", draft_id)
