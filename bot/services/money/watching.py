"""Since when, and when, each source of rented machines was looked at: what the ledger can know at all."""

from collections.abc import Iterable

from sqlite_utils import Database

from bot.domain.money.plans import Span, merged
from bot.domain.money.watching import Watch
from bot.services.measuring.sweeping import NOT_LOOKED_AT, OWNED
from store import fleet
from store.money import source_reads, spend


def watches(db: Database) -> dict[str, Watch]:
    """Every source of rented machines that was ever read, by name."""
    charged, read = spend.begins(db), source_reads.spans(db)
    ended = {each.name: each.ok_at for each in fleet.sources(db) if each.error == NOT_LOOKED_AT}
    found = {}
    for source in (charged.keys() | read.keys()) - {OWNED}:
        first = [*(span[0] for span in read.get(source, ())[:1]), *([charged[source]] if source in charged else [])]
        found[source] = Watch(min(first), read.get(source, ()), ended.get(source))
    return found


def begins(db: Database) -> int | None:
    """The first instant that the ledger knows of any rented machine; None before the first look."""
    return min((watch.begins for watch in watches(db).values()), default=None)


def charged_since(db: Database) -> list[int]:
    """The first instant that the ledger knows of each source of rented machines, where it has a charge."""
    return [begins for source, begins in spend.begins(db).items() if source != OWNED]


def owned_begins(db: Database) -> int | None:
    """The first instant that the ledger knows of any owned machine; None without any."""
    return spend.begins(db).get(OWNED)


def unread(watched: Iterable[Watch], start: int, end: int, now: int) -> tuple[Span, ...]:
    """When one source or more of these was not read, from `start` up to `end`."""
    return merged(hole for each in watched for hole in each.unread(start, end, now))
