"""/gpu count, rename and retire: what an owned machine has, is called, and that it is no more."""

from bot.errors import Refused
from bot.services import explaining, sorts
from bot.services.acting import owned, retiring
from handlers.blocks.acting import owned as blocks
from handlers.blocks.acting import retiring as ends
from handlers.blocks.parts import Reply
from handlers.commands import taken
from handlers.commands.verbs import Ask, Verb, named


def count(ask: Ask) -> Reply:
    """How many GPUs its agent sees; with a number, that those are all there are."""
    listing, rest = named(ask, "count")
    words = [word.lower() for word in rest if word.lower() not in {"gpu", "gpus"}]
    if not words:
        heard = explaining.heard(ask.desk, listing.instance.id)
        if heard is None:
            raise Refused(f"No agent has told how many GPUs {listing.instance.name} has.")
        return blocks.counted(listing, heard.gpus_seen)
    if len(words) > 1 or not (words[0].isascii() and words[0].isdecimal() and len(words[0]) < 4):
        raise Refused(f"How many GPUs has it? Try `/gpu count {listing.instance.name} 7`.")
    return blocks.confirmed(owned.confirm(ask.desk, listing.instance.id, ask.user, int(words[0])))


def rename(ask: Ask) -> Reply:
    """Call an owned machine by another name."""
    listing, rest = named(ask, "rename")
    words = rest[1:] if rest[:1] == ["to"] else rest
    if len(words) != 1:
        raise Refused(
            f"What shall {listing.instance.name} be called? Try `/gpu rename {listing.instance.name} dgx-one`."
        )
    means = taken.meaning(words[0]) or ", ".join(f"`{each}`" for each in sorts.sorts(ask.desk, words[0]))
    return blocks.renamed(owned.rename(ask.desk, listing.instance.id, ask.user, words[0], means=means), listing)


def retire(ask: Ask) -> Reply:
    """Ask before an owned machine is taken off the list."""
    listing, rest = named(ask, "retire")
    if rest:
        raise Refused(f"`/gpu retire {listing.instance.name}` takes the name of one machine and nothing else.")
    found, heard = retiring.question(ask.desk, listing.instance.id, ask.user)
    return ends.question(found, heard, ask.desk.clock())


VERBS = (
    Verb("rename", "rename <owned> <name>", "Call an owned machine by another name; its history stays.", rename),
    Verb("retire", "retire <owned>", "Take an owned machine that is no more off the list; its history stays.", retire),
    Verb("count", "count <owned> [gpus]", "How many GPUs its agent sees, or say that those are all it has.", count),
)
