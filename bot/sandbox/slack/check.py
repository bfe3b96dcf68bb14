"""What Slack refuses in blocks and views, as sentences with JSON pointers.

`problems` is also what the tests of our own blocks ask; an empty list means fit to send.
"""

import json
from collections.abc import Iterator
from typing import Any

from bot.sandbox.slack import limits
from bot.sandbox.slack.charts import DATA_VISUALIZATION, data_table_shape, table_shape
from bot.sandbox.slack.elements import BESIDE_SECTION, IMAGE_ELEMENT, IN_ACTIONS, INPUTS, INTERACTIVE, RICH_TEXT_PARTS
from bot.sandbox.slack.records import Json
from bot.sandbox.slack.shapes import (
    ShapeCheck,
    anything,
    complain,
    flag,
    items,
    object_of,
    one_of,
    one_of_types,
    plain_text,
    prose,
    text,
)

_BLOCK: dict[str, ShapeCheck] = {"type": anything, "block_id": text(limits.ID)}
_CONTEXT_PROSE = prose(limits.SECTION_LIMIT)


def _section(value: Any, pointer: str, found: list[str]) -> None:
    fields: dict[str, ShapeCheck] = {
        "text": prose(limits.SECTION_LIMIT),
        "fields": items(prose(limits.FIELD_TEXT), 1, limits.SECTION_FIELDS),
        "accessory": one_of_types(BESIDE_SECTION, "element type"),
        "expand": flag,
    }
    object_of(_BLOCK | fields)(value, pointer, found)
    if "text" not in value and "fields" not in value:
        complain(found, pointer, "missing required field: text")


def _image_block(value: Any, pointer: str, found: list[str]) -> None:
    inner = {key: held for key, held in value.items() if key not in ("title", "block_id")}
    IMAGE_ELEMENT(inner, pointer, found)
    if "title" in value:
        plain_text(limits.ALT_TEXT)(value["title"], f"{pointer}/title", found)


BLOCKS: dict[str, ShapeCheck] = {
    "actions": object_of(
        _BLOCK | {"elements": items(one_of_types(IN_ACTIONS, "element type"), 1, limits.ACTIONS_ELEMENTS)},
        ("elements",),
    ),
    "alert": object_of(
        _BLOCK | {"text": prose(limits.ALERT_TEXT), "level": one_of("default", "info", "warning", "error", "success")},
        ("text",),
    ),
    "context": object_of(
        _BLOCK
        | {
            "elements": items(
                one_of_types(
                    {"image": IMAGE_ELEMENT, "mrkdwn": _CONTEXT_PROSE, "plain_text": _CONTEXT_PROSE}, "element type"
                ),
                1,
                limits.CONTEXT_ELEMENTS,
            )
        },
        ("elements",),
    ),
    "data_table": data_table_shape(_BLOCK),
    "data_visualization": object_of(_BLOCK | DATA_VISUALIZATION, ("title", "chart")),
    "divider": object_of(_BLOCK),
    "header": object_of(_BLOCK | {"text": plain_text(limits.HEADER_LIMIT)}, ("text",)),
    "image": _image_block,
    "input": object_of(
        _BLOCK
        | {
            "label": plain_text(limits.INPUT_LABEL),
            "element": one_of_types(INPUTS, "element type"),
            "hint": plain_text(limits.INPUT_LABEL),
            "optional": flag,
            "dispatch_action": flag,
        },
        ("label", "element"),
    ),
    "markdown": object_of(_BLOCK | {"text": text(limits.MARKDOWN_TOTAL)}, ("text",)),
    "rich_text": object_of(_BLOCK | {"elements": items(RICH_TEXT_PARTS, 1, 1000)}, ("elements",)),
    "section": _section,
    "table": table_shape(_BLOCK),
}


def problems(blocks: Any, surface: str = "message") -> list[str]:
    """Everything Slack would refuse in the list of blocks of a "message", a "modal" or a "home" tab."""
    found: list[str] = []
    most = limits.MESSAGE_BLOCKS if surface == "message" else limits.VIEW_BLOCKS
    items(one_of_types(BLOCKS), 0, most)(blocks, "/blocks", found)
    if not isinstance(blocks, list):
        return found
    known = [(index, block) for index, block in enumerate(blocks) if isinstance(block, dict)]
    for index, block in known:
        kind = str(_kind(block))
        if kind in BLOCKS and kind not in limits.SURFACES[surface]:
            complain(found, f"/blocks/{index}/type", f"unsupported type in a {surface}: {kind}")
        _unique_actions(block, f"/blocks/{index}", found)
    _unique_block_ids(known, found)
    _together(known, found)
    _elements_together(known, surface, found)
    if surface == "message" and text_size([block for _, block in known]) > limits.BLOCKS_TEXT:
        complain(found, "/blocks", "msg_blocks_too_long")
    return found


