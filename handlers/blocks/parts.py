"""The pieces every message is made of, cut to Slack's limits.

Limits: docs.slack.dev/reference/block-kit, as of 2026-11, with head-room where Slack counts after escaping.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from handlers.blocks.words import as_typed

Block = dict[str, Any]
SECTION_TEXT = 2_900
BUTTON_TEXT = 75
HEADER_TEXT = 150
MENU_OPTIONS = 100
MENU_VALUE = 150
FALLBACK_TEXT = 3_900


@dataclass(frozen=True, slots=True)
class Attached:
    """A file for whoever asked; it goes to their own messages with Valet."""

    name: str
    content: str


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in the fields of a form, by field: a text, an id, an option's value; several in boxes and menus."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def one(self, name: str) -> str:
        """What stands in this field; empty where nothing does."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> tuple[str, ...]:
        """All that is chosen in this field."""
        return self.values.get(name, ())


def filled(**values: str) -> Filled:
    """A form with these fields filled in; empty ones are left out."""
    return Filled({name: (value,) for name, value in values.items() if value})


@dataclass(frozen=True, slots=True)
class FormCall:
    """A form to be opened, with what is known already."""

    name: str
    given: Filled = field(default_factory=Filled)


@dataclass(frozen=True, slots=True)
class Reply:
    """Something to show: `text` alone makes sense in a notification and to a screen reader."""

    text: str
    blocks: list[Block] = field(default_factory=list)
    private: bool = True
    secret: bool = False
    """For nobody but whoever asked, even where they asked before everybody."""
    replace: bool = False
    """Take the place of the message whose button was pressed."""
    file: Attached | None = None
    form: FormCall | None = None
    """Opened instead, where Slack lets us: on a command or a press. Elsewhere the text asks, with a button to it."""
    view: Block | None = None
    """That form, drawn."""
    undone: bool = False
    """Nothing was done, and the blocks say what could be: a form that led to it stays open above them."""

    def __post_init__(self) -> None:
        """What holds for all that is shown: no block that says nothing, and no name in the text that becomes a link.

        Slack refuses a whole message for one such block.
        """
        object.__setattr__(self, "text", as_typed(self.text))
        object.__setattr__(self, "blocks", [block for block in self.blocks if _says_something(block)])


def undone(reply: Reply) -> Reply:
    """The reply, as one to something that was not done."""
    return replace(reply, undone=True)


