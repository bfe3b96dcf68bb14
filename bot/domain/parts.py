"""What a sentence made below the face names without knowing who will write it: a person, a command, a moment.

A sentence is a text in which such a part stands in angle brackets, `<person U0BOB> keeps train-7: <gpu stop train-7>`.
It is kept like that, too. No name holds an angle bracket (`bot.domain.machines.fleet.plain`), so none poses as a part.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

_PART = re.compile(
    r"<person (?P<person>\w+)>|<moment (?P<moment>\d{1,15})>|<(?P<name>gpu|cost)(?P<words> [^<>]+)?>"
    r"|<@(?P<mention>[UW][A-Z0-9]+)>|`/(?P<old_name>gpu|cost)(?P<old_words> [^`]+)?`"
)
"""The second line reads what was kept as Slack writes it, before sentences had parts."""

_BRACKETS = str.maketrans("", "", "<>")


def person(user: str) -> str:
    """A person, by Slack user id."""
    return f"<person {user}>"


def persons(users: Iterable[str], joint: str = " or ", nobody: str = "") -> str:
    """Several people, by id; `nobody` where there is none."""
    return joint.join(map(person, users)) or nobody


def gpu(*words: str) -> str:
    """The machine command with what follows it, to be typed; what people typed can't end the part."""
    return f"<{' '.join(('gpu', *words)).translate(_BRACKETS)}>"


def moment(instant: int) -> str:
    """An instant, UTC milliseconds."""
    return f"<moment {instant}>"


def in_utc(instant: int) -> str:
    """An instant where nobody's zone is known."""
    return f"{datetime.fromtimestamp(instant / 1000, UTC):%a %-d %b %H:%M} UTC"


def written(
    sentence: str,
    *,
    person: Callable[[str], str],
    command: Callable[[str, str], str],
    moment: Callable[[int], str] = in_utc,
    text: Callable[[str], str] = str,
) -> str:
    """A sentence as a face writes it: people by id, commands by `gpu` or `cost` and the words that follow, the rest."""
    pieces, end = [], 0
    for part in _PART.finditer(sentence):
        pieces.append(text(sentence[end : part.start()]))
        if user := part["person"] or part["mention"]:
            pieces.append(person(user))
        elif part["moment"]:
            pieces.append(moment(int(part["moment"])))
        else:
            words = part["words"] or part["old_words"] or ""
            pieces.append(command(part["name"] or part["old_name"], words.strip()))
        end = part.end()
    return "".join([*pieces, text(sentence[end:])])


def plain(sentence: str) -> str:
    """A sentence without a face, for logs and files: people by id, commands by their usual names."""
    return written(sentence, person=lambda user: f"@{user}", command=lambda name, words: typed(f"/{name}", words))


def typed(command: str, words: str = "") -> str:
    """A command as people type it, set off from the words around it."""
    return f"`{command} {words}`" if words else f"`{command}`"
