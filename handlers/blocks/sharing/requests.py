"""Requests as people see them: the question to a holder, what was asked for, and the answer."""

from collections.abc import Sequence

from bot.domain.machines.listing import Listing
from bot.domain.sharing.claims import Claim
from bot.domain.sharing.find import SparePart
from bot.domain.sharing.requests import ReleaseRequest
from handlers.blocks.buttons import RELEASE_BUTTON, REQUEST_BUTTON
from handlers.blocks.parts import Block, Reply, button, lines, plainly
from handlers.blocks.sharing.line import WAIT_BUTTON, ordinal
from handlers.blocks.words import at, day_at, ends, esc, gpu_command, gpus, length, person

# Messages that stand in Slack carry these, so their text never changes.
GRANT_REQUEST_BUTTON = "grant_request"
GRANT_PART_BUTTON = "grant_part"
EXTEND_ANYWAY_BUTTON = "extend_anyway"
KEEP_CLAIM_BUTTON = "keep_claim"

MOST_HOLDER_BUTTONS = 10


def ask_value(claim: Claim, part: SparePart | None, span: int | None) -> str:
    """What a button carries that asks a holder: the claim, which GPUs of it, and for how long."""
    some = ",".join(map(str, part.gpus)) if part and len(part.gpus) < len(claim.gpus) else ""
    return f"{claim.id}|{some}|{span or ''}"


def ask_button(claim: Claim, part: SparePart, number: int, span: int | None, *, name: str = "") -> Block:
    """[Ask Ada for these 2], or without the name where nobody knows it."""
    whom = f"Ask {name}" if name else "Ask"
    these = "this 1" if len(part.gpus) == 1 else f"these {len(part.gpus)}"
    return button(f"{whom} for {these}", f"{REQUEST_BUTTON}:{number}", ask_value(claim, part, span))


def part_in_words(listing: Listing, claim: Claim, part: SparePart, now: int) -> str:
    """GPUs 6-7 of dgx-1, idle for 4 h 52 m, Ada holds them."""
    idle = f", idle for {length(now - part.idle_since)}" if part.idle_since is not None else ""
    them = "it" if len(part.gpus) == 1 else "them"
    return f"{gpus(part.gpus)} of *{esc(listing.instance.name, 60)}*{idle}, {person(claim.holder)} holds {them}"


def _what(request: ReleaseRequest, held: Claim, name: str, listing: Listing | None) -> str:
    whole = listing is None or listing.is_whole(held)
    some = gpus(request.gpus) if request.gpus else "" if whole else gpus(held.gpus)
    return f"{some}{' of ' if some else ''}*{esc(name, 60)}*"


def request_question(request: ReleaseRequest, held: Claim, name: str, listing: Listing | None) -> Reply:
    """Put to the holder, in whatever state the request is."""
    what = _what(request, held, name, listing)
    reason = f" They say: {esc(request.reason, 300)}" if request.reason else ""
    span = f" for {length(request.length)}" if request.length else ""
    if request.gpus:
        text = f"{person(request.asker)} asks you for {what}{span}. {_standing(request, listing)}{reason}"
    else:
        text = f"{person(request.asker)} asks whether you could release {what}{span}.{reason}"
    if not request.answer:
        return _open_question(request, held, text)
    one = len(request.gpus) <= 1
    became = {
        "released": f"You handed {'it' if one else 'them'} over." if request.gpus else "You released it.",
        "extended": f"You extended your claim, until {ends(held)}.",
        "kept": f"You keep {'it' if one else 'them'}.",
        "ended": "Your claim has ended." if held.ended_at else "It is in your claim no more.",
    }[request.answer]
    return plainly(f"{text}\n{became} They know.")


def _standing(request: ReleaseRequest, listing: Listing | None) -> str:
    """How the GPUs stand: idle as they were found, or what is known of them now."""
    one = len(request.gpus) == 1
    if request.idle_since is not None:
        return f"{'It has' if one else 'They have'} been idle since {at(request.idle_since)}."
    busy = sorted(listing.busy.intersection(request.gpus)) if listing is not None else []
    if busy and len(busy) < len(request.gpus):
        return f"{gpus(busy)} {'is' if len(busy) == 1 else 'are'} in use."
    they = "It is" if one else "They are"
    return f"{they} in use." if busy else f"{they} unknown: nothing tells whether anybody works there."


