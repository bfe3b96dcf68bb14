"""Claims. The database keeps two promises: one open claim per GPU, and one per person and instance."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

from sqlite_utils import Database

from bot.domain.money.splitting import ClaimedGpus
from bot.domain.sharing.claims import Claim, ClaimEndReason
from store.records import insert
from store.sql import Row, changed, many, one, rows, sqlite3

SCHEMA = (
    """CREATE TABLE claims (
        id TEXT PRIMARY KEY,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        holder TEXT NOT NULL,
        team TEXT NOT NULL,
        note TEXT NOT NULL,
        gpus TEXT NOT NULL,
        from_at INTEGER NOT NULL,
        until_at INTEGER NOT NULL CHECK (until_at > from_at),
        ended_at INTEGER,
        end_reason TEXT,
        ended_by TEXT NOT NULL DEFAULT '',
        CHECK ((ended_at IS NULL) = (end_reason IS NULL))
    ) STRICT""",
    "CREATE UNIQUE INDEX open_claims ON claims (instance_id, holder) WHERE ended_at IS NULL",
    "CREATE INDEX claims_of ON claims (holder, ended_at)",
    "CREATE INDEX claims_of_teams ON claims (team, ended_at)",
    "CREATE INDEX claims_due ON claims (until_at) WHERE ended_at IS NULL",
    """CREATE TABLE claimed_gpus (
        claim_id TEXT NOT NULL REFERENCES claims (id),
        instance_id TEXT NOT NULL,
        gpu INTEGER NOT NULL,
        PRIMARY KEY (instance_id, gpu)
    ) STRICT""",
    """CREATE TABLE former_gpus (
        claim_id TEXT NOT NULL REFERENCES claims (id),
        until_at INTEGER NOT NULL,
        gpus TEXT NOT NULL,
        PRIMARY KEY (claim_id, until_at)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX claims_by_end ON claims (ended_at)",
    "CREATE INDEX claims_by_begin ON claims (instance_id, from_at)",
)

MOST_NAMED_INSTANCES = 500


def add(db: Database, claim: Claim) -> bool:
    """Open a claim; False when one of its GPUs is held already (nothing is written then)."""
    with _all_or_nothing(db) as done:
        insert(db, "claims", claim)
        _grip(db, claim.id, claim.instance_id, claim.gpus)
    return done()


def change_gpus(db: Database, claim: Claim, gpus: tuple[int, ...], now: int) -> bool:
    """Let an open claim cover these GPUs instead; False when one of them is another's (nothing is written then)."""
    with _all_or_nothing(db) as done:
        if gpus != claim.gpus:
            former = "INSERT OR IGNORE INTO former_gpus (claim_id, until_at, gpus) VALUES (?, ?, ?)"
            changed(db, former, claim.id, now, json.dumps(claim.gpus))
        changed(db, "DELETE FROM claimed_gpus WHERE claim_id = ?", claim.id)
        _grip(db, claim.id, claim.instance_id, gpus)
        changed(db, "UPDATE claims SET gpus = ? WHERE id = ?", json.dumps(gpus), claim.id)
    return done()


def _grip(db: Database, claim_id: str, instance_id: str, gpus: Iterable[int]) -> None:
    gpu_rows = ((claim_id, instance_id, gpu) for gpu in gpus)
    many(db, "INSERT INTO claimed_gpus (claim_id, instance_id, gpu) VALUES (?, ?, ?)", gpu_rows)


@contextmanager
def _all_or_nothing(db: Database) -> Iterator[Callable[[], bool]]:
    """Undo what is written inside when one of the GPUs is held already; what it gives tells whether it stands."""
    stands = True
    db.execute("SAVEPOINT claiming")
    try:
        yield lambda: stands
    except sqlite3.IntegrityError as error:
        db.execute("ROLLBACK TO claiming")
        if "claimed_gpus" not in str(error):
            raise
        stands = False
    finally:
        db.execute("RELEASE claiming")


