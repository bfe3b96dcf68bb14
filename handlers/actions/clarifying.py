"""Answering what was meant: the command goes on as the button says."""

from bot.services.desk import Desk
from bot.services.sharing import clarifying
from handlers import ids
from handlers.actions.pressing import Press
from handlers.blocks.parts import Reply
from handlers.commands import cost, gpu
from handlers.commands.parse import Quoted
from handlers.commands.verbs import Ask


def meant(desk: Desk, user: str, channel: str, value: str) -> Reply:
    """[4 h], [train 2], [As a note]"""
    asked, wording = clarifying.chosen(desk, value, user)
    words = [Quoted(word) if number in wording.quoted else word for number, word in enumerate(wording.words)]
    run = cost.run if asked.command == "cost" else gpu.run
    return run(Ask(desk, user, channel, words))


PRESSES: dict[str, Press] = {ids.MEANT: meant}
