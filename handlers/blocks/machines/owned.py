"""What is said of an owned machine itself: how many GPUs it has."""

from bot.domain.acting.actions import VALET
from bot.domain.machines.listing import Listing
from bot.domain.machines.owned import Retirement
from handlers.blocks.parts import Block, Reply, button, plainly
from handlers.blocks.words import esc, length, person, persons, plural

# Messages that stand in Slack carry these, so their text never changes.
GPUS_NOW_BUTTON = "gpus_now"
RETIRE_BUTTON = "retire"
UNRETIRE_BUTTON = "unretire"


def has_now(listing: Listing, count: int) -> Block:
    """[dgx-1 has 7 GPUs now]"""
    label = f"{listing.instance.name} has {plural(count, 'GPU')} now"
    return button(label, GPUS_NOW_BUTTON, f"{count}|{listing.instance.id}")


def gpus_counted(listing: Listing, seen: int) -> Reply:
    """How many GPUs it has, how many its agent sees, and what to press where those differ."""
    name, count = esc(listing.instance.name, 60), listing.instance.gpu_count
    if seen >= count:
        return plainly(f"*{name}* has {plural(count, 'GPU')}, and its agent sees all of them.")
    return plainly(
        f"*{name}* has {plural(count, 'GPU')}, but its agent sees only {seen:,}. The others are unknown and may be in "
        "use. If they were taken out, press the button. If not, check the driver there.",
        has_now(listing, seen),
    )


def gpus_confirmed(listing: Listing) -> Reply:
    """Told to whoever said it."""
    name, count = esc(listing.instance.name, 60), plural(listing.instance.gpu_count, "GPU")
    return plainly(f"*{name}* has {count} now. If its agent sees more again, they count at once.", private=False)


def machine_renamed(listing: Listing, before: Listing) -> Reply:
    """Told to whoever renamed it, and seen by the others."""
    name, host = esc(listing.instance.name, 60), esc(listing.instance.id, 60)
    text = (
        f"*{esc(before.instance.name, 60)}* is called *{name}* from now on; its history and claims stay. "
        f"Its agent reports as `{host}` as before (`--host {host}`), and valet.toml keeps that name too."
    )
    return plainly(text, private=False)


WHAT_RETIRING_ENDS = "It leaves the list and costs nothing more from then on; its history stays."


def retirement_question(listing: Listing, heard: int | None, now: int) -> Reply:
    """What would happen, with the button that does it."""
    name = listing.instance.name
    silent = "was never heard" if heard is None else f"was last heard {length(now - heard)} ago"
    holders = persons([each.holder for each in listing.claims])
    claims = f" The claims of {holders} on it end." if listing.claims else ""
    text = f"Retire *{esc(name, 60)}*? Its agent {silent}. {WHAT_RETIRING_ENDS}{claims}"
    return plainly(text, button(f"Retire {name}", RETIRE_BUTTON, listing.instance.id))


def retirement(end: Retirement) -> Reply:
    """One end, as it stands, with the silence there was when it came to that."""
    name = esc(end.name, 60)
    silent = f"*{name}* has not reported for {length(end.at - end.heard_at)}" if end.heard_at else f"*{name}* is silent"
    if end.state == "announced":
        text = f"{silent}. Unless it reports within a day, it is retired. {WHAT_RETIRING_ENDS}"
        return plainly(text, button(f"Keep {end.name}", UNRETIRE_BUTTON, end.id), private=False)
    if end.state == "retired":
        why = f": {esc(end.reason, 300)}" if end.reason else ""
        by = f"{silent}, so it is retired" if end.who == VALET else f"{person(end.who)} retired *{name}*{why}"
        text = f"{by}. It costs nothing more from now on; its history stays. If its agent reports, it is back."
        return plainly(text, button(f"Bring {end.name} back", UNRETIRE_BUTTON, end.id), private=False)
    if end.changed_by:
        did = f"keeps *{name}*" if end.state == "kept" else f"brought *{name}* back"
        return plainly(f"{person(end.changed_by)} {did}.", private=False)
    return plainly(f"*{name}* reports again, and stays.", private=False)
