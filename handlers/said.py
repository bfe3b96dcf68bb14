"""What people say to Valet, in a channel or in person: which of it counts, and its answer."""

import re
from dataclasses import replace
from typing import Any

from bot.services.context import Context
from handlers import cost, gpu
from handlers.blocks import questions as questions_blocks
from handlers.blocks.parts import Reply, plainly
from handlers.parsing.text import MOST_CHARS, split_words
from handlers.people import Identity
from handlers.verbs import Ask, is_verb

Body = dict[str, Any]
EDITED = "I don't act on edited messages: only what was sent first counts. Write it as a new message."
SEVERAL = "I read one thing in a message, so nothing was done. Send each line as a message of its own."
_MARKED = re.compile(r"([`*_~]{1,3})(.+)\1", re.DOTALL)
"""Code, bold and the like, as people paste what help shows."""
_OF_PEOPLE = frozenset({"", "file_share", "thread_broadcast"})
"""Subtypes of messages that somebody wrote just now; all others tell of changes, or of other bots."""


def is_of_a_person(event: Body, own: Identity) -> bool:
    """Whether somebody wrote that; another bot could go on for ever, and what we wrote ourselves comes back."""
    user = event.get("user")
    is_ours = event.get("bot_id") or user == own.user_id
    return bool(user) and not is_ours and not event.get("hidden") and (event.get("subtype") or "") in _OF_PEOPLE


def answer(ctx: Context, event: Body, own: Identity) -> Reply:
    """The answer to a message, by the same words as after a command; its mention of us is none of them."""
    text = re.sub(f"<@{own.user_id}(\\|[^>]*)?>", " ", event.get("text") or "").strip()
    files = event.get("files") or []
    if not text and files:
        return questions_blocks.file_unread()
    if (marked := _MARKED.fullmatch(text)) is not None:
        text = marked[2].strip()
    if len(text) <= MOST_CHARS and _says_several(text):
        return plainly(SEVERAL)
    if len(text) > MOST_CHARS:
        return questions_blocks.too_long(len(text), MOST_CHARS)
    reply = mention(ctx, event["user"], event["channel"], split_words(text))
    return questions_blocks.beside_file(reply) if files else reply


def _says_several(text: str) -> bool:
    """Whether a later line is a command, too, which would become a note of the first."""
    later = [split_words(line) for line in text.splitlines()[1:]]
    return any(bool(words) and is_verb(gpu.VERBS, _without_command(words)) for words in later)


def _without_command(words: list[str]) -> list[str]:
    return words[1:] if words[0].startswith("/") else words


def mention(ctx: Context, user: str, channel: str, typed: list[str]) -> Reply:
    """The words of both commands, said to the bot: "@valet status", "@valet cost forecast"."""
    slack = ctx.settings.slack
    first = typed[0].lower() if typed else ""
    if first in {"cost", slack.cost_command}:
        return cost.run(Ask(ctx, user, channel, typed[1:]))
    if first in {"gpu", slack.gpu_command}:
        typed = typed[1:]
    return replace(gpu.run(Ask(ctx, user, channel, typed)), private=False)


def edited() -> Reply:
    """To whoever edits what they said: it counts as it was sent."""
    return replace(plainly(EDITED), secret=True)
