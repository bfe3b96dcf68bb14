"""Addresses of calendar feeds. Only a hash of each is kept; one feed per person and team, the newest."""

from sqlite_utils import Database

from store.sql import Row, changed, one

SCHEMA = (
    """CREATE TABLE calendar_feeds (
        token_sha256 TEXT PRIMARY KEY,
        person TEXT NOT NULL,
        team TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        UNIQUE (person, team)
    ) STRICT, WITHOUT ROWID""",
)


def put_feed(db: Database, token_sha256: str, *, person: str, team: str, now: int) -> bool:
    """Keep a person's feed, of a team or (without one) of their own; True when an older one stopped working."""
    replaced = drop_feeds(db, person=person, team=team)
    row = {"token_sha256": token_sha256, "person": person, "team": team, "made_at": now}
    db.table("calendar_feeds").insert(row)
    return replaced


def drop_feeds(db: Database, *, person: str, team: str | None = None) -> bool:
    """Let a person's feeds (or one of them) stop working; False when there was none."""
    if team is None:
        return changed(db, "DELETE FROM calendar_feeds WHERE person = ?", person) > 0
    return changed(db, "DELETE FROM calendar_feeds WHERE person = ? AND team = ?", person, team) > 0


def owner_of_feed(db: Database, token_sha256: str) -> Row | None:
    """Whose feed that is: person and team."""
    return one(db, "SELECT person, team FROM calendar_feeds WHERE token_sha256 = ?", token_sha256)
