"""The line as people see it: their place, the offer when it is their turn, and why they are out of it."""

from collections.abc import Sequence

from bot.domain.clock import HOUR_MS, MINUTE_MS
from bot.domain.machines.listing import Listing
from bot.domain.sharing.claims import Claim
from bot.domain.sharing.line import WAIT_STALE_MS, Turn, Waiter
from bot.domain.sharing.offers import LineOffer
from handlers.blocks.buttons import RELEASE_BUTTON
from handlers.blocks.parts import Block, Reply, actions, button, context, lines, plainly, section
from handlers.blocks.words import (
    at,
    clock_time,
    ends,
    esc,
    gpu_command,
    gpus,
    kind_in_words,
    length,
    person,
    persons,
    plural,
)

# Messages that stand in Slack carry these, so their text never changes.
CLAIM_WANT_BUTTON = "claim_want"
WAIT_BUTTON = "wait"
LINE_BUTTON = "line"
LEAVE_BUTTON = "leave"
TAKE_OFFER_BUTTON = "take_offer"
DECLINE_OFFER_BUTTON = "decline_offer"

MOST_WAITERS_SHOWN = 8
MOST_PLACES_SHOWN = 4
"""What fits a phone's screen."""
MOST_WAITERS_NAMED = 3
QUARTER_HOUR_MS = 15 * MINUTE_MS
NEAR_MS = 12 * HOUR_MS
"""Within it the time of day alone tells when."""


def waited_for_in_words(waiter: Waiter, name: str) -> str:
    """What somebody waits for: train-7, 2 GPUs of train-7, 1x A100. The name is that of the instance, if it is one."""
    if waiter.instance_id:
        some = f"{plural(waiter.count, 'GPU')} of " if waiter.count else ""
        return f"{some}*{esc(name, 60)}*"
    if waiter.kind.is_any:
        return f"*{'any GPU' if waiter.count == 1 else f'any {waiter.count} GPUs'}*"
    return f"*{waiter.count}x {kind_in_words(waiter.kind)}*"


def wait_value(waiter: Waiter) -> str:
    """What a button carries that puts somebody into the same line: what they want, how many of it, for how long."""
    wanted = waiter.instance_id or str(waiter.want)
    return f"{wanted}|{waiter.count or ''}|{waiter.length}"


def place_reply(
    waiter: Waiter, name: str, ahead: int, turn: Turn | None, *, offer: LineOffer | None, is_new: bool, now: int
) -> Reply:
    """Where somebody stands, once they asked for it."""
    if offer is not None:
        return plainly(f"It's your turn: {_held(offer, name)}", *_answers(offer))
    begin = "You're" if is_new else "You're already"
    place = f"{ordinal(ahead + 1)} in line for {waited_for_in_words(waiter, name)}, for {length(waiter.length)}"
    text = f"{begin} {place}; {_when(turn, now)}. I'll message you when it's your turn."
    return plainly(text, *_buttons(waiter))


def _when(turn: Turn | None, now: int) -> str:
    """When it is somebody's turn, after a comma or a semicolon."""
    if turn is None:
        return "nobody can say when"
    if turn.at - now < MINUTE_MS:
        return "expected any minute"
    return f"expected around {_around(turn.at, now)}"


