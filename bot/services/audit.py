"""The audit for people: the history of an instance, the whole of it as CSV, and whether it can be trusted."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from bot.domain.acting.actions import VALET
from bot.domain.audit import REFUSED, Broken, Entry
from bot.domain.clock import HOUR_MS
from bot.domain.parts import plain
from bot.errors import NotFound, Refused
from bot.services import people
from bot.services.context import Context
from bot.services.csv_lines import csv_line, safe
from bot.services.money.ledger_export import iso
from store import audit as stored_audit
from store import checkup
from store.machines import fleet as stored_fleet

COLUMNS = ("entry", "at", "who", "did", "subject", "name", "why", "before", "after", "hash", "who_name")


def history(ctx: Context, instance_id: str, *, limit: int) -> tuple[list[Entry], int]:
    """The newest entries about an instance, newest first; and how many there are in all."""
    return stored_audit.newest(ctx.store.reading(), instance_id, limit)


def gone(ctx: Context, word: str) -> tuple[str, str] | None:
    """Id and name of the instance of exactly this name or id that was gone last; None when none was."""
    return stored_fleet.gone_instances(ctx.store.reading(), word)


def entries(ctx: Context, since: int, after: int = 0) -> Iterator[tuple[Entry, str]]:
    """Every entry from `since` on, and after the one of that number, oldest first; and the name of what it is about."""
    db = ctx.store.reading()
    names = stored_fleet.instance_names(db)
    for entry in stored_audit.since(db, since, after):
        yield entry, names.get(entry.subject, "")


def as_csv(ctx: Context, since: int, after: int = 0) -> Iterator[str]:
    """Such entries as lines of CSV, header included."""
    yield csv_line(COLUMNS)
    for number, at, *texts, digest, who_name in _cells(ctx, since, after):
        yield csv_line((str(number), at, *map(safe, texts), digest, safe(who_name)))


def as_json(ctx: Context, since: int, after: int = 0) -> Iterator[str]:
    """Such entries as JSON, one object a line, by the names of the columns."""
    for cells in _cells(ctx, since, after):
        yield json.dumps(dict(zip(COLUMNS, cells, strict=True)), ensure_ascii=False) + "\n"


def _cells(ctx: Context, since: int, after: int) -> Iterator[tuple[Any, ...]]:
    names = people.known(ctx)
    for entry, name in entries(ctx, since, after):
        texts = (entry.who, entry.did, entry.subject, name, plain(entry.detail), entry.before, entry.after)
        yield (entry.id, str(iso(entry.at)), *texts, entry.hash, names.get(entry.who, ""))


def verify(database: Path, expected: str = "") -> tuple[Entry | None, Broken | None, int]:
    """Follow the chain of a database or a backup of one: its newest entry, where it is broken, how many are erased.

    Raises Refused when no entry has the `expected` hash, Unreachable when the file can't be read.
    """
    with checkup.looking(database) as db:
        broken = stored_audit.verify(db)
        if expected and not broken and not stored_audit.has_hash(db, expected.lower()):
            raise Refused(
                f"The audit of {database} holds in itself, but no entry of it has the hash {expected}: "
                "it was cut off before that entry, or written anew."
            )
        return stored_audit.last_entry(db), broken, stored_audit.erased(db)


MOST = 20


@contextmanager
def kept(ctx: Context, person: str, tried: str, subject: str) -> Iterator[None]:
    """Keep what is refused in here; a name that nothing goes by is no try. Opened outside of any transaction."""
    try:
        yield
    except NotFound:
        raise
    except Refused as refused:
        with ctx.store.writing() as db:
            note(ctx, db, person, tried, subject, refused.sentence)
        raise


def note(ctx: Context, db: Database, person: str, tried: str, subject: str, why: str) -> None:
    """Keep one refusal, in the caller's transaction. What Valet tries by itself is told where it is tried."""
    now = ctx.clock()
    did = f"tried to {tried}"
    lately = stored_audit.refused_since(db, person, now - HOUR_MS)
    if person == VALET or len(lately) >= MOST or (subject, did) in lately:
        return
    stored_audit.add(db, now, person, did, subject=subject, detail=why, after=REFUSED)
