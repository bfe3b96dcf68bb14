"""The question which of several machines was meant, with what tells them apart and a button for each."""

from collections.abc import Sequence

from bot.domain.machines.listing import Listing
from bot.domain.sharing.clarifications import Clarification
from handlers.blocks.machines.fleet import tells_apart
from handlers.blocks.parts import Reply, button, lines, plainly, section
from handlers.blocks.words import say

# Messages that stand in Slack carry these, so their text never changes.
MEANT_BUTTON = "meant"


def machine(sentence: str, found: Sequence[Listing], now: int, asked: Clarification) -> Reply:
    """What each candidate is, and a button that says the same of just that one."""
    said = say(sentence)
    rows = lines([f"•  {tells_apart(listing, now)}" for listing in found])
    return Reply(said, [section(f"{said}\n{rows}"), *question(sentence, asked).blocks[1:]])


def question(sentence: str, asked: Clarification) -> Reply:
    """The sentence, and a button for each thing that may have been meant."""
    buttons = [
        button(wording.label, f"{MEANT_BUTTON}:{number}", f"{asked.id}|{number}")
        for number, wording in enumerate(asked.wordings)
    ]
    return plainly(say(sentence), *buttons)
