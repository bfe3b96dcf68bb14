"""Does what was asked, and makes a sentence of whatever goes wrong: nothing escapes, and the person is always told."""

import logging
import secrets
from collections.abc import Callable
from typing import TypeVar

from bot.errors import Impaired, NotFound, RequestOpen, ValetError
from bot.services import backups
from bot.services.context import Context
from handlers.blocks import troubles
from handlers.blocks.buttons import OPEN_CARD_BUTTON
from handlers.blocks.machines.fleet import STATUS_OF_BUTTON
from handlers.blocks.parts import Block, Reply, actions, button, plainly
from handlers.blocks.words import commands_called, say

log = logging.getLogger(__name__)
T = TypeVar("T")


def work(ctx: Context, what: str, do: Callable[[], Reply | None], tell: Callable[[Reply], object]) -> None:
    """Do it and tell what came of it; whatever goes wrong becomes a sentence."""
    try:
        reply = outcome(ctx, what, do)
        if reply is not None:
            tell(reply)
    except Exception:
        log.exception("nobody could be told what came of %s", what)


def outcome(ctx: Context, what: str, do: Callable[[], T]) -> T | Reply:
    """What came of it; whatever went wrong as a sentence."""
    slack = ctx.settings.slack
    with commands_called(slack.gpu_command, slack.cost_command):
        return _tried(ctx, what, do)


def _tried(ctx: Context, what: str, do: Callable[[], T]) -> T | Reply:
    try:
        return do()
    except ValetError as error:
        return error_reply(ctx, error)
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("%s failed, reference %s", what, reference)
        return plainly(
            f"Something broke here, so I can't say whether it was done; `status` shows how things stand. "
            f"Tell your admin: {reference}."
        )


def error_reply(ctx: Context, error: ValetError) -> Reply:
    """The sentence, and as buttons the nearest names, or the request that has to be decided first."""
    if isinstance(error, Impaired):
        return troubles.refused(error.sentence, error.reason, str(backups.newest(ctx) or ""))
    close = error.nearest if isinstance(error, NotFound) else ()
    made = plainly(say(error.sentence))
    if close:
        offers = [
            button(f"Status of {name}", f"{STATUS_OF_BUTTON}:{number}", name) for number, name in enumerate(close)
        ]
        made.blocks.append({"type": "actions", "elements": offers})
    made.blocks.extend(open_request_button(error))
    return made


def open_request_button(error: ValetError) -> list[Block]:
    """[Open it], where a request has to be decided first."""
    return [actions(button("Open it", OPEN_CARD_BUTTON, error.card))] if isinstance(error, RequestOpen) else []
