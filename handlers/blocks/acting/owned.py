"""What is said of an owned machine itself: how many GPUs it has."""

from bot.domain.listing import Listing
from handlers import ids
from handlers.blocks.parts import Block, Reply, button, plainly
from handlers.blocks.words import esc, plural


def has_now(listing: Listing, count: int) -> Block:
    """[dgx-1 has 7 GPUs now]"""
    label = f"{listing.instance.name} has {plural(count, 'GPU')} now"
    return button(label, ids.GPUS_NOW, f"{count}|{listing.instance.id}")


def counted(listing: Listing, seen: int) -> Reply:
    """How many GPUs it has, how many its agent sees, and what to press where those differ."""
    name, count = esc(listing.instance.name, 60), listing.instance.gpu_count
    if seen >= count:
        return plainly(f"*{name}* has {plural(count, 'GPU')}, and its agent sees all of them.")
    return plainly(
        f"*{name}* had {plural(count, 'GPU')}, and its agent sees {seen:,}. The others are unknown and may work. "
        "If they were taken out, say so; if not, look at the driver there.",
        has_now(listing, seen),
    )


def confirmed(listing: Listing) -> Reply:
    """Told to whoever said it."""
    name, count = esc(listing.instance.name, 60), plural(listing.instance.gpu_count, "GPU")
    return plainly(
        f"*{name}* has {count} now. Should its agent see more again, they count by themselves.", private=False
    )


def renamed(listing: Listing, before: Listing) -> Reply:
    """Told to whoever renamed it, and seen by the others."""
    name, host = esc(listing.instance.name, 60), esc(listing.instance.id, 60)
    text = (
        f"*{esc(before.instance.name, 60)}* is called *{name}* from now on; its history and claims stay. "
        f"Its agent reports as `{host}` as before (`--host {host}`), and valet.toml keeps that name too."
    )
    return plainly(text, private=False)
