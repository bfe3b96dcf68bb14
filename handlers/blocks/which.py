"""The question which of several machines was meant, with what tells them apart and a button for each."""

from collections.abc import Sequence

from bot.domain.listing import Listing
from bot.errors import Ambiguous
from handlers import ids
from handlers.blocks.fleet import tells_apart
from handlers.blocks.parts import Reply, actions, button, lines, section
from handlers.blocks.words import say

LONGEST = 1_900
"""Of a button's value; Slack takes 2,000 characters."""


def machine(error: Ambiguous, found: Sequence[Listing], now: int, verb: str, rest: Sequence[str]) -> Reply:
    """What each candidate is, and a button that says the same of just that one."""
    sentence = say(str(error))
    buttons = []
    for number, listing in enumerate(found):
        meant = f"{verb} {' '.join(_instead(rest, error.word, listing.instance.id))}"
        if len(meant) <= LONGEST:
            buttons.append(button(listing.instance.name, f"{ids.MEANT}:{number}", meant))
    rows = lines([f"•  {tells_apart(listing, now)}" for listing in found])
    return Reply(sentence, [section(f"{sentence}\n{rows}"), *([actions(*buttons)] if buttons else [])])


def _instead(words: Sequence[str], named: str, instance_id: str) -> list[str]:
    """The words with an id in place of the name."""
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            if " ".join(words[start:end]).rstrip(",") == named.rstrip(","):
                return [*words[:start], instance_id, *words[end:]]
    return [instance_id, *words[1:]]
