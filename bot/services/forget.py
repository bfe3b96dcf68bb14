"""Forgetting: a person who is to be forgotten, or who left long ago, and what was written long ago."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from bot.domain.acting.actions import VALET
from bot.domain.backups import day_of
from bot.domain.clock import DAY_MS
from bot.domain.people import FORGOTTEN_ID, is_forgotten
from bot.errors import NotFound, Refused
from bot.services import backups
from bot.services.context import Context
from bot.services.people import USER
from bot.settings import Settings
from store import forget as stored_forget
from store import people as stored_people
from store.sql import one

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
A_NIGHT = 20
"""So many who have left are forgotten in one go: it holds the database for a while."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What became of it."""

    pseudonym: str
    rows: int
    backups: tuple[Path, ...]
    """Copies of the database in which the person still is."""


def person_meant(ctx: Context, word: str) -> str:
    """The Slack user id that is meant: itself, or that of the only person called so. Raises NotFound, Refused."""
    if USER.fullmatch(word) and not is_forgotten(word):
        return word
    names = stored_people.known(ctx.store.reading())
    found = sorted(person for person, name in names.items() if name.casefold() == word.strip().casefold())
    if not found:
        raise NotFound(f'Nobody called "{word}" is known. Give the Slack user id: in Slack, profile, Copy member ID.')
    if len(found) > 1:
        raise Refused(f'Several are called "{word}": {", ".join(found)}. Say which, by the id.')
    return found[0]


def held_of(ctx: Context, person: str) -> dict[str, int]:
    """How many rows of each table a person is in."""
    return stored_forget.cells_about(ctx.store.reading(), person)


def forget(ctx: Context, person: str, *, who: str) -> Forgotten:
    """Forget a person: a pseudonym stands in every row from now on, and what they wrote is gone.

    Raises Refused while the settings name them or something of theirs is open, NotFound where no row has them.
    """
    tables = named_in(ctx.settings, person)
    if tables:
        raise Refused(
            f"valet.toml still names {person} under {' and '.join(tables)}, so Valet would know them again at once. "
            "Take them out there first."
        )
    with ctx.store.writing() as db:
        still = stored_forget.open_things(db, person)
        if still:
            raise Refused(
                f"{person} still has {' and '.join(dict.fromkeys(still))}. Nobody is forgotten with something open: "
                "end it first, or wait until it is over."
            )
        pseudonym = FORGOTTEN_ID + "".join(secrets.choice(LETTERS) for _ in range(6))
        one(db, "PRAGMA secure_delete=ON")  # else the old text lies on in pages that are free again
        count = stored_forget.forget(db, person, pseudonym, ctx.clock(), who=who)
        if not count:  # nothing of this transaction is kept, its entry in the audit neither
            raise NotFound(f"Nothing is known of {person}.")
    return Forgotten(pseudonym, count, _copies(ctx))


def named_in(settings: Settings, person: str) -> list[str]:
    """The tables of the settings that name somebody."""
    found = ["[slack]"] if person in settings.slack.admins else []
    found += [f"[teams.{name}]" for name, team in settings.teams.items() if person in {*team.members, *team.approvers}]
    return found + (["[people]"] if person in settings.people.values() else [])


def keep_to_retention(ctx: Context) -> None:
    """Forget who left long ago, and empty what was written long ago, as `[retention]` says. Run it now and then."""
    limits, now = ctx.settings.retention, ctx.clock()
    if limits.notes_days:
        with ctx.store.writing() as db:
            stored_forget.erase_texts(db, now - limits.notes_days * DAY_MS)
    if not limits.leavers_days:
        return
    for person in stored_forget.leavers(ctx.store.reading(), now - limits.leavers_days * DAY_MS, A_NIGHT):
        if not named_in(ctx.settings, person) and not stored_forget.open_things(ctx.store.reading(), person):
            forget(ctx, person, who=VALET)


def _copies(ctx: Context) -> tuple[Path, ...]:
    place = backups.folder(ctx.settings, ctx.store.path)
    try:
        return tuple(sorted(path for path in place.iterdir() if day_of(path.name) is not None))
    except OSError:
        return ()
