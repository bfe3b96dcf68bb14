"""Buttons that offer a machine."""

from bot.domain.listing import Listing
from handlers import ids
from handlers.blocks.parts import Block, button


def claim_button(listing: Listing) -> Block:
    """[Claim X], or [Claim 2 GPUs of X] where the others are taken."""
    instance, left = listing.instance, len(listing.unclaimed)
    if left == len(listing.gpus):
        return button(f"Claim {instance.name}", ids.CLAIM, instance.id)
    return button(f"Claim {left} GPU{'' if left == 1 else 's'} of {instance.name}", ids.CLAIM_REST, instance.id)
