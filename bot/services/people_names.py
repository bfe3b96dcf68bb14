"""People by name where no mention can show it: on the command line, in calendars and files."""

import re
from collections import Counter
from collections.abc import Callable, Mapping

from bot.domain.clock import DAY
from bot.domain.fleet import plain
from bot.services.desk import Desk
from store import people_names

A_TIME = 20
"""So many are asked for at once; the others at the next times."""
USER = re.compile(r"\b[UW][A-Z0-9]{2,}\b", re.ASCII)
MENTION = re.compile(r"<@([UW][A-Z0-9]{2,})>", re.ASCII)
UNKNOWN = "(name not known)"


def learn(desk: Desk, name_of: Callable[[str], str | None]) -> None:
    """Ask how people are called whom nobody has asked for in the last day.

    `name_of` answers with an empty name for nobody, and with None where it can't say now: then no more are asked.
    """
    now = desk.clock()
    told: list[tuple[str, str]] = []
    for person in people_names.unasked(desk.store.reading(), now - DAY, A_TIME):
        name = name_of(person)
        if name is None:
            break
        told.append((person, plain(name, 60)))
    if told:
        with desk.store.writing() as db:
            people_names.learn(db, told, now)


def known(desk: Desk) -> dict[str, str]:
    """Names by Slack user id; a name that several have bears the id."""
    found = people_names.known(desk.store.reading())
    times = Counter(found.values())
    return {person: name if times[name] == 1 else f"{name} ({person})" for person, name in found.items()}


def called(names: Mapping[str, str], person: str) -> str:
    """The name; the id, marked, where none is known."""
    if person in names or not USER.fullmatch(person):
        return names.get(person, person)
    return f"{person} {UNKNOWN}"


def in_words(names: Mapping[str, str], text: str) -> str:
    """A text with the ids in it by name, where they are known."""
    plain = MENTION.sub(r"\1", text)
    return USER.sub(lambda found: names.get(found[0], found[0]), plain)
