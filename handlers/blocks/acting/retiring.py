"""The end of an owned machine: what is asked, and what its channel is told."""

from bot.domain.acting.actions import VALET
from bot.domain.acting.retirements import Retirement
from bot.domain.listing import Listing
from handlers import ids
from handlers.blocks.parts import Reply, button, plainly
from handlers.blocks.words import esc, length, person, persons

ENDS = "It leaves the list and costs nothing more from then on; its history stays."


def question(listing: Listing, heard: int | None, now: int) -> Reply:
    """What would happen, with the button that does it."""
    name = listing.instance.name
    silent = "was never heard" if heard is None else f"was last heard {length(now - heard)} ago"
    holders = persons([each.holder for each in listing.claims])
    claims = f" The claims of {holders} on it end." if listing.claims else ""
    text = f"Retire *{esc(name, 60)}*? Its agent {silent}. {ENDS}{claims}"
    return plainly(text, button(f"Retire {name}", ids.RETIRE, listing.instance.id))


def told(end: Retirement) -> Reply:
    """One end, as it stands, with the silence there was when it came to that."""
    name = esc(end.name, 60)
    silent = f"*{name}* has not reported for {length(end.at - end.heard_at)}" if end.heard_at else f"*{name}* is silent"
    if end.state == "announced":
        text = f"{silent}. Unless it reports within a day, it is retired. {ENDS}"
        return plainly(text, button(f"Keep {end.name}", ids.UNRETIRE, end.id), private=False)
    if end.state == "retired":
        why = f": {esc(end.reason, 300)}" if end.reason else ""
        by = f"{silent}, so it is retired" if end.who == VALET else f"{person(end.who)} retired *{name}*{why}"
        text = f"{by}. It costs nothing more from now on; its history stays. Should its agent report, it is back."
        return plainly(text, button(f"Bring {end.name} back", ids.UNRETIRE, end.id), private=False)
    if end.changed_by:
        did = f"keeps *{name}*" if end.state == "kept" else f"brought *{name}* back"
        return plainly(f"{person(end.changed_by)} {did}.", private=False)
    return plainly(f"*{name}* reports again, and stays.", private=False)
