"""Weekly reports: one per channel and local date, kept as it was made."""

from sqlite_utils import Database

from bot.domain.money.weekly import Weekly
from store.records import json_text, of_json_text
from store.sql import changed, one

SCHEMA = (
    """CREATE TABLE weekly_reports (
        channel TEXT NOT NULL,
        local_date TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (channel, local_date)
    ) STRICT, WITHOUT ROWID""",
)


def keep_first(db: Database, channel: str, local_date: str, report: Weekly | None, *, now: int) -> bool:
    """Keep a week's report; False when there is one already. `report` None: nothing to say that week."""
    sql = (
        "INSERT INTO weekly_reports (channel, local_date, made_at, content) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    )
    content = "null" if report is None else json_text(report)
    return changed(db, sql, channel, local_date, now, content) == 1


def is_done(db: Database, channel: str, local_date: str) -> bool:
    """Whether that week is done for the channel."""
    return one(db, "SELECT 1 FROM weekly_reports WHERE channel = ? AND local_date = ?", channel, local_date) is not None


def kept_report(db: Database, channel: str, local_date: str) -> Weekly | None:
    """A report as it was made; None when there was nothing to say, or no report."""
    row = one(db, "SELECT content FROM weekly_reports WHERE channel = ? AND local_date = ?", channel, local_date)
    return of_json_text(Weekly, row["content"]) if row and row["content"] != "null" else None
