"""A question about words that could not be read, with a button for each answer."""

from bot.domain.sharing.clarifications import Clarification
from handlers import ids
from handlers.blocks.parts import Reply, button, plainly
from handlers.blocks.words import say


def question(sentence: str, asked: Clarification) -> Reply:
    """The sentence, and a button for each thing that may have been meant."""
    buttons = [
        button(wording.label, f"{ids.MEANT}:{number}", f"{asked.id}|{number}")
        for number, wording in enumerate(asked.wordings)
    ]
    return plainly(say(sentence), *buttons)
