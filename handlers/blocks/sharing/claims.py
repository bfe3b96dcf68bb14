"""What is said when something is claimed, extended, released, or taken already."""

from collections.abc import Sequence

from bot.domain.clock import HOUR_MS
from bot.domain.machines.listing import Listing
from bot.domain.machines.states import in_words
from bot.domain.money.rates import cost_for
from bot.domain.sharing.claims import Claim, GpuChoice
from bot.domain.sharing.find import FindOption, FindResult, idle_part, open_gpus, tier_of
from handlers.blocks.acting.approvals import ASK_STOP_BUTTON
from handlers.blocks.buttons import RELEASE_BUTTON, REQUEST_BUTTON
from handlers.blocks.parts import Block, Reply, actions, button, confirm, context, lines, plainly, section
from handlers.blocks.sharing.find import FindQuery, option_button, option_rows
from handlers.blocks.sharing.line import people_wait
from handlers.blocks.sharing.requests import ask_button, ask_value, part_in_words
from handlers.blocks.words import about, ends, esc, gpus, length, person, roughly

# Messages that stand in Slack carry these, so their text never changes.
EXTEND_BUTTON = "extend"
RELEASE_OTHERS_BUTTON = "release_others"
CLAIM_UNTIL_BUTTON = "claim_until"

MOST_CLAIM_BUTTONS = 10


def claim_made(
    listing: Listing, holder: str, *, remark: str = "", waiting: Sequence[str] = (), used: str = ""
) -> Reply:
    """Somebody has it now; the others see it too. The remark is on how their words were understood.

    `used` says who works there without a claim.
    """
    held = listing.claim_of(holder)
    if held is None:
        return plainly(f"{esc(listing.instance.name, 60)} is free again.")
    name = listing.instance.name
    text = _whose(listing, held)
    buttons = actions(
        button("Extend by 1 h", f"{EXTEND_BUTTON}:1", f"{held.id}|1"),
        button("Extend by 4 h", f"{EXTEND_BUTTON}:4", f"{held.id}|4"),
        button(f"Release {name}", RELEASE_BUTTON, listing.instance.id),
    )
    small = [section(f":warning: {used}")] if used else []
    small += [context(esc(remark))] if remark else []
    small += [context(f"{people_wait(waiting)} for it.")] if waiting else []
    return Reply(text, [section(text), *small, buttons], private=False)


def _whose(listing: Listing, held: Claim) -> str:
    """Who has what of it, until when and for what."""
    name = f"*{esc(listing.instance.name, 60)}*"
    note = f" ({esc(held.note, 120)})" if held.note else ""
    if listing.is_whole(held):
        return f"{name} is {person(held.holder)}'s until {ends(held)}{note}."
    verb = "is" if len(held.gpus) == 1 else "are"
    return f"{gpus(held.gpus)} of {name} {verb} {person(held.holder)}'s until {ends(held)}{note}."


def claim_released(listing: Listing, held: Claim, person_id: str, now: int, *, after: str = "") -> Reply:
    """It is free again, with thanks when it is early; `after` is the first of those who wait for it."""
    name, left = listing.instance.name, held.until_at - now
    own = person_id == held.holder
    early = f", {length(left)} early{'. Thanks' if own else ''}" if left >= HOUR_MS else ""
    whose = "" if own else f" It was {person(held.holder)}'s."
    some = "" if listing.is_whole(held) else f"{gpus(held.gpus)} of "
    line = f" {person(after)} is next in line." if after else ""
    worth = _worth(listing, held, left) if early else ""
    text = f"{person(person_id)} released {some}*{esc(name, 60)}*{early}.{whose}{worth}{line}"
    idle = listing.verdict is not None and listing.verdict.is_idle and listing.instance.provider == "ec2"
    if not idle or after or len(listing.claims) > 1:
        return Reply(text, [section(text)], private=False)
    return plainly(text, button(f"Stop {name}…", ASK_STOP_BUTTON, listing.instance.id), private=False)


def _worth(listing: Listing, held: Claim, left: int) -> str:
    """What the time that is left would cost: others can have it, or it is saved by a stop."""
    if listing.rate is None:
        return ""
    share = cost_for(listing.rate.micros_per_hour * len(held.gpus) // len(listing.gpus), left)
    return f" That leaves {about(exact=listing.rate.exact)}{roughly(share)} of GPU time to others."


def which_to_release(listing: Listing) -> Reply:
    """Asked before the claims of others are ended, one by one."""
    text = lines([*(_whose(listing, held) for held in listing.claims), f"It is {in_words(listing.state)}."])
    buttons = [_end_button(listing, held, number) for number, held in enumerate(listing.claims[:MOST_CLAIM_BUTTONS])]
    return plainly(text, *buttons)


def _end_button(listing: Listing, held: Claim, number: int) -> Block:
    sure = confirm("End this claim?", f"{_whose(listing, held)} They are told.", yes="End it", no="Back")
    some = "" if listing.is_whole(held) else f"{gpus(held.gpus)} of "
    label = f"Release {some}{listing.instance.name} anyway"
    return button(label, f"{RELEASE_OTHERS_BUTTON}:{number}", held.id, style="danger", confirm=sure)


def gpus_taken(
    listing: Listing,
    held: tuple[Claim, ...],
    query: FindQuery,
    result: FindResult,
    now: int,
    *,
    choice: GpuChoice | None = None,
) -> Reply:
    """Others have it: who, until when, what could be had instead, and the line."""
    left = len(open_gpus(listing))
    offers = [option_button(query, FindOption(tier_of(listing), left, listing), MOST_CLAIM_BUTTONS)] if left else []
    idle, asks, span = list[str](), list[Block](), query.length if query.said else None
    for number, claim in enumerate(held[:3], MOST_CLAIM_BUTTONS):
        part = idle_part(listing, claim, choice or GpuChoice())
        name = result.names.get(claim.holder, "")
        if part is None:
            label = _ask_label(listing, claim, name)
            asks.append(button(label, f"{REQUEST_BUTTON}:{number}", ask_value(claim, None, span)))
        else:
            idle.append(f"{part_in_words(listing, claim, part, now)}.")
            asks.append(ask_button(claim, part, number, span, name=name))
    text = lines([*(_whose(listing, claim) for claim in held[:3]), *idle])
    blocks = [section(text), actions(*offers, *asks)]
    if result.ways:
        blocks.append(context("You could have:" if result.best is None else "You could have now:"))
    elif not offers:
        blocks.append(context("Nothing like it is free now."))
    return Reply(text, [*blocks, *option_rows(query, result, now)])


def _ask_label(listing: Listing, held: Claim, name: str) -> str:
    whom = f"Ask {name}" if name else "Ask its holder"
    return whom if listing.is_whole(held) else f"{whom} for {gpus(held.gpus)}"