def end(db: Database, claim_id: str, now: int, reason: ClaimEndReason, *, who: str = "") -> bool:
    """End an open claim and free its GPUs; False when somebody else ended it first."""
    sql = "UPDATE claims SET ended_at = ?, end_reason = ?, ended_by = ? WHERE id = ? AND ended_at IS NULL"
    done = changed(db, sql, now, reason, who, claim_id)
    changed(db, "DELETE FROM claimed_gpus WHERE claim_id = ?", claim_id)
    return done == 1


def move_end(db: Database, claim_id: str, until: int, *, note: str = "") -> bool:
    """Move the end of an open claim, and change its note if there is a new one; False when it has ended."""
    sql = "UPDATE claims SET until_at = ?, note = coalesce(nullif(?, ''), note) WHERE id = ? AND ended_at IS NULL"
    return changed(db, sql, until, note, claim_id) == 1


def by_id(db: Database, claim_id: str) -> Claim | None:
    """A claim, open or ended."""
    row = one(db, "SELECT * FROM claims WHERE id = ?", claim_id)
    return _claim(row) if row else None


def open_claims_on(db: Database, instance_id: str) -> list[Claim]:
    """The open claims of an instance, the longest first."""
    claim_rows = rows(
        db, "SELECT * FROM claims WHERE instance_id = ? AND ended_at IS NULL ORDER BY until_at DESC", instance_id
    )
    return [_claim(row) for row in claim_rows]


def newest_claims(db: Database) -> dict[str, Claim]:
    """The newest claim there is or was on each instance, open or ended, by instance."""
    newest = "SELECT instance_id, max(from_at) AS from_at FROM claims GROUP BY instance_id"
    claim_rows = rows(db, f"SELECT c.* FROM claims c JOIN ({newest}) n USING (instance_id, from_at) ORDER BY c.id")
    return {row["instance_id"]: _claim(row) for row in claim_rows}


def open_claims_of(db: Database, holder: str) -> list[Claim]:
    """The open claims of a person, the next to end first."""
    sql = "SELECT * FROM claims WHERE holder = ? AND ended_at IS NULL ORDER BY until_at"
    return [_claim(row) for row in rows(db, sql, holder)]


def claims_since(db: Database, start: int, *, holder: str = "", team: str = "") -> list[Claim]:
    """The claims of a person or a team that are open, or ended after `start`."""
    column, value = ("holder", holder) if holder else ("team", team)
    sql = f"SELECT * FROM claims WHERE {column} = ? AND (ended_at IS NULL OR ended_at > ?)"
    return [_claim(row) for row in rows(db, sql, value, start)]


def recent_claims(db: Database, start: int, *, holder: str = "", team: str = "") -> list[Claim]:
    """Claims that are open, or ended after `start`: all, or those of a person or a team."""
    given = [(column, value) for column, value in (("holder", holder), ("team", team)) if value]
    where = "".join(f" AND {column} = ?" for column, _ in given)
    sql = f"SELECT * FROM claims WHERE (ended_at IS NULL OR ended_at > ?){where} ORDER BY from_at, id"
    return [_claim(row) for row in rows(db, sql, start, *(value for _, value in given))]


def holds_by_instance(
    db: Database, source: str, since: int, instance_id: str | None = None
) -> dict[str, list[ClaimedGpus]]:
    """Which GPUs of a source's instances (or of one of them) were whose after an instant, by instance."""
    only, values = ("", ()) if instance_id is None else (" AND c.instance_id = ?", (instance_id,))
    hold_rows = rows(
        db,
        "SELECT c.id, c.instance_id, c.holder, c.team, c.gpus, c.from_at, c.ended_at, f.until_at AS former_until, "
        "f.gpus AS former_gpus FROM claims c JOIN instances i ON i.id = c.instance_id "
        "LEFT JOIN former_gpus f ON f.claim_id = c.id "
        f"WHERE (c.ended_at IS NULL OR c.ended_at > ?) AND i.source = ?{only} ORDER BY c.from_at, c.id, f.until_at",
        since,
        source,
        *values,
    )
    holds: dict[str, list[ClaimedGpus]] = {}
    for _, group in groupby(hold_rows, key=lambda row: row["id"]):
        grips = list(group)
        last, start = grips[0], grips[0]["from_at"]
        holder, team, of_instance = last["holder"], last["team"], holds.setdefault(last["instance_id"], [])
        for row in grips:
            if row["former_until"] is not None:
                gpus = tuple(json.loads(row["former_gpus"]))
                of_instance.append(ClaimedGpus(holder, team, gpus, from_at=start, until_at=row["former_until"]))
                start = row["former_until"]
        gpus = tuple(json.loads(last["gpus"]))
        of_instance.append(ClaimedGpus(holder, team, gpus, from_at=start, until_at=last["ended_at"]))
    return holds