def _says_something(block: Block) -> bool:
    """A section with words, or a row with something in it; whatever is neither is Slack's to judge."""
    match block["type"]:
        case "section":
            return bool(block.get("fields")) or bool(block["text"]["text"].strip())
        case "header":
            return bool(block["text"]["text"].strip())
        case "context":
            return any(each.get("text", " ").strip() or each["type"] == "image" for each in block["elements"])
        case "actions":
            return bool(block["elements"])
        case _:
            return True


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def cut_mrkdwn(text: str, limit: int) -> str:
    """As `cut`, but never within an entity, a mention or a date, which would then be shown as they are written."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    if kept.rfind("<") > kept.rfind(">"):
        kept = kept[: kept.rfind("<")]
    if kept.rfind("&") > kept.rfind(";"):
        kept = kept[: kept.rfind("&")]
    return kept + "…"


def section(text: str, accessory: Block | None = None) -> Block:
    """A paragraph of mrkdwn, with a button beside it."""
    block: Block = {
        "type": "section",
        "text": {"type": "mrkdwn", "text": cut_mrkdwn(text, SECTION_TEXT), "verbatim": True},
    }
    return block | ({"accessory": accessory} if accessory else {})


def header(text: str) -> Block:
    """A heading, plain text."""
    return {"type": "header", "text": {"type": "plain_text", "text": cut(text, HEADER_TEXT)}}


def context(text: str) -> Block:
    """Small print."""
    return {
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": cut_mrkdwn(text, SECTION_TEXT), "verbatim": True}],
    }


def divider() -> Block:
    """A line."""
    return {"type": "divider"}


def actions(*buttons: Block) -> Block:
    """A row of buttons."""
    return {"type": "actions", "elements": list(buttons)}


def button(
    label: str,
    action_id: str,
    value: str,
    *,
    style: Literal["primary", "danger"] | None = None,
    confirm: Block | None = None,
) -> Block:
    """A button; `value` is one of our ids."""
    made: Block = {
        "type": "button",
        "text": {"type": "plain_text", "text": cut(label, BUTTON_TEXT)},
        "action_id": action_id,
        "value": value,
    }
    return made | ({"style": style} if style else {}) | ({"confirm": confirm} if confirm else {})


def menu(action_id: str, options: Sequence[tuple[str, str]], *, chosen: str = "", placeholder: str = "") -> Block:
    """A menu of labels with their values, of which Slack takes 100; it acts as soon as somebody chooses."""
    offered = [
        {"text": {"type": "plain_text", "text": cut(label, BUTTON_TEXT)}, "value": value}
        for label, value in options[:MENU_OPTIONS]
        if 0 < len(value) <= MENU_VALUE
    ]
    made: Block = {"type": "static_select", "action_id": action_id, "options": offered}
    made |= {"placeholder": {"type": "plain_text", "text": cut(placeholder, 150)}} if placeholder else {}
    first = next((each for each in offered if each["value"] == chosen), None)
    return made | ({"initial_option": first} if first else {})


def confirm(title: str, text: str, *, yes: str, no: str) -> Block:
    """A question before a button counts."""
    return {
        "title": {"type": "plain_text", "text": cut(title, 100)},
        "text": {"type": "mrkdwn", "text": cut_mrkdwn(text, 290), "verbatim": True},
        "confirm": {"type": "plain_text", "text": cut(yes, 30)},
        "deny": {"type": "plain_text", "text": cut(no, 30)},
        "style": "danger",
    }


def handed_over(name: str, content: str, *more: str) -> Reply:
    """Told to whoever pressed [As CSV], beside the file; `more` is what the file itself can't say."""
    said = " ".join([f"{name} is in your messages with Valet.", *more])
    return Reply(said, [section(said)], file=Attached(name, content))


def beside(answers: Sequence[Reply]) -> Reply:
    """Several answers in one message."""
    blocks = [block for each in answers for block in [*each.blocks, divider()]][:-1]
    return Reply(cut(" ".join(each.text for each in answers), 3_900), blocks)


def plainly(text: str, *buttons: Block, private: bool = True) -> Reply:
    """A sentence, perhaps with buttons under it."""
    blocks = [section(text), *([actions(*buttons)] if buttons else [])]
    return Reply(cut_mrkdwn(text, FALLBACK_TEXT), blocks, private=private)


def headline(reply: Reply) -> str:
    """What an answer says first: its conclusion, without the marks of bold."""
    first = next((block["text"]["text"] for block in reply.blocks if block["type"] == "section"), reply.text)
    return str(first).split("\n")[0].strip("*")


def size(value: object) -> int:
    """Characters of text in blocks, as Slack counts them for its limit on the whole."""
    if isinstance(value, list):
        return sum(size(item) for item in value)
    if not isinstance(value, dict):
        return 0
    own = value.get("text")
    return (len(own) if isinstance(own, str) else 0) + sum(size(item) for item in value.values())


def fitting(groups: Sequence[list[Block]], most_text: int) -> tuple[list[Block], int]:
    """As many of the groups of blocks, from the first on, as fit; and how many were left out."""
    blocks: list[Block] = []
    room = most_text
    for number, group in enumerate(groups):
        room -= size(group)
        if room < 0:
            return blocks, len(groups) - number
        blocks += group
    return blocks, 0


def lines(rows: Sequence[str]) -> str:
    """Rows under each other."""
    return "\n".join(row for row in rows if row)
