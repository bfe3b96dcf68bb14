"""Asking a holder to release: the question, its answers, and what the asker is told."""

from bot.domain.listing import Listing
from bot.domain.sharing.claims import Claim
from bot.domain.sharing.requests import Request
from handlers import ids
from handlers.blocks.parts import Block, Reply, button, plainly
from handlers.blocks.sharing.line import ordinal
from handlers.blocks.words import at, ends, esc, gpus, person

MOST_BUTTONS = 10


def _what(held: Claim, name: str, listing: Listing | None) -> str:
    some = "" if listing is None or listing.is_whole(held) else f"{gpus(held.gpus)} of "
    return f"{some}*{esc(name, 60)}*"


def question(request: Request, held: Claim, name: str, listing: Listing | None) -> Reply:
    """Put to the holder, in whatever state the request is."""
    reason = f" They say: {esc(request.reason, 300)}" if request.reason else ""
    text = f"{person(request.asker)} asks whether you could release {_what(held, name, listing)}.{reason}"
    if not request.answer:
        return plainly(
            f"{text}\nYour claim lasts until {ends(held)}; nothing happens unless you say so.",
            button("Release it", ids.GRANT_REQUEST, request.id, style="primary"),
            button("Extend by 1 h", ids.EXTEND_ANYWAY, request.id),
            button("Keep it", ids.KEEP_CLAIM, request.id),
        )
    became = {
        "released": "You released it.",
        "extended": f"You extended it, until {ends(held)}.",
        "kept": "You keep it.",
        "ended": "Your claim has ended.",
    }[request.answer]
    return plainly(f"{text}\n{became} They know.")


def asked(request: Request, held: Claim, name: str, *, is_new: bool) -> Reply:
    """Told to the one who asks."""
    holder, what = person(held.holder), f"*{esc(name, 60)}*"
    if is_new:
        text = f"I asked {holder} to release {what}; you hear from me when they answer. It is theirs until "
        return plainly(f"{text}{ends(held)}.", _wait(held))
    said = {
        "": "They have not answered yet.",
        "released": "They released it.",
        "extended": "They extended it.",
        "kept": "They keep it.",
        "ended": "Their claim has ended.",
    }[request.answer]
    return plainly(f"You asked {holder} for {what} at {at(request.asked_at)}; once is enough. {said}", _wait(held))


def _wait(held: Claim) -> Block:
    return button("Wait in line", ids.WAIT, held.instance_id)


def answer(request: Request, held: Claim, name: str, ahead: int | None) -> Reply:
    """What the holder said, for the one who asked; `ahead` is how many are before them in the line, if they wait."""
    holder, what = person(held.holder), f"*{esc(name, 60)}*"
    if request.answer == "kept":
        return plainly(f"{holder} keeps {what} until {ends(held)}.", _wait(held))
    if request.answer == "extended":
        return plainly(f"{holder} still needs {what} and extended it, until {ends(held)}.", _wait(held))
    begin = f"{holder} released {what}." if request.answer == "released" else f"{holder}'s claim on {what} has ended."
    if ahead is None:
        return plainly(f"{begin} `/gpu status` shows how things stand.")
    if ahead == 0:
        return plainly(f"{begin} Nobody waited before you, so you are asked first whether you want it.")
    who = "1 person waited" if ahead == 1 else f"{ahead:,} people waited"
    return plainly(f"{begin} {who} before you, so they are asked first; you are {ordinal(ahead + 1)} in the line.")


def whom(listing: Listing, user: str) -> Reply:
    """Several people hold it: which of them to ask."""
    name = esc(listing.instance.name, 60)
    others = [each for each in listing.claims if each.holder != user][:MOST_BUTTONS]
    rows = [f"{gpus(each.gpus)}: {person(each.holder)} until {ends(each)}" for each in others]
    buttons = [
        button(f"Ask the holder of {gpus(each.gpus)}", f"{ids.REQUEST}:{number}", each.id)
        for number, each in enumerate(others)
    ]
    return plainly("\n".join([f"Several people hold *{name}*. Whom shall I ask?", *rows]), *buttons)
