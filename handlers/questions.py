"""Answering what was meant: the command goes on as the button says."""

from bot.services.context import Context
from bot.services.sharing import clarifications
from handlers.blocks.parts import Reply
from handlers.blocks.questions import MEANT_BUTTON
from handlers.controller import Press
from handlers.parsing.text import Quoted
from handlers.verbs import Ask


def meant(ctx: Context, user: str, channel: str, value: str) -> Reply:
    """[4 h], [train 2], [As a note]"""
    asked, wording = clarifications.chosen_wording(ctx, value, user)
    words = [Quoted(word) if number in wording.quoted else word for number, word in enumerate(wording.words)]
    from handlers import (
        cost,
        gpu,  # they know every verb, and with it this button
    )

    run = cost.run if asked.command == "cost" else gpu.run
    return run(Ask(ctx, user, channel, words))


BUTTONS: dict[str, Press] = {MEANT_BUTTON: meant}