def claims_ending(db: Database, before: int) -> list[Claim]:
    """Open claims that end by then, the first to end first."""
    sql = "SELECT * FROM claims WHERE ended_at IS NULL AND until_at <= ? ORDER BY until_at, id"
    return [_claim(row) for row in rows(db, sql, before)]


def open_claims(db: Database, instance_ids: Sequence[str]) -> dict[str, list[Claim]]:
    """The open claims of several instances, by instance, the longest first."""
    # past a few hundred instances, reading every open claim is quicker than so long a list
    chosen = list(instance_ids) if len(instance_ids) <= MOST_NAMED_INSTANCES else []
    among = f" AND instance_id IN ({', '.join('?' * len(chosen))})" if chosen else ""
    sql = f"SELECT * FROM claims WHERE ended_at IS NULL{among} ORDER BY until_at DESC, id"
    claims: dict[str, list[Claim]] = {}
    for row in rows(db, sql, *chosen):
        claims.setdefault(row["instance_id"], []).append(_claim(row))
    return claims


def orphaned_claims(db: Database, before: int) -> list[Claim]:
    """Open claims on instances that were gone before then."""
    claim_rows = rows(
        db,
        "SELECT c.* FROM claims c JOIN instances i ON i.id = c.instance_id WHERE c.ended_at IS NULL AND i.gone_at <= ?",
        before,
    )
    return [_claim(row) for row in claim_rows]


def claims_lacking_gpus(db: Database) -> list[tuple[Claim, int]]:
    """Open claims with GPUs that their instance does not have, each with how many GPUs it has, where that is known."""
    claim_rows = rows(
        db,
        "SELECT DISTINCT c.*, i.gpu_count AS there FROM claims c JOIN claimed_gpus g ON g.claim_id = c.id "
        "JOIN instances i ON i.id = c.instance_id "
        "WHERE c.ended_at IS NULL AND i.gpu_count > 0 AND g.gpu >= i.gpu_count ORDER BY c.id",
    )
    counts = [row.pop("there") for row in claim_rows]
    return [(_claim(row), there) for row, there in zip(claim_rows, counts, strict=True)]


def _claim(row: Row) -> Claim:
    # By hand, at half the time of `record_of`: every look at the fleet reads all open claims.
    return Claim(**{**row, "gpus": tuple(json.loads(row["gpus"]))})


EXTENSIONS_SCHEMA = (
    """CREATE TABLE extensions (
        claim_id TEXT PRIMARY KEY REFERENCES claims (id),
        at INTEGER NOT NULL,
        length INTEGER NOT NULL
    ) STRICT""",
)


def note_extension(db: Database, claim_id: str, at: int, length: int) -> None:
    """Keep that a claim was extended by so many milliseconds."""
    changed(db, "INSERT OR REPLACE INTO extensions (claim_id, at, length) VALUES (?, ?, ?)", claim_id, at, length)


def last_extension(db: Database, claim_id: str) -> tuple[int, int] | None:
    """When a claim was extended last, and by how many milliseconds."""
    row = one(db, "SELECT at, length FROM extensions WHERE claim_id = ?", claim_id)
    return (row["at"], row["length"]) if row else None
