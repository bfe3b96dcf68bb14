"""Checking and storing what an app posts, by whichever way it comes: Web API, response URL or acknowledgement."""

import json
from dataclasses import replace
from typing import Any

from bot.sandbox.slack import limits
from bot.sandbox.slack.check import byte_size, problems, text_size, view_problems
from bot.sandbox.slack.records import BOT_USER, Json, Message, ResponseUrl, SlackError
from bot.sandbox.slack.world import SlackWorld


def checked_blocks(world: SlackWorld, given: Any, surface: str = "message") -> list[Json]:
    """The blocks of a call, which may come as JSON text; refused as Slack refuses them."""
    blocks = parsed(given, "invalid_blocks_format") if given else []
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if surface == "message" and text_size(blocks) > limits.BLOCKS_TEXT:
        raise SlackError("msg_blocks_too_long")
    found = problems(blocks, surface) or _file_problems(world, blocks)
    if found:
        raise SlackError("invalid_blocks", tuple(found))
    return blocks


def checked_view(world: SlackWorld, given: Any) -> Json:
    """The view of a call, refused as Slack refuses it."""
    view = parsed(given, "invalid_arguments")
    if not isinstance(view, dict):
        raise SlackError("invalid_arguments", ("must provide an object [json-pointer:/view]",))
    if byte_size(view) > limits.VIEW_BYTES:
        raise SlackError("view_too_large")
    found = view_problems(view)
    if found:
        raise SlackError("invalid_arguments", tuple(found))
    found = _file_problems(world, view["blocks"])
    if found:
        raise SlackError("invalid_arguments", tuple(found))
    return view


def parsed(given: Any, error: str) -> Any:
    """What stands in a field that a form sends as JSON text and a JSON body as it is."""
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except ValueError:
        raise SlackError(error) from None


def _file_problems(world: SlackWorld, blocks: list[Json]) -> list[str]:
    """Image blocks whose file is unknown or not ready: the race everybody meets once."""
    found = []
    for index, block in enumerate(blocks):
        wanted = block.get("slack_file", {}).get("id")
        file = world.files.get(wanted) if wanted else None
        if wanted and not (file and file.is_image_ready):
            found.append(f"invalid slack file [json-pointer:/blocks/{index}/slack_file]")
    return found


def checked_text(text: Any, blocks: list[Json], *, longest: int = limits.MESSAGE_TEXT) -> str:
    """The top-level text; one of text and blocks must be there."""
    words = "" if text is None else str(text)
    if not words.strip() and not blocks:
        raise SlackError("no_text")
    if len(words) > longest:
        raise SlackError("msg_too_long")
    return words


def post_answer(world: SlackWorld, url: ResponseUrl, answer: Json) -> None:
    """Post what came by a response URL or in a command's acknowledgement: private unless it says otherwise."""
    original = world.messages.get(url.message_ts)
    if answer.get("delete_original"):
        world.delete(url.message_ts)
        return
    blocks = checked_blocks(world, answer.get("blocks"))
    text = checked_text(answer.get("text"), blocks)
    # A click's answer replaces its message only when told to; a message of a person cannot be replaced.
    if answer.get("replace_original") and original and original.user == BOT_USER:
        edited = "" if original.reader else world.new_ts()
        world.post(replace(original, text=text, blocks=tuple(blocks), edited_ts=edited))
        return
    reader = "" if answer.get("response_type") == "in_channel" else url.user
    thread = str(answer.get("thread_ts") or (url.thread_ts if reader else ""))
    world.post(Message("", url.channel, BOT_USER, text, tuple(blocks), thread_ts=thread, reader=reader))
