"""What of the fleet a word names beside a machine: a team, a type or family of types, a GPU model."""

from bot.domain.listing import Filter
from bot.domain.models import kind
from bot.errors import Refused
from bot.services.desk import Desk
from store import listings
from store.sharing import candidates


def sorts(desk: Desk, word: str) -> list[str]:
    """The filters that the word stands for: "team:nlp" for "nlp", "type:p4d" for "p4d", "gpu:a100" for "a100"."""
    named = (("team", _team(desk, word)), ("type", _type(desk, word.lower())), ("gpu", _gpu(desk, word)))
    return [f"{key}:{value}" for key, value in named if value]


def models(desk: Desk, said: str) -> tuple[tuple[str, int], ...]:
    """GPU models of the fleet that are meant, as reported, each with the MiB of one GPU. Raises Refused."""
    wanted = kind(said)
    return tuple(pair for pair in candidates.kinds(desk.store.reading()) if wanted.fits(*pair))


def _team(desk: Desk, word: str) -> str:
    is_set = any(team.name.lower() == word.lower() for team in desk.roster().teams)
    return word if is_set or listings.page(desk.store.reading(), Filter(team=word), limit=1) else ""


def _type(desk: Desk, word: str) -> str:
    types = listings.types(desk.store.reading())
    is_family = any(each.partition(".")[0] == word for each in types)
    return word if is_family or ("." in word and any(each.startswith(word) for each in types)) else ""


def _gpu(desk: Desk, word: str) -> str:
    try:
        return word if kind(word).core and models(desk, word) else ""
    except Refused:
        return ""
