"""Messages as plain text with buttons in brackets: what a person sees, fit to compare in a test."""

import html
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.slack.records import Json, Message, View
from bot.sandbox.slack.state import as_filled

_TOKEN = re.compile(r"<([^<>\n]+)>")


def message_text(message: Message, names: dict[str, str] | None = None) -> str:
    """The message as lines: blocks if it has any, else its text.

    `names` maps ids to what is shown for them; ids missing there are shown as they are.
    """
    if not message.blocks:
        return words_of_mrkdwn(message.text, names)
    return text_of_blocks(list(message.blocks), names)


def text_of_view(view: View, names: dict[str, str] | None = None) -> str:
    """A modal or home tab as lines: title, blocks as they are filled in, errors, then its buttons."""
    title = view.content.get("title", {}).get("text", "") if view.content["type"] == "modal" else ""
    lines = [f"# {title}"] if title else []
    lines += [f"! {view.errors['']}"] if "" in view.errors else []
    for block in view.blocks:
        lines += [line for line in block_lines(as_filled(block, view.state), names or {}) if line]
        if block["block_id"] in view.errors:
            lines.append(f"! {view.errors[block['block_id']]}")
    buttons = [view.content[key]["text"] for key in ("submit", "close") if view.content.get(key)]
    return "\n".join([*lines, *([" ".join(f"[{label}]" for label in buttons)] if buttons else [])])


def text_of_blocks(blocks: list[Json], names: dict[str, str] | None = None) -> str:
    """Blocks as lines."""
    return "\n".join(line for block in blocks for line in block_lines(block, names or {}) if line)


def words_of_mrkdwn(mrkdwn: str, names: dict[str, str] | None = None) -> str:
    """Slack's mrkdwn with mentions named, dates by their fallback, and entities undone; marks are kept."""
    known = names or {}

    def shown(found: re.Match[str]) -> str:
        target, _, label = found.group(1).partition("|")
        if target.startswith("!date^"):
            return label
        if target[0] in "@#":
            return target[0] + (label or known.get(target[1:], target[1:]))
        if target.startswith("!subteam^"):
            return label or "@" + known.get(target.removeprefix("!subteam^"), target)
        if target.startswith("!"):
            return "@" + target[1:]
        return f"{label} ({target})" if label else target

    return html.unescape(_TOKEN.sub(shown, mrkdwn))


def _said(text: Json | None, names: dict[str, str]) -> str:
    if not text:
        return ""
    return words_of_mrkdwn(text["text"], names) if text["type"] == "mrkdwn" else str(text["text"])


def element_words(element: Json, names: dict[str, str]) -> str:
    """One interactive element: [Label], [placeholder v], [...] for an overflow menu, or an input."""
    kind = element["type"]
    if kind == "button":
        return f"[{element['text']['text']}]"
    if kind == "overflow":
        return "[...]"
    if kind in ("checkboxes", "radio_buttons"):
        chosen = [option["value"] for option in element.get("initial_options", [])]
        chosen += [element["initial_option"]["value"]] if "initial_option" in element else []
        marks = ((option["value"] in chosen, _said(option["text"], names)) for option in element["options"])
        return " ".join(f"({'x' if is_chosen else ' '}) {label}" for is_chosen, label in marks)
    if kind.endswith("input"):
        return f"[{element.get('initial_value', '')}_]"
    chosen = element.get("initial_options") or ([element["initial_option"]] if "initial_option" in element else [])
    picked = [option["text"]["text"] for option in chosen] or _picked(element)
    label = ", ".join(names.get(one, one) for one in picked)
    return f"[{label or _said(element.get('placeholder'), names) or 'Select'} v]"


def _picked(element: Json) -> list[str]:
    """What stands in a picker, or in a menu of people or channels."""
    held = next((element[key] for key in element if key.startswith("initial_")), None)
    if element["type"] == "datetimepicker" and held is not None:
        return [f"{datetime.fromtimestamp(held, UTC):%Y-%m-%d %H:%M}"]
    return [str(one) for one in (held if isinstance(held, list) else [held]) if one is not None]


def _section(block: Json, names: dict[str, str]) -> Iterator[str]:
    yield _said(block.get("text"), names)
    for field in block.get("fields", ()):
        yield _said(field, names)
    if "accessory" in block:
        yield _element_or_image(block["accessory"], names)


def _element_or_image(element: Json, names: dict[str, str]) -> str:
    return f"(image: {element['alt_text']})" if element["type"] == "image" else element_words(element, names)


def _context(block: Json, names: dict[str, str]) -> Iterator[str]:
    for element in block["elements"]:
        yield _element_or_image(element, names) if element["type"] == "image" else _said(element, names)


def _input(block: Json, names: dict[str, str]) -> Iterator[str]:
    mark = " (optional)" if block.get("optional") else ""
    yield f"{block['label']['text']}{mark}: {element_words(block['element'], names)}"
    yield _said(block.get("hint"), names)


def _table(block: Json, names: dict[str, str]) -> Iterator[str]:
    for row in block["rows"]:
        yield " | ".join(_cell(cell, names) for cell in row)


def _cell(cell: Json, names: dict[str, str]) -> str:
    if cell["type"] == "rich_text":
        return " ".join(_rich_text(cell, names))
    return str(cell.get("text", cell.get("value", "")))


def _rich_text(block: Json, names: dict[str, str]) -> Iterator[str]:
    for part in block["elements"]:
        if part["type"] == "rich_text_list":
            for number, item in enumerate(part["elements"], 1):
                mark = f"{number}." if part["style"] == "ordered" else "•"
                yield f"{mark} {_inline(item, names)}"
        else:
            mark = "> " if part["type"] == "rich_text_quote" else ""
            yield mark + _inline(part, names)


def _inline(part: Json, names: dict[str, str]) -> str:
    return "".join(_inline_words(element, names) for element in part["elements"])


def _inline_words(element: Json, names: dict[str, str]) -> str:
    kind = element["type"]
    if kind == "user":
        return "@" + str(names.get(element["user_id"], element["user_id"]))
    if kind == "channel":
        return "#" + str(names.get(element["channel_id"], element["channel_id"]))
    if kind == "emoji":
        return f":{element['name']}:"
    if kind == "date":
        return str(element.get("fallback", element["timestamp"]))
    if kind == "link":
        return f"{element['text']} ({element['url']})" if element.get("text") else str(element["url"])
    return str(element.get("text") or element.get("range") or element.get("usergroup_id") or element.get("value"))


_LINES: dict[str, Callable[[Json, dict[str, str]], Iterator[Any]]] = {
    "section": _section,
    "context": _context,
    "input": _input,
    "table": _table,
    "data_table": _table,
    "rich_text": _rich_text,
    "actions": lambda block, names: iter([" ".join(element_words(one, names) for one in block["elements"])]),
    "header": lambda block, _names: iter([block["text"]["text"]]),
    "divider": lambda _block, _names: iter(["---"]),
    "image": lambda block, _names: iter([f"(image: {block['alt_text']})"]),
    "markdown": lambda block, _names: iter([block["text"]]),
    "alert": lambda block, names: iter([_said(block["text"], names)]),
    "data_visualization": lambda block, _names: iter([f"(chart: {block['title']})"]),
}


def block_lines(block: Json, names: dict[str, str]) -> Iterator[str]:
    """One block as lines; a block we cannot draw is named."""
    draw = _LINES.get(block["type"])
    return draw(block, names) if draw else iter([f"({block['type']})"])
