"""Commands by the names they have in this workspace: an admin may have renamed them, and every text says `/gpu`."""

import re
from dataclasses import replace
from typing import Any

from bot.services.context import Context
from handlers.blocks.parts import Reply

USUAL = re.compile(r"(?<=`)/(?:gpu|cost)(?=[ `])")
OPAQUE = frozenset({"value", "action_id", "block_id", "type", "url"})


def spelled(ctx: Context, reply: Reply) -> Reply:
    """The same, with the commands as people have to type them here."""
    slack = ctx.settings.slack
    names = {"/gpu": slack.gpu_command, "/cost": slack.cost_command}
    if all(usual == name for usual, name in names.items()):
        return reply
    return replace(reply, text=_said(reply.text, names), blocks=_said(reply.blocks, names))


def _said(part: Any, names: dict[str, str]) -> Any:
    """Every text in a part of a message."""
    if isinstance(part, str):
        return USUAL.sub(lambda found: names[found[0]], part)
    if isinstance(part, list):
        return [_said(each, names) for each in part]
    if isinstance(part, dict):
        return {key: each if key in OPAQUE else _said(each, names) for key, each in part.items()}
    return part
