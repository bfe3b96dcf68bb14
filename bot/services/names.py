"""Which machine the words of a command name, where names may have blanks, look like options, or begin alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from bot.domain.machines.listing import FleetFilter, Listing
from bot.domain.machines.models import gpu_kind
from bot.errors import Refused
from bot.services.context import Context
from store.machines import listings
from store.sharing import find as stored_find

MOST = 10
"""Words of a name."""
_AROUND = "`'\"*_~"
"""What people copy along with a name."""


@dataclass(frozen=True, slots=True)
class Named:
    """Machines that the first words name."""

    listings: tuple[Listing, ...]
    """One, unless several are called so or begin so."""
    count: int
    """Words that the name takes."""
    said: str
    """Those words."""
    exact: bool
    """It is the whole name, or the id; else a name begins so."""


def readings(ctx: Context, words: Sequence[str]) -> list[Named]:
    """Every way to take the first words for a name, the longest first; whole names before mere beginnings.

    Beginnings are told only of the most words for which there is any.
    """
    db = ctx.store.reading()
    whole: list[Named] = []
    begun: Named | None = None
    for count in range(1, min(len(words), MOST) + 1):
        said = " ".join(words[:count])
        found, is_exact = _matching(db, said)
        if found and is_exact:
            whole.append(Named(tuple(found), count, said, exact=True))
        elif found:
            begun = Named(tuple(found), count, said, exact=False)
        if not _goes_on(db, said):
            break
    is_more = begun is not None and (not whole or begun.count > whole[-1].count)
    return [*whole[::-1], *([begun] if begun is not None and is_more else [])]


def whole_name(ctx: Context, words: Sequence[str]) -> Named | None:
    """The longest whole name, or id, that the first words are; None where they are none."""
    return next((each for each in readings(ctx, words) if each.exact), None)


def _matching(db: Database, said: str) -> tuple[list[Listing], bool]:
    """Machines of just that name or id, else those whose name begins so, and which of the two it is."""
    for word in dict.fromkeys((said, said.rstrip(".,"), _unwrapped(said.rstrip(".,")))):
        found = listings.matching_listings(db, word)
        if found:
            whole = [each for each in found if each.instance.goes_by(word)]
            return (whole, True) if whole else (found, False)
    return [], True


def _unwrapped(said: str) -> str:
    """Without the marks that stand on both sides of it."""
    return said[1:-1].rstrip(".,") if len(said) > 2 and said[0] in _AROUND and said[0] == said[-1] else said


def _goes_on(db: Database, said: str) -> bool:
    """Some name goes on with a blank after that."""
    return bool(listings.matching_listings(db, f"{said.lstrip(_AROUND)} "))


def in_use(ctx: Context) -> list[str]:
    """The names of all machines."""
    return listings.names_in_use(ctx.store.reading())


def sorts(ctx: Context, word: str) -> list[str]:
    """The filters that the word stands for: "team:nlp" for "nlp", "type:p4d" for "p4d", "gpu:a100" for "a100"."""
    named = (("team", _team(ctx, word)), ("type", _type(ctx, word.lower())), ("gpu", _gpu(ctx, word)))
    return [f"{key}:{value}" for key, value in named if value]


def models(ctx: Context, said: str) -> tuple[tuple[str, int], ...]:
    """GPU models of the fleet that are meant, as reported, each with the MiB of one GPU. Raises Refused."""
    wanted = gpu_kind(said)
    return tuple(pair for pair in stored_find.gpu_kinds(ctx.store.reading()) if wanted.fits(*pair))


def _team(ctx: Context, word: str) -> str:
    is_set = any(team.name.lower() == word.lower() for team in ctx.roster().teams)
    return word if is_set or listings.listings_page(ctx.store.reading(), FleetFilter(team=word), limit=1) else ""


def _type(ctx: Context, word: str) -> str:
    types = listings.rented_types(ctx.store.reading())
    is_family = any(each.partition(".")[0] == word for each in types)
    return word if is_family or ("." in word and any(each.startswith(word) for each in types)) else ""


def _gpu(ctx: Context, word: str) -> str:
    try:
        return word if gpu_kind(word).core and models(ctx, word) else ""
    except Refused:
        return ""
