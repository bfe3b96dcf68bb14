"""What a screen reader gets of a message or a view: what is said for whoever sees neither blocks nor colours.

`complaints` is empty when the text alone makes sense: notifications and screen readers read it instead of blocks.
"""

import re
from collections.abc import Iterator
from typing import Any

from bot.sandbox.slack import Message
from bot.sandbox.slack.show import text_of_blocks, words_of_mrkdwn

Json = dict[str, Any]
LEAST_WORDS = 2
"""Fewer are no sentence, not even "Nobody waits."."""
_MARKS = re.compile(r":[a-z0-9_+-]+:|[*_~`>]|\W")
_PICTURE = re.compile(r":[a-z0-9_+-]+:|[\u2580-\u259f\u00b7\s]|[\U0001f300-\U0001faff\u2600-\u27bf]")
"""Emoji, the blocks that bars are drawn with, and what stands between them."""
_POINTING = re.compile(r"\b(one of (these|them)|see below|(button|table|chart|list)s? (below|above))\b")
"""Words that point at what only the eye sees."""
_VAGUE = {"chart", "image", "picture", "graph", "table", "plot", "valet"}


def complaints(message: Message) -> list[str]:
    """What is wrong with one message of Valet's for whoever hears it."""
    if message.files and not message.blocks:
        return []  # a file's name and title are read out
    text = words_of_mrkdwn(message.text)
    said = [f"of {text!r}: {each}" for each in blocks_complaints(list(message.blocks))]
    if len(re.findall(r"\w+", text)) < LEAST_WORDS:
        said.append(f"the text {text!r} alone says nothing")
    if _POINTING.search(text):
        said.append(f"the text {text!r} points at what is only seen")
    if message.blocks and not _has_the_conclusion(message):
        shown = text_of_blocks(list(message.blocks)).split("\n")[0]
        said.append(f"the text {text!r} says other than the first line {shown!r}")
    return said


def blocks_complaints(blocks: list[Json]) -> list[str]:
    """What is wrong with blocks of a message, a form or the home tab."""
    found = [
        f"{words!r} says nothing without its picture" for words in _texts(blocks) if words and not _words_in(words)
    ]
    for index, block in enumerate(blocks):
        kind = block["type"]
        if kind == "data_table" and _is_vague(block["caption"]):
            found.append(f"the caption {block['caption']!r} names no table")
        if kind == "table" and not any(each["type"] in ("section", "header") for each in blocks[:index]):
            found.append("a table without a word before it")
        if kind == "image" and _is_vague(block["alt_text"]):
            found.append(f"the alt text {block['alt_text']!r} says not what the picture shows")
        if kind == "data_visualization" and _is_vague(block["title"]):
            found.append(f"the title {block['title']!r} names no chart")
    return found


def _has_the_conclusion(message: Message) -> bool:
    """A good part of the words of the first line that is shown are in the text, and all of its figures of money."""
    first = next((line for line in text_of_blocks(list(message.blocks)).split("\n") if _words_in(line)), "")
    shown, heard = _bag(words_of_mrkdwn(first)), _bag(words_of_mrkdwn(message.text))
    return len(shown & heard) * 2 >= min(len(shown), 12)


def _bag(text: str) -> set[str]:
    return {word for word in _MARKS.sub(" ", text).lower().split() if word}


def _is_vague(words: str) -> bool:
    return not _bag(words) - _VAGUE


def _words_in(words: str) -> str:
    return _PICTURE.sub("", words)


def _texts(value: Any) -> Iterator[str]:
    """Every text that is shown on its own: of sections, fields, cells, buttons, options."""
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        if value.get("type") in ("rich_text", "rich_text_section"):
            yield "".join(_rich(value))
        elif isinstance(value.get("text"), str) and value.get("type") != "markdown":
            yield value["text"]
        else:
            for key, held in value.items():
                if key not in ("value", "block_id", "action_id", "chart"):
                    yield from _texts(held)


def _rich(value: Json) -> Iterator[str]:
    for element in value.get("elements", ()):
        yield from _rich(element)
        yield str(element.get("text") or element.get("fallback") or element.get("user_id") or "")
        yield f":{element['name']}:" if element.get("type") == "emoji" else ""
