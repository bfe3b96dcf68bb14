"""How machines are called among the fleet: by their name, and where others look the same, with the end of their id."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.lookalikes import looks_like

SHOWN = 48
"""Characters of a name that are compared: lists and cards show hardly more."""
WIDEST = 60
"""Characters of a name with its mark, as they are sent: no text cuts the mark off."""
OWNED = "owned"
TAILS = (6, 8, 12)
"""How many characters of an id are shown, the fewest that tell the machines apart."""
_AS_MARKED = re.compile(r"/(owned|u\+|i-|[0-9a-f]{4,17}$)", re.IGNORECASE)
_AS_ID = re.compile(r"i-[0-9a-f]{8,17}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Bearer:
    """A machine and the name that its tag or host gives it."""

    id: str
    name: str
    is_gone: bool = False


def look_of(name: str) -> str:
    """What a name looks like where it is shown."""
    return looks_like(unicodedata.normalize("NFKC", name)[:SHOWN])


def told_apart(alike: Sequence[Bearer]) -> dict[str, str]:
    """How each of the machines that look the same is called, by id; one that is gone leaves its name to the living."""
    living = [each for each in alike if not each.is_gone]
    marks = _marks(alike)
    return {
        each.id: _fitting(each.name, f"/{marks[each.id]}")
        if each.id in marks and (len(alike if each.is_gone else living) > 1 or _poses(each))
        else each.name
        for each in alike
    }


def _marks(alike: Sequence[Bearer]) -> dict[str, str]:
    """What each is marked with, by id; a rented machine without a name goes by its whole id anyway."""
    tail = next((n for n in TAILS if len({each.id[-n:] for each in alike}) == len(alike)), None)
    hosts = [each for each in alike if each.name == each.id and not _AS_ID.fullmatch(each.id)]
    spelled = {each.id: _spelled(each.name) if len(hosts) > 1 else OWNED for each in hosts}
    return spelled | {each.id: _end(each.id, tail) for each in alike if each.name != each.id}


def _poses(bearer: Bearer) -> bool:
    """Its name reads like another machine's mark or id."""
    plain = unicodedata.normalize("NFKC", bearer.name)
    return bearer.name != bearer.id and bool(_AS_MARKED.search(plain) or _AS_ID.fullmatch(plain))


def _end(instance_id: str, tail: int | None) -> str:
    """The end of an id; all of one that is hardly longer."""
    return instance_id if tail is None or len(instance_id) < 2 * tail else instance_id[-tail:]


def _spelled(name: str) -> str:
    """What marks one of several hosts, whose name is their id: the first character that is not what it looks like."""
    odd = next((char for char in name if looks_like(char) not in {char, ""}), "")
    return f"U+{ord(odd):04X}" if odd else OWNED


def _fitting(name: str, mark: str) -> str:
    """Cut so that name and mark fit where names are shown, where "&" takes five characters."""
    kept, room = "", WIDEST - len(mark) - 1
    plain = unicodedata.normalize("NFKC", name)
    for char in plain:
        room -= 5 if char == "&" else 1
        if room < 0:
            return f"{kept}…{mark}"
        kept += char
    return f"{plain}{mark}"