def view_problems(view: Json) -> list[str]:
    """Everything Slack would refuse in a view of type "modal" or "home"."""
    kind = view.get("type")
    if kind not in ("modal", "home"):
        return [f"unsupported type: {kind} [json-pointer:/view/type]"]
    found: list[str] = []
    title = plain_text(limits.VIEW_TITLE)
    fields: dict[str, ShapeCheck] = dict.fromkeys(("type", "blocks"), anything)
    fields |= dict.fromkeys(("title", "submit", "close"), title)
    fields |= dict.fromkeys(("clear_on_close", "notify_on_close", "submit_disabled"), flag)
    fields |= {"private_metadata": text(limits.PRIVATE_METADATA, 0), "callback_id": text(limits.ID, 0)}
    fields |= {"external_id": text(limits.ID, 0)}
    object_of(fields, ("title", "blocks") if kind == "modal" else ("blocks",))(view, "/view", found)
    blocks = view.get("blocks", [])
    has_input = isinstance(blocks, list) and any(_kind(block) == "input" for block in blocks)
    if kind == "modal" and has_input and "submit" not in view:
        complain(found, "/view/submit", "missing required field: submit (the view has input blocks)")
    return found + problems(blocks, kind)


def interactive_elements(block: Json) -> Iterator[Json]:
    """The elements of a block that a person can use, in the order they are drawn."""
    inside = block.get("elements")
    for element in (*(inside if isinstance(inside, list) else ()), block.get("accessory"), block.get("element")):
        kind = _kind(element)
        if isinstance(element, dict) and isinstance(kind, str) and (kind in INTERACTIVE or kind in INPUTS):
            yield element


def _kind(block: object) -> object:
    return block.get("type") if isinstance(block, dict) else None


def _unique_actions(block: Json, pointer: str, found: list[str]) -> None:
    elements = block.get("elements")
    if block.get("type") != "actions" or not isinstance(elements, list):
        return
    seen: set[str] = set()
    for index, element in enumerate(elements):
        action = element.get("action_id") if isinstance(element, dict) else None
        if not isinstance(action, str):
            continue
        if action in seen:
            complain(
                found, f"{pointer}/elements/{index}/action_id", f"action_id {action!r} already exists in this block"
            )
        seen.add(action)


def _unique_block_ids(known: list[tuple[int, Json]], found: list[str]) -> None:
    seen: set[str] = set()
    for index, block in known:
        name = block.get("block_id")
        if not isinstance(name, str):
            continue
        if name in seen:
            complain(found, f"/blocks/{index}/block_id", f"block_id {name!r} already exists")
        seen.add(name)


def _together(known: list[tuple[int, Json]], found: list[str]) -> None:
    """The rules on all blocks of a payload at once."""
    tables = [index for index, block in known if _kind(block) in ("table", "data_table")]
    charts = [index for index, block in known if _kind(block) == "data_visualization"]
    if len(tables) > 1:
        complain(found, f"/blocks/{tables[1]}", "only_one_table_allowed")
    if len(charts) > limits.CHARTS:
        complain(
            found, f"/blocks/{charts[limits.CHARTS]}", f"no more than {limits.CHARTS} data_visualization blocks allowed"
        )
    markdown = sum(len(str(block.get("text", ""))) for _, block in known if _kind(block) == "markdown")
    if markdown > limits.MARKDOWN_TOTAL:
        complain(found, "/blocks", f"markdown blocks must be less than {limits.MARKDOWN_TOTAL + 1} characters together")


def _elements_together(known: list[tuple[int, Json]], surface: str, found: list[str]) -> None:
    """One element at most has the focus, and only an input of a modal can ask for a response URL."""
    focused = 0
    for index, block in known:
        for element in interactive_elements(block):
            focused += element.get("focus_on_load") is True
            is_asking = element.get("response_url_enabled") is True
            if is_asking and (surface != "modal" or _kind(block) != "input"):
                sentence = "response_url_enabled is only allowed in input blocks of modals"
                complain(found, f"/blocks/{index}", sentence)
    if focused > 1:
        complain(found, "/blocks", "only one element may have focus_on_load")


def text_size(value: object) -> int:
    """How many characters of text blocks hold, over everything in them that is shown."""
    if isinstance(value, list):
        return sum(map(text_size, value))
    if not isinstance(value, dict):
        return 0
    own = value.get("text")
    return (len(own) if isinstance(own, str) else 0) + sum(map(text_size, value.values()))


def byte_size(value: object) -> int:
    """The bytes of the JSON of a view."""
    return len(json.dumps(value, ensure_ascii=False).encode())