def _around(instant: int, now: int) -> str:
    """An estimate of an instant, in round figures: the time alone where it is near."""
    step = QUARTER_HOUR_MS if instant - now >= HOUR_MS else 5 * MINUTE_MS
    rounded = -(-instant // step) * step
    return clock_time(rounded) if rounded - now < NEAR_MS else at(rounded)


def _buttons(waiter: Waiter) -> list[Block]:
    seen = [button("Show the line", LINE_BUTTON, waiter.instance_id)] if waiter.instance_id else []
    return [*seen, button("Leave the line", LEAVE_BUTTON, str(waiter.id))]


def ordinal(number: int) -> str:
    """First, 2nd, 3rd, 11th."""
    if number == 1:
        return "first"
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def others_wait(waiter: Waiter, listing: Listing, ahead: int, turn: Turn | None, now: int) -> Reply:
    """Somebody claimed what others wait for."""
    name = f"*{esc(listing.instance.name, 60)}*"
    held = [
        f"It's held for {person(offer.person)} until {at(offer.until_at)}."
        for offer in listing.offers[:MOST_WAITERS_NAMED]
    ]
    who = f"{plural(ahead, 'person')} waits" if ahead == 1 else f"{ahead:,} people wait"
    text = f"{who} for {name}. You'd be {place_in_words(ahead, turn, None, now)}."
    return plainly(
        lines([text, *held]),
        button("Wait in line", WAIT_BUTTON, wait_value(waiter)),
        button("Show the line", LINE_BUTTON, listing.instance.id),
    )


def turn_not_yet(waiter: Waiter, name: str, ahead: int, turn: Turn | None, now: int) -> Reply:
    """Somebody claimed what they wait for before it is their turn."""
    place = f"{ordinal(ahead + 1)} in line for {waited_for_in_words(waiter, name)}"
    return plainly(f"It's not your turn yet. You're {place}; {_when(turn, now)}.", *_buttons(waiter))


def nothing_to_wait_for(listing: Listing, count: int, span: int | None) -> Reply:
    """Nobody need wait for what nobody has; it is called free only where it is seen idle."""
    name, whole = listing.instance.name, count == len(listing.gpus)
    label = f"Claim {name}" if whole else f"Claim {plural(count, 'GPU')} of {name}"
    what_is = (
        f"*{esc(name, 60)}* is"
        if whole
        else f"{plural(count, 'GPU')} of *{esc(name, 60)}* {'is' if count == 1 else 'are'}"
    )
    value = f"{listing.instance.id}|{count}|{f'f{span}' if span else ''}"
    state = "free" if listing.verdict is not None and listing.verdict.is_idle else "unclaimed"
    busy = listing.busy.intersection(listing.unclaimed)
    is_used = len(listing.unclaimed) - len(busy) < count
    works = f" Somebody without a claim is using {gpus(sorted(busy))} now." if is_used else ""
    text = f"{what_is} {state} now, so there is nothing to wait for.{works}"
    return plainly(text, button(label, CLAIM_WANT_BUTTON, value))


def turn_offer(
    offer: LineOffer, waiter: Waiter, name: str, listing: Listing | None, *, has_next: bool = False
) -> Reply:
    """Told to the one whose turn it is; later, what became of it, and whether it serves somebody else now."""
    if offer.state != "open":
        was = f"It was your turn for {waited_for_in_words(waiter, name)}."
        return plainly(f"{was} {_became(offer, waiter, name, has_next=has_next)}")
    busy = listing.busy.intersection(offer.gpus) if listing else ()
    works = f" Somebody without a claim is using {gpus(sorted(busy))} now." if busy else ""
    note = f" Your note: {esc(waiter.note, 120)}." if waiter.note else ""
    return plainly(f"It's your turn: {_held(offer, name, listing)}{note}{works}", *_answers(offer))


def _held(offer: LineOffer, name: str, listing: Listing | None = None) -> str:
    whole = listing is not None and len(offer.gpus) == len(listing.gpus)
    some = "" if whole else f"{gpus(offer.gpus)} of "
    return f"{some}*{esc(name, 60)}*, for {length(offer.length)}. It's held for you until {at(offer.until_at)}."


def _answers(offer: LineOffer) -> list[Block]:
    take = button("Take it", TAKE_OFFER_BUTTON, offer.id, style="primary")
    return [take, button("Pass", DECLINE_OFFER_BUTTON, offer.id)]


def _became(offer: LineOffer, waiter: Waiter, name: str, *, has_next: bool) -> str:
    label = f"*{esc(name, 60)}*"
    on = _goes(has_next=has_next)
    if offer.state == "withdrawn" and waiter.end_reason == "served":
        return f"You got what you waited for elsewhere, so {label} {on}."
    return {
        "taken": f"You took {label}.",
        "passed": f"You let {label} go{' to the next' if has_next else ''}.",
        "lapsed": f"You didn't answer by {at(offer.until_at)}, so {label} {on}.",
        "withdrawn": f"{label} can't be had right now, so the offer is off. You keep your place.",
    }.get(offer.state, "")


def _goes(*, has_next: bool) -> str:
    return "goes to the next" if has_next else "is no longer held for you"


def line_ended(waiter: Waiter, name: str, last: LineOffer | None, *, has_next: bool = False) -> Reply:
    """Told to somebody who is out of the line without having said so."""
    wanted = waited_for_in_words(waiter, name)
    if waiter.end_reason == "gone":
        return plainly(
            f"You are out of the line for {wanted}: the machine is gone. {gpu_command('status')} shows what there is."
        )
    again = button("Wait again", WAIT_BUTTON, wait_value(waiter))
    if waiter.end_reason == "lapsed":
        until = f" by {at(last.until_at)}" if last else ""
        return plainly(
            f"It was your turn for {wanted}, but you didn't answer{until}. It {_goes(has_next=has_next)}, and you are "
            "out of the line.",
            again,
        )
    return plainly(
        f"You waited {length(WAIT_STALE_MS)} for {wanted}, so I took you out of the line. Do you still want it?", again
    )


def line_left(waiter: Waiter, name: str) -> Reply:
    """They wanted to go."""
    return plainly(f"You are out of the line for {waited_for_in_words(waiter, name)}.")


def holder_waited_for(held: Claim, name: str, people: Sequence[str]) -> Reply:
    """Told once to somebody who holds what others wait for."""
    who = people_wait([waiting for waiting in people if waiting != held.holder])
    text = f"{who} for *{esc(name, 60)}*, which is yours until {ends(held)}. Done early?"
    return plainly(text, button(f"Release {name}", RELEASE_BUTTON, held.instance_id))


def people_wait(people: Sequence[str]) -> str:
    """@Ada waits, @Ada and @Cy wait, @Ada, @Cy, @Bob and 4 others wait."""
    known = list(dict.fromkeys(people))
    if not known:
        return "Nobody waits any more"
    rest = len(known) - MOST_WAITERS_NAMED
    named = (
        persons(known)
        if rest < 1
        else f"{', '.join(map(person, known[:MOST_WAITERS_NAMED]))} and {plural(rest, 'other')}"
    )
    return f"{named} {'waits' if len(known) == 1 else 'wait'}"


def waiting_list(listing: Listing, standing: Sequence[tuple[Waiter, LineOffer | None]], user: str, now: int) -> Reply:
    """Everybody whom an instance could serve."""
    name = f"*{esc(listing.instance.name, 60)}*"
    if not standing:
        return plainly(f"Nobody waits for {name}.")
    rows = [
        f"{number}. {person(waiter.person)}: {_in_line(waiter, listing, offer, now)}"
        for number, (waiter, offer) in enumerate(standing[:MOST_WAITERS_SHOWN], 1)
    ]
    more = len(standing) - len(rows)
    rows += [f"and {more:,} more"] if more > 0 else []
    people = len({waiter.person for waiter, _ in standing})
    head = f"{plural(people, 'person')} waits" if people == 1 else f"{people:,} people wait"
    places = f", in {len(standing):,} places" if people < len(standing) else ""
    own = [waiter for waiter, _ in standing if waiter.person == user]
    leave = [actions(button("Leave the line", LEAVE_BUTTON, str(own[0].id)))] if own else []
    text = f"{head} for {name}{places}, first come, first served."
    return Reply(text, [section(lines([text, *rows])), *leave])


def _in_line(waiter: Waiter, listing: Listing, offer: LineOffer | None, now: int) -> str:
    note = f" ({esc(waiter.note, 80)})" if waiter.note else ""
    turn = f", offered until {at(offer.until_at)}" if offer else ""
    return f"{_amount(waiter, listing)} for {length(waiter.length)}, since {at(waiter.since)}{turn}{note}"


def _amount(waiter: Waiter, listing: Listing) -> str:
    """What of the machine somebody waits for, where its name stands above."""
    if waiter.instance_id:
        return plural(waiter.count, "GPU") if waiter.count else "all of it"
    return waited_for_in_words(waiter, listing.instance.name)


def place_foreseen(ahead: int, turn: Turn | None, offer: LineOffer | None, now: int, *, is_taken: bool) -> str:
    """Where somebody would stand, or stands, before they ask for it."""
    if is_taken:
        return f"You're in that line already: {place_in_words(ahead, turn, offer, now)}."
    if turn is not None and turn.at <= now:
        return "Nobody has that now, so you can claim it at once."
    return f"You'd be {place_in_words(ahead, turn, None, now)}."


def place_rows(own: Sequence[tuple[Waiter, str, str]]) -> list[Block]:
    """Places in line, each in words and with the button to leave."""
    return [
        section(
            f"{waited_for_in_words(waiter, name)}: {words}",
            button("Leave the line", f"{LEAVE_BUTTON}:{number}", str(waiter.id)),
        )
        for number, (waiter, name, words) in enumerate(own)
    ]


def places_and_lines(own: Sequence[tuple[Waiter, str, str]], elsewhere: Sequence[tuple[Waiter, str, int]]) -> Reply:
    """Where a person stands (with each place in words), and what other lines there are (with their length)."""
    blocks = place_rows(own[:MOST_PLACES_SHOWN])
    text = f"You're in {plural(len(own), 'line')}." if own else "You're not waiting for anything."
    if len(own) > MOST_PLACES_SHOWN:
        blocks.append(context(f"and {len(own) - MOST_PLACES_SHOWN} more"))
    others = [
        f"{waited_for_in_words(waiter, name)}: {count:,} wait{'s' if count == 1 else ''}"
        for waiter, name, count in elsewhere
    ]
    more = f" and {len(others) - MOST_PLACES_SHOWN:,} more" if len(others) > MOST_PLACES_SHOWN else ""
    text_below = (
        f"All lines: {'; '.join(others[:MOST_PLACES_SHOWN])}{more}." if others else "Nobody waits for anything now."
    )
    return Reply(text, [section(text), *blocks, context(text_below)])


def place_in_words(ahead: int, turn: Turn | None, offer: LineOffer | None, now: int) -> str:
    """A place in a few words."""
    if offer is not None:
        return f"your turn, held for you until {at(offer.until_at)}"
    return f"{ordinal(ahead + 1)}; {_when(turn, now)}"
