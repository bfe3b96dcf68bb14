"""/gpu stop for several machines: those that idle, or those that are named."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import dropwhile

from bot.domain import parts
from bot.domain.acting.batches import BatchResult
from bot.domain.machines.listing import Listing
from bot.errors import Refused
from bot.nearest import nearest
from bot.services import names
from bot.services.acting import batches
from bot.services.context import is_known, team_channel
from bot.services.names import Named
from handlers import verbs
from handlers.blocks.acting import batches as batches_blocks
from handlers.blocks.parts import Reply
from handlers.parsing import order
from handlers.parsing.scopes import filter_of, is_filter
from handlers.parsing.text import Quoted, readable
from handlers.parsing.unclear import Unclear, WordChoice, as_note
from handlers.verbs import Ask, sounds_like_words

IDLE_WORDS = frozenset({"idle", "free", "held"})
_AHEAD = frozenset({"all", "the", "every", "any"})
_BEHIND = frozenset({"machine", "machines", "instance", "instances", "ones", "gpus", "boxes", "of", "in"})
_ALL = frozenset({"all", "everything", "every", "team", "mine", "unused", "idling", "gpus", "machines", "instances"})


def is_about_idle(ask: Ask) -> bool:
    """Whether a stop is about those that idle: it begins with that word, and no machine is called so.

    Raises Refused for what comes near it: several machines are not stopped by a guess.
    """
    if not ask.words or names.whole_name(ask.ctx, ask.words) is not None:
        return False
    plain = [word.lower() for word in _from_idle(ask.words)]
    if plain[:1] and plain[0] in IDLE_WORDS:
        return True
    first = ask.words[0].lower()
    near = nearest(plain[0], IDLE_WORDS, 1) if plain else []
    if (near or first in _ALL or is_filter(first)) and not is_known(ask.ctx, ask.words[0]):
        team = [word for word in ask.words if word.lower().startswith("team:")]
        idle = parts.gpu("stop", near[0] if near else "idle", *team[:1])
        raise Refused(f"{idle} asks about all that stand idle; machines that are named are asked about one by one.")
    return False


def _from_idle(words: list[str]) -> list[str]:
    """ "all the idle ones" begins with "idle"."""
    count = next((number for number, word in enumerate(words) if word.lower() not in _AHEAD), len(words))
    return words[count:]


def stop_idle(ask: Ask) -> Reply:
    """`stop idle team:nlp the night is long`: of one's own team, where no team is named."""
    words = _from_idle(ask.words)
    words = [*words[:1], *dropwhile(lambda word: word.lower() in _BEHIND, words[1:])]
    count = next((number for number, word in enumerate(words) if not is_filter(word)), len(words))
    chosen, reason = filter_of(ask.user, words[:count]), words[count:]
    team = chosen.team or ask.ctx.roster().team_of(ask.user)
    wanted = filter_of(ask.user, [*words[:count], f"team:{team}"] if team else words[:count])
    found = batches.idle_ids(ask.ctx, wanted)
    more = batches_blocks.idle_as_well(*batches.count_beside(ask.ctx, chosen, found), ["idle", *words[1:count]])
    if not found:
        of_team = f" of team {team}" if team else ""
        none = f"No rented machine{of_team} is seen idle just now.{_nearest_team(ask, chosen.team)}"
        raise Refused(" ".join(filter(None, [none, more])))
    return batch_told(ask, batches.ask_stops(ask.ctx, found, ask.user, reason=readable(" ".join(reason))), more)


def _nearest_team(ask: Ask, team: str) -> str:
    """Whom a mistyped team may mean; empty where it is known or comes near to none."""
    known = ask.ctx.settings.teams
    close = nearest(team, known) if team and team not in known else []
    return f" Did you mean team:{' or team:'.join(close)}?" if close else ""


def named_machines(ask: Ask) -> tuple[list[Listing], list[str]]:
    """The machines that a stop names, and the reason: further words count as long as each is exactly a name."""
    ask = replace(ask, words=order.split_names(ask.ctx, ask.words))
    first, rest = verbs.named(ask, "stop")
    found = [first]
    while rest:
        joined = rest[0].lower() in {"and", "&", "+", ","}
        other = names.whole_name(ask.ctx, rest[int(joined) :])
        if other is None:
            break
        if not joined and sounds_like_words(other.said):
            raise _machine_or_reason(rest, other)
        further, rest = verbs.named(replace(ask, words=rest[int(joined) :]), "stop")
        if all(further.instance.id != each.instance.id for each in found):
            found.append(further)
    return found, rest


def _machine_or_reason(rest: list[str], other: Named) -> Unclear:
    """A machine called "for" may be meant, or a reason begins."""
    name = other.listings[0].instance.name
    as_well = ("and", Quoted(other.listings[0].instance.id), *rest[other.count :])
    question = f'Is "{name[:40]}" a machine to stop, or does the reason begin there?'
    return Unclear(question, rest, [WordChoice(f"{name} as well", as_well), as_note(rest, "The reason")])


def ask_batch(ask: Ask, instance_ids: Sequence[str], *, reason: str = "", named: bool = False) -> Reply:
    """Put the question."""
    return batch_told(ask, batches.ask_stops(ask.ctx, instance_ids, ask.user, reason=reason, named=named))


def batch_told(ask: Ask, asked: Sequence[BatchResult], more: str = "") -> Reply:
    """What came of it, and what was not asked about."""
    return batches_blocks.batch_asked(asked, {each.team: team_channel(ask.ctx, each.team) for each in asked}, more)
