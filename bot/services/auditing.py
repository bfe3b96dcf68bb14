"""The audit for people: the history of an instance, the whole of it as CSV, and whether it can be trusted."""

from collections.abc import Iterator
from pathlib import Path

from bot.domain.entries import Broken, Entry
from bot.errors import Refused
from bot.services import people_names
from bot.services.csv_lines import line, safe
from bot.services.desk import Desk
from bot.services.money.reporting import iso
from store import audit, checkup, fleet

COLUMNS = ("entry", "at", "who", "did", "subject", "name", "why", "before", "after", "hash", "who_name")


def history(desk: Desk, instance_id: str, *, limit: int) -> tuple[list[Entry], int]:
    """The newest entries about an instance, newest first; and how many there are in all."""
    return audit.newest(desk.store.reading(), instance_id, limit)


def gone(desk: Desk, word: str) -> tuple[str, str] | None:
    """Id and name of the instance of exactly this name or id that was gone last; None when none was."""
    return fleet.gone(desk.store.reading(), word)


def entries(desk: Desk, since: int) -> Iterator[tuple[Entry, str]]:
    """Every entry from `since` on, oldest first, with the name of what it is about."""
    db = desk.store.reading()
    names = fleet.names(db)
    for entry in audit.since(db, since):
        yield entry, names.get(entry.subject, "")


def as_csv(desk: Desk, since: int) -> Iterator[str]:
    """The entries from `since` on as lines of CSV, oldest first, header included."""
    yield line(COLUMNS)
    names = people_names.known(desk)
    for entry, name in entries(desk, since):
        texts = (entry.who, entry.did, entry.subject, name, entry.detail, entry.before, entry.after)
        yield line((str(entry.id), str(iso(entry.at)), *map(safe, texts), entry.hash, safe(names.get(entry.who, ""))))


def verify(database: Path, expected: str = "") -> tuple[Entry | None, Broken | None]:
    """Follow the chain of a database or a backup of one: its newest entry, and where it is broken.

    Raises Refused when no entry has the `expected` hash, Unreachable when the file can't be read.
    """
    with checkup.looking(database) as db:
        broken = audit.verify(db)
        if expected and not broken and not audit.has_hash(db, expected.lower()):
            raise Refused(
                f"The audit of {database} holds in itself, but no entry of it has the hash {expected}: "
                "it was cut off before that entry, or written anew."
            )
        return audit.last(db), broken
