"""/gpu status and why: what runs, and how that is known."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.listing import Filter, Listing
from bot.services import desk, explaining, looking, names, sorts
from bot.services.acting import tidying
from bot.services.sharing import booking, searching, using
from handlers.blocks import fleet
from handlers.blocks.acting import dormant
from handlers.blocks.measuring import why as reasons
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import booking as bookings
from handlers.commands.filters import FILTERS, filter_of, is_filter
from handlers.commands.parse import Quoted
from handlers.commands.unclear import Choice, Unclear, choice
from handlers.commands.verbs import Ask, Verb, named


def status(ask: Ask, page: int = 0) -> Reply:
    """A page of the fleet, most wasteful first; or the one instance that is named."""
    named = _named(ask)
    if named is not None:
        return one(ask, named)
    chosen, now = _chosen(ask), ask.desk.clock()
    if chosen.state == "dormant":
        return dormant.dormant(tidying.dormant(ask.desk, chosen), now, page=page, query=" ".join(ask.words)[:100])
    if chosen.unclaimed:  # "free" is what `find` says one can have now
        everything = replace(chosen, state="", unclaimed=False)
        chosen = replace(everything, ids=searching.free_machines(ask.desk, everything, ask.user))
    found, totals = looking.page(ask.desk, chosen, limit=fleet.PAGE, offset=page * fleet.PAGE)
    query = " ".join(ask.words)[:100]
    return fleet.status(found, totals, looking.sources(ask.desk), now, page=page, query=query)


def _named(ask: Ask) -> Listing | None:
    """The one machine that all the words name; a machine that is called like a filter goes before it.

    Raises Unclear where its name only begins so, and a team, a type or a GPU model is called so.
    """
    found = names.readings(ask.desk, ask.words) if ask.words else []
    if found and found[0].count == len(ask.words) and (found[0].exact or not is_filter(ask.words[0])):
        sorts_too = [] if found[0].exact else sorts.sorts(ask.desk, found[0].said)
        if sorts_too:
            raise _either(ask.words, sorts_too, found[0].listings)
        return found[0].listings[0] if len(found[0].listings) == 1 else desk.find(ask.desk, found[0].said)
    if len(ask.words) != 1 or is_filter(ask.words[0]) or sorts.sorts(ask.desk, ask.words[0]):
        return None
    return desk.find(ask.desk, ask.words[0])


def _chosen(ask: Ask) -> Filter:
    """What the words choose: filters, or a team, a type or a GPU model by its bare name. Raises Refused, Unclear."""
    words, models = [], list[set[tuple[str, int]]]()
    for word in ask.words:
        meant = [word] if is_filter(word) else sorts.sorts(ask.desk, word) or [word]
        if len(meant) > 1:
            raise _either([word], meant, ())
        key, _, value = meant[0].partition(":")
        if key.lower() == "gpu" and value:
            models.append({*sorts.models(ask.desk, value)})
        else:
            words.append(meant[0])
    chosen = filter_of(ask.user, words)
    return replace(chosen, models=tuple(sorted(set.intersection(*models)))) if models else chosen


def _either(said: list[str], filters: list[str], listings: Sequence[Listing]) -> Unclear:
    """The question whether a filter is meant, or a machine."""
    choices = [choice(each) for each in filters]
    choices += [Choice(each.instance.name, (Quoted(each.instance.id),)) for each in listings]
    return Unclear(f'What is meant by "{" ".join(said)[:60]}"?', said, choices)


def one(ask: Ask, listing: Listing) -> Reply:
    """One instance, with what is booked of it next."""
    shown = fleet.single(using.with_users(ask.desk, looking.in_full(ask.desk, listing)), ask.desk.clock())
    return bookings.beside(shown, booking.upcoming(ask.desk, instance_id=listing.instance.id), listing)


def why(ask: Ask) -> Reply:
    """The rule, the readings and everything that counts for one instance."""
    listing, _ = named(ask, "why", has_note=False)
    return tell_why(ask, listing)


def tell_why(ask: Ask, listing: Listing) -> Reply:
    """Explain this one."""
    return reasons.why(explaining.explain(ask.desk, using.with_users(ask.desk, listing), ask.user), ask.desk.clock())


VERBS = (
    Verb("status", f"status [<instance>|{FILTERS}|gpu:a100]", "What runs, most wasteful first.", status),
    Verb("why", "why <instance>", "The rule, the readings and what happens next.", why),
)
