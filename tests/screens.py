"""How much of a phone an answer takes: its lines, wrapped as a phone wraps them, by one rule for every kind of block.

- Text is wrapped at 40 characters a line, as it is shown: names for mentions, the fallback of a date, an emoji as two
  characters, no marks of bold or code.
- Buttons and menus stand beside each other in their brackets, and go on in the next line.
- A table takes a line for each row, one for its head and one for its caption: a phone does not wrap its cells, people
  move it sideways. Rows of a `data_table` beyond its page are not counted.
- A chart or a picture takes eight lines.
"""

import re
import textwrap
from typing import Any

from bot.sandbox.slack.show import text_of_blocks, words_of_mrkdwn
from handlers.blocks.parts import Block, Reply

PHONE_WIDTH = 40
"""Characters in a line of a phone."""
ONE_SCREEN = 20
"""Lines that a phone shows at once: what the commonest answers may take."""
PICTURE = 8
_NAMES = {"U0ADA0001": "Ada", "U0BOB0001": "Bob", "U0CY00001": "Cy"}
_EMOJI = re.compile(r":[a-z0-9_+-]+:")
_MARKS = re.compile(r"[*`]")


def lines_on_phone(seen: str | Reply | list[Block], width: int = PHONE_WIDTH) -> int:
    """Lines that a person sees of an answer: of a reply or blocks, or as the sandbox shows it as text.

    Text alone does not tell a table from sentences: prefer blocks for an answer that has one.
    """
    if isinstance(seen, str):
        return sum(len(_wrapped(line, width)) for line in seen.splitlines())
    if isinstance(seen, Reply):
        return lines_on_phone(seen.blocks or words_of_mrkdwn(seen.text, _NAMES), width)
    return sum(_block_lines(block, width) for block in seen)


def words_on_screen(shown: Reply | list[Block]) -> int:
    """The words of an answer, those of its buttons and tables included."""
    texts = _texts(shown.blocks if isinstance(shown, Reply) else shown)
    return sum(len(re.findall(r"\w[\w.,$%/'-]*", words_of_mrkdwn(text, _NAMES))) for text in texts)


def _block_lines(block: Block, width: int) -> int:
    kind = block["type"]
    if kind in {"table", "data_table"}:
        rows = len(block["rows"]) - 1
        return 1 + min(rows, block.get("page_size", rows)) + ("caption" in block)
    if kind in {"data_visualization", "image"}:
        return PICTURE
    return lines_on_phone(text_of_blocks([block], _NAMES), width)


def _wrapped(line: str, width: int) -> list[str]:
    """One line as a phone breaks it: an emoji is two characters wide, a mark of bold or code none."""
    plain = _MARKS.sub("", _EMOJI.sub("oo", line))
    whole_buttons = re.sub(r"\[[^\[\]]*\]", lambda found: found[0].replace(" ", "\u00a0"), plain)
    return textwrap.wrap(whole_buttons, width, break_on_hyphens=False) or [""]


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    if not isinstance(value, dict):
        return []
    own = value.get("text")
    rest = [held for key, held in value.items() if key not in ("options", "option_groups", "confirm")]
    return [*([own] if isinstance(own, str) else []), *_texts(rest)]
