"""Tags as people spell them: one comparison of keys and values everywhere, and what is nearly right but does not count.

`Team`, `TEAM` and `team` are one key, as `valet-protect`, `Valet_Protect` and `ValetProtect` are; of several spellings
on one machine the exact one counts.
"""

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

NO = frozenset({"false", "no", "off", "0", "none", "null"})
CLOSE = 0.8
"""How alike two spellings are that are nearly one."""


def spelled(word: str) -> str:
    """A key or a value without what spellings differ in: case, blanks, dashes, underscores."""
    return "".join(char for char in word.casefold() if char.isalnum())


def same(one: str, other: str) -> bool:
    """Whether two keys, or two values, are one."""
    return one == other or (bool(spelled(one)) and spelled(one) == spelled(other))


def found(tags: Mapping[str, str], key: str) -> tuple[str, str] | None:
    """The tag of this key as the machine bears it; None when it bears none."""
    if key in tags:
        return key, tags[key]
    return next(((each, tags[each]) for each in sorted(tags) if same(each, key)), None)


def value(tags: Mapping[str, str], key: str) -> str:
    """The value of a tag; empty where there is none."""
    tag = found(tags, key)
    return tag[1] if tag else ""


def named(word: str, names: Collection[str]) -> str:
    """The one of some names that a value means, else the value itself."""
    return word if word in names else next((each for each in names if same(each, word)), word)


@dataclass(frozen=True, slots=True)
class Known:
    """The tags that count."""

    protect: str
    team: str
    managed: tuple[str, str]
    teams: tuple[str, ...] = ()


def doubts(tags: Mapping[str, str], known: Known) -> Iterator[str]:
    """What of a machine's tags looks as if it meant something else than it does, as sentences."""
    protect = found(tags, known.protect)
    if protect is not None and protect[1].strip().casefold() in NO:
        yield f"It bears {protect[0]}={protect[1]}, which protects it all the same: take the tag off to lift that."
    yield from _nearly(tags, known.protect, "so it is not protected") if protect is None else ()
    yield from _team(tags, known)
    managed = found(tags, known.managed[0])
    if managed is not None and managed != known.managed:
        key, right = known.managed
        yield f"It bears {managed[0]}={managed[1]} and not just {key}={right}, so AWS may refuse Valet's stops of it."


def _team(tags: Mapping[str, str], known: Known) -> Iterator[str]:
    team = found(tags, known.team)
    if team is None:
        yield from _nearly(tags, known.team, "so it belongs to no team")
    elif team[1] and known.teams and named(team[1], known.teams) not in known.teams:
        close = difflib.get_close_matches(spelled(team[1]), {spelled(each): each for each in known.teams}, 1, CLOSE)
        meant = next((each for each in known.teams if close and spelled(each) == close[0]), "")
        hint = f"; {meant} comes close" if meant else ""
        yield f"Its tag {team[0]}={team[1]} names no team of valet.toml{hint}."


def _nearly(tags: Mapping[str, str], key: str, then: str) -> Iterator[str]:
    """The tags whose key comes close to one that the machine does not bear."""
    for each in sorted(tags):
        if difflib.SequenceMatcher(None, spelled(each), spelled(key)).ratio() >= CLOSE:
            yield f"Its tag {each} looks like {key} and does not count, {then}."
