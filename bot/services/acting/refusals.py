"""What was refused is kept, too: who tried to do what to which machine, and why it was not done.

Pressing a hundred times is one entry: the same is kept once an hour, and of one person no more than MOST in that time.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlite_utils import Database

from bot.domain.acting.actions import VALET
from bot.domain.clock import HOUR
from bot.domain.entries import REFUSED
from bot.errors import NotFound, Refused
from bot.services.desk import Desk
from store import audit

MOST = 20


@contextmanager
def kept(desk: Desk, person: str, tried: str, subject: str) -> Iterator[None]:
    """Keep what is refused in here; a name that nothing goes by is no try. Opened outside of any transaction."""
    try:
        yield
    except NotFound:
        raise
    except Refused as refused:
        with desk.store.writing() as db:
            note(desk, db, person, tried, subject, str(refused))
        raise


def note(desk: Desk, db: Database, person: str, tried: str, subject: str, why: str) -> None:
    """Keep one refusal, in the caller's transaction. What Valet tries by itself is told where it is tried."""
    now = desk.clock()
    did = f"tried to {tried}"
    lately = audit.refused_since(db, person, now - HOUR)
    if person == VALET or len(lately) >= MOST or (subject, did) in lately:
        return
    audit.add(db, now, person, did, subject=subject, detail=why, after=REFUSED)
