"""/gpu stop for several machines: those that idle, or those that are named."""

from collections.abc import Sequence

from bot.domain.acting.batches import Asked
from bot.domain.listing import Listing
from bot.errors import Refused
from bot.services.acting import batching
from bot.services.desk import channel_of, exactly, find
from handlers.blocks.acting import batches
from handlers.blocks.parts import Reply
from handlers.commands.filters import filter_of, is_filter
from handlers.commands.parse import readable
from handlers.commands.verbs import Ask

IDLE = frozenset({"idle", "free", "held"})


def is_meant(ask: Ask) -> bool:
    """Whether a stop is about those that idle: it begins with that word, and no machine is called so."""
    return bool(ask.words) and ask.words[0].lower() in IDLE and exactly(ask.desk, ask.words[0]) is None


def stop_idle(ask: Ask) -> Reply:
    """`stop idle team:nlp the night is long`: of one's own team, where no team is named."""
    count = next((number for number, word in enumerate(ask.words) if not is_filter(word)), len(ask.words))
    chosen, reason = filter_of(ask.user, ask.words[:count]), ask.words[count:]
    team = chosen.team or ask.desk.roster().team_of(ask.user)
    wanted = filter_of(ask.user, [*ask.words[:count], f"team:{team}"] if team else ask.words[:count])
    found = batching.idle(ask.desk, wanted)
    if not found:
        of_team = f" of team {team}" if team else ""
        more = "" if chosen.team or not team else " `stop idle team:NAME` asks about another team's."
        raise Refused(f"No rented machine{of_team} idles just now.{more}")
    return put(ask, found, reason=readable(" ".join(reason)))


def named(ask: Ask) -> tuple[list[Listing], list[str]]:
    """The machines that a stop names, and the reason: further words count as long as each is exactly a name."""
    found = [find(ask.desk, ask.words[0])]
    for number, word in enumerate(ask.words[1:], start=1):
        further = exactly(ask.desk, word.rstrip(","))
        if further is None:
            return found, ask.words[number:]
        if all(further.instance.id != each.instance.id for each in found):
            found.append(further)
    return found, []


def put(ask: Ask, instance_ids: Sequence[str], *, reason: str = "", named: bool = False) -> Reply:
    """Put the question."""
    return told(ask, batching.ask(ask.desk, instance_ids, ask.user, reason=reason, named=named))


def told(ask: Ask, asked: Sequence[Asked]) -> Reply:
    """What came of it."""
    return batches.asked(asked, {each.team: channel_of(ask.desk, each.team) for each in asked})
