"""Tags as people spell them: one comparison of keys and values everywhere, and what is nearly right but does not count.

`Team`, `TEAM` and `team` are one key, as `valet-protect`, `Valet_Protect` and `ValetProtect` are; of several spellings
on one machine the exact one counts.
"""

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

NO_VALUES = frozenset({"false", "no", "off", "0", "none", "null"})
CLOSE_SPELLING = 0.8
"""How alike two spellings are that are nearly one."""


def spelling_of(word: str) -> str:
    """A key or a value without what spellings differ in: case, blanks, dashes, underscores."""
    return "".join(char for char in word.casefold() if char.isalnum())


def same_spelling(one: str, other: str) -> bool:
    """Whether two keys, or two values, are one."""
    return one == other or (bool(spelling_of(one)) and spelling_of(one) == spelling_of(other))


def tag_of(tags: Mapping[str, str], key: str) -> tuple[str, str] | None:
    """The tag of this key as the machine bears it; None when it bears none."""
    if key in tags:
        return key, tags[key]
    return next(((each, tags[each]) for each in sorted(tags) if same_spelling(each, key)), None)


def tag_value(tags: Mapping[str, str], key: str) -> str:
    """The value of a tag; empty where there is none."""
    tag = tag_of(tags, key)
    return tag[1] if tag else ""


def name_meant(word: str, names: Collection[str]) -> str:
    """The one of some names that a value means, else the value itself."""
    return word if word in names else next((each for each in names if same_spelling(each, word)), word)


@dataclass(frozen=True, slots=True)
class KnownTags:
    """The tags that count."""

    protect: str
    team: str
    managed: tuple[str, str]
    teams: tuple[str, ...] = ()


def tag_doubts(tags: Mapping[str, str], known: KnownTags) -> Iterator[str]:
    """What of a machine's tags looks as if it meant something else than it does, as sentences."""
    protect = tag_of(tags, known.protect)
    if protect is not None and protect[1].strip().casefold() in NO_VALUES:
        yield f"It bears {protect[0]}={protect[1]}, which protects it all the same: take the tag off to lift that."
    yield from _nearly(tags, known.protect, "so it is not protected") if protect is None else ()
    yield from _team(tags, known)
    managed = tag_of(tags, known.managed[0])
    if managed is not None and managed != known.managed:
        key, right = known.managed
        yield f"It bears {managed[0]}={managed[1]} and not just {key}={right}, so AWS may refuse Valet's stops of it."


def _team(tags: Mapping[str, str], known: KnownTags) -> Iterator[str]:
    team = tag_of(tags, known.team)
    if team is None:
        yield from _nearly(tags, known.team, "so it belongs to no team")
    elif team[1] and known.teams and name_meant(team[1], known.teams) not in known.teams:
        close = difflib.get_close_matches(
            spelling_of(team[1]), {spelling_of(each): each for each in known.teams}, 1, CLOSE_SPELLING
        )
        meant = next((each for each in known.teams if close and spelling_of(each) == close[0]), "")
        hint = f"; {meant} comes close" if meant else ""
        yield f"Its tag {team[0]}={team[1]} names no team of valet.toml{hint}."


def _nearly(tags: Mapping[str, str], key: str, then: str) -> Iterator[str]:
    """The tags whose key comes close to one that the machine does not bear."""
    for each in sorted(tags):
        if difflib.SequenceMatcher(None, spelling_of(each), spelling_of(key)).ratio() >= CLOSE_SPELLING:
            yield f"Its tag {each} looks like {key} and does not count, {then}."
