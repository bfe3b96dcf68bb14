"""Whether a holder still needs what they hold: the question, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.machines.listing import Listing
from bot.domain.sharing.checkins import Checkin, claim_idle_since, is_worked_on
from bot.domain.sharing.claims import Claim
from handlers.blocks.parts import Block, Reply, actions, button, lines, plainly, section
from handlers.blocks.words import at, day_at, ends, esc, gpu_command, gpus, length, near, person, persons, plural

# Messages that stand in Slack carry these, so their text never changes.
KEEP_HELD_BUTTON = "keep_held"
RELEASE_ASKED_BUTTON = "release_asked"

MOST_CHECKINS = 20
"""Claims in one message; Slack takes 25 buttons in a row."""
MOST_PEOPLE_NAMED = 3


@dataclass(frozen=True, slots=True)
class CheckedClaim:
    """One question with what it is about."""

    question: Checkin
    claim: Claim
    name: str
    listing: Listing | None
    waiting: Sequence[str] = ()

    @property
    def what(self) -> str:
        """The machine, or the part of it."""
        whole = self.listing is None or self.listing.is_whole(self.claim)
        return f"{'' if whole else f'{gpus(self.claim.gpus)} of '}*{esc(self.name, 60)}*"

    @property
    def are(self) -> str:
        """ "is", or "are" for several GPUs."""
        some = self.listing is not None and not self.listing.is_whole(self.claim) and len(self.claim.gpus) > 1
        return "are" if some else "is"


def checkin_question(held: Sequence[CheckedClaim], now: int) -> Reply:
    """One message with all that it asks about, as things stand."""
    if held[0].question.kind == "idle":
        return _idle(held[0])
    return _morning(held, now)


def _idle(held: CheckedClaim) -> Reply:
    checkin = held.question
    idle = length(checkin.asked_at - checkin.idle_since) if checkin.idle_since is not None else "a while"
    until = near(checkin.until_at, checkin.asked_at)
    begin = f"{held.what} {held.are} yours until {until}, but nobody has worked there for {idle}."
    if checkin.state != "open":
        return plainly(f"{begin}\n{_became(held)}")
    return plainly(
        lines([f"{begin} Do you still need {'them' if held.are == 'are' else 'it'}?", _silence(held)]),
        button("Keep it", KEEP_HELD_BUTTON, checkin.batch, style="primary"),
        button(f"Release {held.name}", RELEASE_ASKED_BUTTON, checkin.id),
    )


def _silence(held: CheckedClaim) -> str:
    deadline = held.question.deadline_at
    if deadline is None:
        return "Nobody waits for it, so nothing happens if you don't answer."
    first = list(held.waiting[:MOST_PEOPLE_NAMED])
    verb = "waits" if len(held.waiting) == 1 else "wait"
    more = f" and {len(held.waiting) - MOST_PEOPLE_NAMED:,} more" if len(held.waiting) > MOST_PEOPLE_NAMED else ""
    who = f"{persons(first)}{more} {verb} for it" if first else "Somebody waits for it"
    return f"{who}: without an answer by {at(deadline)} it goes to them, unless it is in use by then."


def checkin_waited_for(held: CheckedClaim) -> Reply:
    """Said under the question when somebody comes to wait for it, as an edit alone tells nobody."""
    deadline = held.question.deadline_at
    if held.question.state != "open" or deadline is None:
        return plainly(f"Somebody waited for {held.what}; that is settled.")
    who = person(held.waiting[0]) if held.waiting else "Somebody"
    return plainly(
        f"{who} waits for {held.what} now. If you still need it, press Keep it by {at(deadline)}.",
        button("Keep it", KEEP_HELD_BUTTON, held.question.batch, style="primary"),
    )


def _morning(held: Sequence[CheckedClaim], now: int) -> Reply:
    waiting = [checked for checked in held if checked.question.state == "open"]
    shown = [f"• {_row(checked, now)}" if len(held) > 1 else _row(checked, now) for checked in held[:MOST_CHECKINS]]
    left = (
        [f"and {len(held) - MOST_CHECKINS} more: {gpu_command('status mine')} shows them."]
        if len(held) > MOST_CHECKINS
        else []
    )
    if not waiting:
        return plainly(lines(["Good morning. About what you hold for days:", *shown, *left]))
    deadline = waiting[0].question.deadline_at
    it = "it" if len(waiting) == 1 else "them"
    ask = f"Good morning. Do you still need {'this' if len(held) == 1 else 'these'}?"
    silence = f"Without an answer by {at(deadline)} it is given up, unless it is in use by then." if deadline else ""
    if len(waiting) > 1:
        silence = silence.replace("it is given up, unless it is", "they are given up, unless they are")
    keep = button(
        f"Keep {it}" if len(waiting) < 3 else f"Keep all {len(waiting)}", KEEP_HELD_BUTTON, held[0].question.batch
    )
    text = lines([ask, *shown, *left, silence])
    buttons: list[Block] = [keep | {"style": "primary"}]
    buttons += [
        button(f"Release {checked.name}", f"{RELEASE_ASKED_BUTTON}:{number}", checked.question.id)
        for number, checked in enumerate(waiting[:MOST_CHECKINS])
    ]
    brief = f"{ask} You hold {plural(len(waiting), 'machine')} for days. {silence}"
    return Reply(brief, [section(text), actions(*buttons)])


def _row(held: CheckedClaim, now: int) -> str:
    note = f" ({esc(held.claim.note, 80)})" if held.claim.note else ""
    begin = f"{held.what} until {ends(held.claim)}{note}"
    if held.question.state != "open":
        return f"{begin}: {_became(held)}"
    listing, verdict = held.listing, held.listing.verdict if held.listing else None
    if listing is None or verdict is None:
        return f"{begin}: unknown whether in use."
    since = claim_idle_since(held.claim, verdict)
    if is_worked_on(held.claim, verdict, is_whole=listing.is_whole(held.claim)):
        return f"{begin}: in use."
    return f"{begin}: idle for {length(now - since)}." if since is not None else f"{begin}: unknown whether in use."


def _became(held: CheckedClaim) -> str:
    ended = held.claim.ended_at
    return {
        "kept": "You keep it.",
        "released": "You released it. Thanks.",
        "worked": "It is in use, so it stays yours.",
        "unused": f"You didn't answer, so it was given up{f' {day_at(ended)}' if ended else ''}.",
        "ended": "Your claim has ended.",
    }.get(held.question.state, "")