def _open_question(request: ReleaseRequest, held: Claim, text: str) -> Reply:
    if not request.gpus:
        return plainly(
            f"{text}\nYour claim lasts until {ends(held)}. Nothing happens unless you say so.",
            button("Release it", GRANT_REQUEST_BUTTON, request.id, style="primary"),
            button("Extend by 1 h", EXTEND_ANYWAY_BUTTON, request.id),
            button("Keep it", KEEP_CLAIM_BUTTON, request.id),
        )
    rest = tuple(gpu for gpu in held.gpus if gpu not in request.gpus)
    return plainly(
        f"{text}\nYou would keep {gpus(rest)} until {ends(held)}. Nothing happens unless you say so.",
        button(f"Hand over {gpus(request.gpus)}", GRANT_PART_BUTTON, request.id, style="primary"),
        button("Keep it" if len(request.gpus) == 1 else "Keep them", KEEP_CLAIM_BUTTON, request.id),
    )


def request_sent(
    request: ReleaseRequest, held: Claim, name: str, listing: Listing | None, *, is_new: bool, now: int
) -> Reply:
    """Told to the one who asks."""
    holder, what = person(held.holder), _what(request, held, name, listing)
    if is_new:
        asked = f"for {what}{_idle(request, now)}" if request.gpus else f"to release {what}"
        text = f"I asked {holder} {asked}. I'll tell you what they say. Their claim lasts until {ends(held)}."
        return plainly(text, _wait(request, held))
    became = {
        "": "They have not answered yet.",
        "released": "They handed it over." if request.gpus else "They released it.",
        "extended": "They extended their claim.",
        "kept": "They keep it.",
        "ended": "Their claim has ended.",
    }[request.answer]
    return plainly(f"You asked {holder} for {what} already, {day_at(request.asked_at)}. {became}", _wait(request, held))


def _idle(request: ReleaseRequest, now: int) -> str:
    return f", idle for {length(now - request.idle_since)}" if request.idle_since is not None else ""


def _wait(request: ReleaseRequest, held: Claim) -> Block:
    return button("Wait in line", WAIT_BUTTON, f"{held.instance_id}|{len(request.gpus) or ''}|{request.length or ''}")


def request_answer(
    request: ReleaseRequest, held: Claim, name: str, listing: Listing | None, ahead: int | None
) -> Reply:
    """What the holder said, for the one who asked; `ahead` is how many are before them in the line, if they wait."""
    holder, what = person(held.holder), _what(request, held, name, listing)
    if request.answer == "kept":
        return plainly(f"{holder} keeps {what} until {ends(held)}.", _wait(request, held))
    if request.answer == "extended":
        return plainly(f"{holder} still needs {what}: the claim now lasts until {ends(held)}.", _wait(request, held))
    if request.answer == "released" and request.gpus and request.waiter_id is None:
        return _given(request, held, name, listing)
    begin = f"{holder} released {what}." if request.answer == "released" else f"{holder}'s claim on {what} has ended."
    if ahead is None:
        return plainly(f"{begin} {gpu_command('status')} shows how things stand.")
    if ahead == 0:
        return plainly(f"{begin} Nobody waited before you, so you are asked first whether you want it.")
    who = "1 person waited" if ahead == 1 else f"{ahead:,} people waited"
    return plainly(f"{begin} {who} before you, so they are asked first. You are {ordinal(ahead + 1)} in line.")


def _given(request: ReleaseRequest, held: Claim, name: str, listing: Listing | None) -> Reply:
    """The GPUs are the asker's now."""
    text = f"{person(held.holder)} handed you {_what(request, held, name, listing)}."
    mine = listing.claim_of(request.asker) if listing else None
    if mine is None or not set(request.gpus) <= set(mine.gpus):
        return plainly(text)
    they = "It is" if len(request.gpus) == 1 else "They are"
    return plainly(
        f"{text} {they} yours until {ends(mine)}.", button(f"Release {name}", RELEASE_BUTTON, held.instance_id)
    )


def which_holder(
    listing: Listing, asked: Sequence[tuple[Claim, SparePart]], now: int, span: int | None = None
) -> Reply:
    """Several people hold what is asked for: which of them to ask."""
    shown = asked[:MOST_HOLDER_BUTTONS]
    rows = [f"{_row(part, now)}: {person(claim.holder)} until {ends(claim)}" for claim, part in shown]
    buttons = [
        button(f"Ask for {gpus(part.gpus)}", f"{REQUEST_BUTTON}:{number}", ask_value(claim, part, span))
        for number, (claim, part) in enumerate(shown)
    ]
    first = f"Several people hold *{esc(listing.instance.name, 60)}*. Whom shall I ask?"
    return plainly(lines([first, *rows]), *buttons)


def _row(part: SparePart, now: int) -> str:
    return gpus(part.gpus) + (f", idle for {length(now - part.idle_since)}" if part.idle_since is not None else "")
