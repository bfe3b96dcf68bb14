"""What was said of budgets and of unusual days, so that nothing is said twice."""

from datetime import date

from sqlite_utils import Database

from bot.domain.money.budgets import BudgetStanding
from bot.domain.money.unusual import UnusualAnswer, UnusualDay
from store.records import json_text, of_json_text
from store.sql import changed, one, rows

SCHEMA = (
    """CREATE TABLE budget_marks (
        scope TEXT NOT NULL,
        month TEXT NOT NULL,
        mark TEXT NOT NULL CHECK (mark IN ('forecast', 'warn', 'full')),
        at INTEGER NOT NULL,
        standing TEXT NOT NULL,
        PRIMARY KEY (scope, month, mark)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE days_looked_at (
        scope TEXT NOT NULL,
        day TEXT NOT NULL,
        told TEXT,
        PRIMARY KEY (scope, day)
    ) STRICT, WITHOUT ROWID""",
)

PER_AMOUNT = (
    """CREATE TABLE budgets_told (
        scope TEXT NOT NULL,
        month TEXT NOT NULL,
        micros INTEGER NOT NULL,
        mark TEXT NOT NULL CHECK (mark IN ('forecast', 'warn', 'full')),
        at INTEGER NOT NULL,
        standing TEXT NOT NULL,
        PRIMARY KEY (scope, month, micros, mark)
    ) STRICT, WITHOUT ROWID""",
    """INSERT INTO budgets_told
        SELECT scope, month, coalesce(json_extract(standing, '$.budget_micros'), 0), mark, at, standing
        FROM budget_marks""",
)
"""What was told belongs to the amount that it was told of; `budget_marks`, which kept none, is not read any more."""


UNUSUAL_ANSWERS = (
    """CREATE TABLE unusual_answers (
        scope TEXT NOT NULL,
        day TEXT NOT NULL,
        is_expected INTEGER NOT NULL CHECK (is_expected IN (0, 1)),
        micros INTEGER NOT NULL,
        who TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (scope, day)
    ) STRICT, WITHOUT ROWID""",
)


def marks_noted(db: Database, scope: str, month: date, micros: int) -> frozenset[str]:
    """What was noted of a budget of this amount, or a larger one, in a month; a raised budget is another."""
    sql = "SELECT mark FROM budgets_told WHERE scope = ? AND month = ? AND micros >= ?"
    return frozenset(row["mark"] for row in rows(db, sql, scope, month.isoformat(), micros))


def note_budget_mark(
    db: Database, scope: str, month: date, mark: str, *, micros: int, now: int, standing: BudgetStanding
) -> bool:
    """Note that something came about, with the budget as it stood; False when it was noted before."""
    sql = "INSERT INTO budgets_told (scope, month, micros, mark, at, standing) VALUES (?, ?, ?, ?, ?, ?) "
    told = (scope, month.isoformat(), micros, mark, now, json_text(standing))
    return changed(db, sql + "ON CONFLICT DO NOTHING", *told) == 1


def standing_noted(db: Database, scope: str, month: str, mark: str, micros: int | None) -> BudgetStanding | None:
    """The budget as it stood then; None without such a note. Without an amount, what was noted first."""
    sql = (
        "SELECT standing FROM budgets_told WHERE scope = ? AND month = ? AND mark = ? AND coalesce(?, micros) = micros "
        "ORDER BY at LIMIT 1"
    )
    row = one(db, sql, scope, month, mark, micros)
    return of_json_text(BudgetStanding, row["standing"]) if row else None


def was_looked_at(db: Database, scope: str, day: date) -> bool:
    """Whether a day was looked at."""
    sql = "SELECT 1 FROM days_looked_at WHERE scope = ? AND day = ?"
    return one(db, sql, scope, day.isoformat()) is not None


def note_looked_at(db: Database, scope: str, day: date, told: UnusualDay | None) -> bool:
    """Note that a day was looked at, and what was told of it, None for nothing; False when it was noted before."""
    sql = "INSERT INTO days_looked_at (scope, day, told) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    return changed(db, sql, scope, day.isoformat(), None if told is None else json_text(told)) == 1


def told_of_day(db: Database, scope: str, day: str) -> UnusualDay | None:
    """What was told of a day; None for nothing."""
    row = one(db, "SELECT told FROM days_looked_at WHERE scope = ? AND day = ? AND told IS NOT NULL", scope, day)
    return of_json_text(UnusualDay, row["told"]) if row else None


def last_told(db: Database, scope: str, before: date) -> UnusualDay | None:
    """What was told last of a scope's days before one; None for nothing."""
    sql = "SELECT told FROM days_looked_at WHERE scope = ? AND day < ? AND told IS NOT NULL ORDER BY day DESC LIMIT 1"
    row = one(db, sql, scope, before.isoformat())
    return of_json_text(UnusualDay, row["told"]) if row else None


def keep_answer(db: Database, said: UnusualAnswer) -> None:
    """Keep what somebody said of an unusual day; the newest word counts."""
    sql = (
        "INSERT INTO unusual_answers (scope, day, is_expected, micros, who, at) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (scope, day) DO UPDATE SET is_expected = excluded.is_expected, who = excluded.who, "
        "at = excluded.at"
    )
    changed(db, sql, said.scope, said.day.isoformat(), int(said.is_expected), said.micros, said.who, said.at)


def answers_of(db: Database, scope: str) -> tuple[UnusualAnswer, ...]:
    """What people said of a scope's unusual days, oldest first."""
    found = rows(db, "SELECT * FROM unusual_answers WHERE scope = ? ORDER BY day", scope)
    return tuple(
        UnusualAnswer(
            scope=row["scope"],
            day=date.fromisoformat(row["day"]),
            is_expected=bool(row["is_expected"]),
            micros=row["micros"],
            who=row["who"],
            at=row["at"],
        )
        for row in found
    )
