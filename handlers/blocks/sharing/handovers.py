"""Handing a claim over: the question, its answers, and what the giver is told."""

from bot.domain.machines.listing import Listing
from bot.domain.sharing.claims import Claim
from bot.domain.sharing.handovers import Handover
from handlers.blocks.parts import Reply, actions, button, plainly, section
from handlers.blocks.words import day_at, ends, esc, gpus, person

# Messages that stand in Slack carry these, so their text never changes.
HAND_ACCEPT_BUTTON = "hand_accept"
HAND_DECLINE_BUTTON = "hand_decline"
HAND_WITHDRAW_BUTTON = "hand_withdraw"


def handover_offered(handover: Handover, listing: Listing) -> Reply:
    """Told to the giver: it is not settled yet."""
    name = esc(listing.instance.name, 60)
    text = f"Asked {person(handover.taker)} to take *{name}* over. It stays yours until they accept. The offer ends "
    return plainly(
        f"{text}{day_at(handover.expires_at)}.", button("Take the offer back", HAND_WITHDRAW_BUTTON, handover.id)
    )


def handover_withdrawn(handover: Handover, name: str) -> Reply:
    """Told to the giver who took the offer back."""
    what = f"*{esc(name, 60)}*" if name else "It"
    return plainly(f"{what} stays yours. {person(handover.taker)} sees that the offer is gone.")


def handover_question(handover: Handover, held: Claim, listing: Listing | None) -> Reply:
    """Put to the one who is to have it, in whatever state the offer is."""
    what = _what(held, listing)
    note = f" ({esc(held.note, 120)})" if held.note else ""
    text = f"{person(handover.giver)} offers you {what} until {ends(held)}{note}."
    if handover.state == "open":
        yes = button("Take it over", HAND_ACCEPT_BUTTON, handover.id, style="primary")
        buttons = actions(yes, button("No, thanks", HAND_DECLINE_BUTTON, handover.id))
        return Reply(text, [section(text), buttons])
    ending = {
        "taken": "You took it over.",
        "declined": "You said no.",
        "withdrawn": "They took the offer back.",
        "lapsed": "The offer has ended.",
    }[handover.state]
    return plainly(f"{text} {ending}")


def _what(held: Claim, listing: Listing | None) -> str:
    if listing is None:
        return "a machine that is gone"
    name = f"*{esc(listing.instance.name, 60)}*"
    return name if listing.is_whole(held) else f"{gpus(held.gpus)} of {name}"


def handover_answer(handover: Handover, held: Claim, listing: Listing | None) -> Reply:
    """Told to the giver, once it is settled."""
    what, taker = _what(held, listing), person(handover.taker)
    texts = {
        "taken": f"{taker} took {what} over.",
        "declined": f"{taker} does not want {what} now, so it stays yours.",
        "lapsed": f"Your offer of {what} to {taker} has ended without an answer.",
    }
    return plainly(texts.get(handover.state, f"Your offer of {what} to {taker} stands."))
