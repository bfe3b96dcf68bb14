"""Keeping what somebody typed while they are asked what they meant by it."""

import secrets
from collections.abc import Sequence

from bot.domain.clock import DAY_MS
from bot.domain.sharing.clarifications import Clarification, Wording
from bot.errors import Refused
from bot.services.context import Context
from store.sharing import clarifications as stored_clarifications

CLARIFICATION_KEPT_MS = DAY_MS
"""A button of an older question does nothing: "tomorrow" is another day by then."""


def keep_clarification(ctx: Context, person: str, command: str, wordings: Sequence[Wording]) -> Clarification:
    """Keep a question until it is answered, for a day at most."""
    clarification = Clarification(secrets.token_hex(16), ctx.clock(), person, command, tuple(wordings))
    with ctx.store.writing() as db:
        stored_clarifications.prune(db, clarification.at - CLARIFICATION_KEPT_MS)
        stored_clarifications.add(db, clarification)
    return clarification


def chosen_wording(ctx: Context, value: str, person: str) -> tuple[Clarification, Wording]:
    """The question and the answer that a button's value names. Raises Refused for another's, and for an old one."""
    clarification_id, _, number = value.partition("|")
    clarification = stored_clarifications.by_id(ctx.store.reading(), clarification_id)
    if clarification is None or clarification.at < ctx.clock() - CLARIFICATION_KEPT_MS:
        raise Refused("That question is more than a day old. Type the command again.")
    if clarification.person != person:
        raise Refused("That was asked of somebody else.")
    if not number.isascii() or not number.isdecimal() or int(number[:3]) >= len(clarification.wordings):
        raise Refused("This button is from another version of Valet. Use the command instead.")
    return clarification, clarification.wordings[int(number[:3])]
