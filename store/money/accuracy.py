"""How forecasts turned out: each that was kept beside what its days really came to, and AWS's second opinions."""

from collections.abc import Iterable
from datetime import date

from sqlite_utils import Database

from bot.domain.money.accuracy import Horizon, Score, SecondOpinion
from bot.domain.money.forecast.report import ForecastReport
from store.money.ledger import readable_forecast
from store.records import find_all, find_record, insert
from store.sql import changed, one, rows

SCHEMA = (
    """CREATE TABLE forecast_scores (
        scope TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        horizon TEXT NOT NULL CHECK (horizon IN ('7d', '30d', '90d', 'month')),
        expected_micros INTEGER NOT NULL,
        lo80_micros INTEGER,
        hi80_micros INTEGER,
        lo95_micros INTEGER,
        hi95_micros INTEGER,
        spread_micros INTEGER,
        actual_micros INTEGER,
        PRIMARY KEY (scope, made_at, horizon)
    ) STRICT, WITHOUT ROWID""",
)


def unscored(
    db: Database, horizon: Horizon, since: int, before: int, limit: int = 500
) -> list[tuple[str, int, ForecastReport | None]]:
    """Scope, instant and report of forecasts made from then and before then that are not scored, the oldest first.

    A report that another version wrote is None.
    """
    found = rows(
        db,
        "SELECT scope, made_at, content FROM forecasts f WHERE made_at >= ? AND made_at < ? AND NOT EXISTS ("
        "SELECT 1 FROM forecast_scores s WHERE s.scope = f.scope AND s.made_at = f.made_at AND s.horizon = ?) "
        "ORDER BY made_at, scope LIMIT ?",
        since,
        before,
        horizon,
        limit,
    )
    return [(row["scope"], row["made_at"], readable_forecast(row["content"])) for row in found]


def add(db: Database, scores: Iterable[Score]) -> None:
    """Keep scores; one that is there stays."""
    for score in scores:
        insert(db, "forecast_scores", score, then="ON CONFLICT DO NOTHING")


def scores_of(db: Database, scope: str) -> list[Score]:
    """The scores of a scope, or of all scopes whose name begins so ("team:"), the oldest first."""
    sql = "SELECT * FROM forecast_scores WHERE substr(scope, 1, length(?)) = ? ORDER BY made_at, scope"
    return find_all(db, Score, sql, scope, scope)


def first_made(db: Database, scope: str) -> int | None:
    """When the oldest forecast of a scope that is still kept was made."""
    row = one(db, "SELECT min(made_at) AS at FROM forecasts WHERE scope = ?", scope)
    return row["at"] if row else None


def prune_forecasts(db: Database, before: int) -> None:
    """Forget the contents of forecasts that are long scored; their scores stay."""
    changed(db, "DELETE FROM forecasts WHERE made_at < ?", before)


OPINIONS_SCHEMA = (
    """CREATE TABLE opinions (
        asked_on TEXT PRIMARY KEY,
        asked_at INTEGER NOT NULL,
        first TEXT,
        last TEXT,
        micros INTEGER,
        lo80_micros INTEGER,
        hi80_micros INTEGER,
        error TEXT NOT NULL DEFAULT '',
        CHECK ((micros IS NULL) = (error <> ''))
    ) STRICT, WITHOUT ROWID""",
)


def keep_opinion(db: Database, day: date, opinion: SecondOpinion) -> None:
    """Keep a day's answer."""
    insert(db, "opinions", opinion, verb="INSERT OR REPLACE", asked_on=day.isoformat())


def opinion_failed(db: Database, day: date, now: int, error: str) -> None:
    """Note that a day's question had no answer; it is not asked again that day."""
    row = {"asked_on": day.isoformat(), "asked_at": now, "error": error or "no answer"}
    db.table("opinions").insert(row, replace=True)


def was_asked(db: Database, day: date) -> bool:
    """Whether AWS was asked on a day."""
    return one(db, "SELECT 1 FROM opinions WHERE asked_on = ?", day.isoformat()) is not None


def newest_opinion(db: Database) -> SecondOpinion | None:
    """The newest answer there was."""
    return find_record(db, SecondOpinion, "SELECT * FROM opinions WHERE error = '' ORDER BY asked_on DESC LIMIT 1")
