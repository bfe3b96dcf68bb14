"""/gpu hand: give one's claim to somebody else."""

import re

from bot.errors import Refused
from bot.services.sharing import handing
from handlers.blocks.parts import Reply
from handlers.blocks.sharing import handing as blocks
from handlers.commands.verbs import Ask, Verb, named, no_more

_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")


def hand(ask: Ask) -> Reply:
    """Ask somebody to take one's claim over."""
    listing, rest = named(ask, "hand", has_note=False)
    rest = rest[1:] if rest and rest[0].lower() == "to" else rest
    if not rest:
        raise Refused(f"To whom? Try `hand {listing.instance.name} @bob`.")
    found = _PERSON.fullmatch(rest[0])
    if found is None:
        raise Refused(f"I can't tell who \"{rest[0][:40]}\" is. Type @ and pick the person from Slack's list.")
    no_more(rest[1:], f"hand {listing.instance.name} {rest[0]}")
    return blocks.offered(handing.offer(ask.desk, listing.instance.id, ask.user, found[1]), listing)


VERBS = (Verb("hand", "hand <instance> @person", "Offer your claim to somebody, who has to accept it.", hand),)
