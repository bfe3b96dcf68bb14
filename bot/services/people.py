"""People by name where no mention can show it: on the command line, in calendars and files."""

import logging
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from bot.domain import parts
from bot.domain.clock import DAY_MS
from bot.domain.machines.fleet import plain_name
from bot.domain.people import is_forgotten
from bot.services.context import Context
from store import outbox as stored_outbox
from store import people as stored_people

A_TIME = 20
"""So many are asked for at once; the others at the next times."""
USER = re.compile(r"\b[UW][A-Z0-9]{2,}\b", re.ASCII)
UNKNOWN = "(name not known)"


class Called(NamedTuple):
    """What Slack says of a person: a name, empty for nobody, and whether they have left."""

    name: str
    has_left: bool = False


def learn(ctx: Context, ask: Callable[[str], Called | None]) -> None:
    """Ask how people are called, and whether they are still there, whom nobody has asked for in the last day.

    `ask` answers with None where it can't say now: then no more are asked for.
    """
    now = ctx.clock()
    told: list[tuple[str, str, bool]] = []
    for person in stored_people.unasked(ctx.store.reading(), now - DAY_MS, A_TIME):
        said = ask(person)
        if said is None:
            break
        told.append((person, plain_name(said.name, 60), said.has_left))
    if told:
        with ctx.store.writing() as db:
            stored_people.learn(db, told, now)


def known(ctx: Context) -> dict[str, str]:
    """Names by Slack user id; a name that several have bears the id."""
    found = stored_people.known(ctx.store.reading())
    times = Counter(found.values())
    return {person: name if times[name] == 1 else f"{name} ({person})" for person, name in found.items()}


def called(names: Mapping[str, str], person: str) -> str:
    """The name; the id, marked, where none is known."""
    if is_forgotten(person):
        return "(forgotten)"
    if person in names or not USER.fullmatch(person):
        return names.get(person, person)
    return f"{person} {UNKNOWN}"


def named_in_text(names: Mapping[str, str], text: str) -> str:
    """A text with the ids in it by name, where they are known."""
    text = parts.written(text, person=str, command=lambda name, words: parts.typed(f"/{name}", words))
    return USER.sub(lambda found: "(forgotten)" if is_forgotten(found[0]) else names.get(found[0], found[0]), text)


KIND = "roster"
ROSTER_PREFIX = "roster "
log = logging.getLogger(__name__)


def tell(ctx: Context, troubles: Mapping[str, str]) -> None:
    """Tell of each trouble that was not there before, by its key; one that is over can be told again."""
    told = stored_outbox.events(ctx.store.reading(), ROSTER_PREFIX)
    fresh = {key: sentence for key, sentence in troubles.items() if ROSTER_PREFIX + key not in told}
    over = [event for event in told if event.removeprefix(ROSTER_PREFIX) not in troubles]
    if not fresh and not over:
        return
    now, admins = ctx.clock(), sorted(ctx.roster().admins)
    with ctx.store.writing() as db:
        for event in over:
            stored_outbox.forget_event(db, event)
        for key, sentence in sorted(fresh.items()):
            log.error("%s", parts.plain(sentence))
            stored_outbox.new_event(db, ROSTER_PREFIX + key, now)
            for admin in admins:
                stored_outbox.tell(db, admin, f"{KIND}:{key}:{now}", kind=KIND, subject=sentence, now=now)
    ctx.wake()
