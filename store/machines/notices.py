"""What was told of machines without being asked, and what is noticed and not told yet."""

from sqlite_utils import Database

from bot.domain.machines.notices import Notice, NoticeCase
from store.records import find_all, find_record
from store.sql import changed

SCHEMA = (
    """CREATE TABLE machine_notices (
        id INTEGER PRIMARY KEY,
        instance_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        person TEXT NOT NULL,
        since INTEGER NOT NULL,
        detail TEXT NOT NULL,
        noticed_at INTEGER NOT NULL,
        looked_at INTEGER NOT NULL,
        told_at INTEGER,
        over_at INTEGER
    ) STRICT""",
    "CREATE UNIQUE INDEX one_open_notice ON machine_notices (instance_id, kind, person) WHERE over_at IS NULL",
    "CREATE INDEX machine_notices_over ON machine_notices (over_at)",
)
NoticeKey = tuple[str, str, str]
"""Instance, kind, person."""


def current(db: Database) -> dict[NoticeKey, Notice]:
    """Those that are not over."""
    found = find_all(db, Notice, "SELECT * FROM machine_notices WHERE over_at IS NULL")
    return {(each.instance_id, each.kind, each.person): each for each in found}


def by_id(db: Database, notice_id: int) -> Notice | None:
    """One of them."""
    return find_record(db, Notice, "SELECT * FROM machine_notices WHERE id = ?", notice_id)


def begin(db: Database, case: NoticeCase, now: int) -> None:
    """It is noticed."""
    changed(
        db,
        "INSERT INTO machine_notices (instance_id, kind, person, since, detail, noticed_at, looked_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        case.instance_id,
        case.kind,
        case.person,
        case.since,
        case.detail,
        now,
        now,
    )


def note_lasting(db: Database, notice: Notice, case: NoticeCase, now: int, *, noticed_at: int) -> None:
    """It is still so."""
    sql = "UPDATE machine_notices SET since = ?, detail = ?, looked_at = ?, noticed_at = ? WHERE id = ?"
    changed(db, sql, case.since, case.detail, now, noticed_at, notice.id)


def note_notice_told(db: Database, notice: Notice, now: int) -> None:
    """It is told now."""
    changed(db, "UPDATE machine_notices SET told_at = ? WHERE id = ?", now, notice.id)


def note_notice_over(db: Database, notice: Notice, now: int) -> None:
    """It is so no more."""
    changed(db, "UPDATE machine_notices SET over_at = ? WHERE id = ?", now, notice.id)


def prune(db: Database, before: int) -> None:
    """Forget those that were over before an instant."""
    changed(db, "DELETE FROM machine_notices WHERE over_at < ?", before)
