"""Tables, built once as Slack's newest: a Slack that does not take it gets the older one, or rows of text.

Cells are mrkdwn like everything else here, escaped by whoever writes them: dates, people and emoji in them are kept.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.domain.money.rates import MICROS_PER_USD
from handlers.blocks.parts import FALLBACK_TEXT, Block, context, cut, lines, section
from handlers.blocks.words import as_inert, roughly

NOTHING = "-"
"""Slack refuses a cell without text."""
CELL_TEXT = 120
_TOKEN = re.compile(r"<!date\^(\d+)\^([^|>]*)\|([^>]*)>|<@([UW][A-Z0-9]+)>|(?<!\S):([a-z0-9_+-]+):(?!\S)")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in a column that Slack aligns and sorts by its value."""

    value: float
    text: str


Cell = str | Figure


def usd_figure(micros: int, *, exact: bool = True, unit: str = "") -> Figure:
    """An amount: cents below $100, whole dollars from there on; "~" before it where its rate is not exact."""
    return Figure(micros / MICROS_PER_USD, f"{'' if exact else '~'}{roughly(micros)}{unit}")


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[Cell]], *, page: int | None = None) -> list[Block]:
    """A table with its caption, its first column naming the rows; nothing without rows.

    It shows `page` rows at once, or all of them. A message holds one table, of 100 rows at most
    (`only_one_table_allowed`).
    """
    if not rows:
        return []
    return [
        {
            "type": "data_table",
            "caption": cut(caption, 140),
            "page_size": max(1, min(len(rows), page or 100, 100)),
            "row_header_column_index": 0,
            "rows": [[_raw(each) for each in head], *([_cell(each) for each in row] for row in rows)],
        }
    ]


def as_older_table(block: Block) -> list[Block]:
    """A data_table as the older table, under its caption; any other block as it is."""
    if block["type"] != "data_table":
        return [block]
    aligned = [{"align": "right" if is_figures else "left"} for is_figures in _figures(block)]
    shown = [[_raw(each["text"]) if each["type"] == "raw_number" else each for each in row] for row in block["rows"]]
    return [context(as_inert(block["caption"])), {"type": "table", "rows": shown, "column_settings": aligned}]


def as_rows(block: Block) -> list[Block]:
    """A table of either kind as a line of text a row; any other block as it is."""
    if block["type"] not in {"data_table", "table"}:
        return [block]
    head, *rows = block["rows"]
    titles = [_mrkdwn(each) if is_figures else "" for each, is_figures in zip(head, _figures(block), strict=True)]
    said = [_row(titles, row) for row in rows]
    caption = [context(as_inert(block["caption"]))] if "caption" in block else []
    return [*caption, *(section(lines(some)) for some in _in_sections(said))]


def _row(titles: Sequence[str], row: Sequence[Block]) -> str:
    """The name in bold, then every cell that says something; figures after what they are of."""
    rest = [
        f"{title} {_mrkdwn(cell)}".lstrip()
        for title, cell in zip(titles[1:], row[1:], strict=True)
        if _mrkdwn(cell) != NOTHING
    ]
    return "  ·  ".join([f"*{_mrkdwn(row[0])}*", *rest])


def _in_sections(said: Sequence[str]) -> Iterator[list[str]]:
    """Rows as they fit into one section each."""
    some: list[str] = []
    for row in said:
        if some and sum(map(len, some)) + len(row) > FALLBACK_TEXT // 2:
            yield some
            some = []
        some.append(row)
    if some:
        yield some


def _figures(block: Block) -> list[bool]:
    """Of each column of a table of either kind, whether it holds numbers."""
    head, *rows = block["rows"]
    if "column_settings" in block:
        return [each["align"] == "right" for each in block["column_settings"]]
    return [_is_figures([row[at] for row in rows]) for at in range(len(head))]


def _is_figures(column: Sequence[Block]) -> bool:
    """Whether a column holds numbers, and nothing where there is none."""
    numbers = [each["type"] == "raw_number" for each in column]
    return any(numbers) and all(
        is_number or each.get("text") == NOTHING for is_number, each in zip(numbers, column, strict=True)
    )


def _cell(content: Cell) -> Block:
    if isinstance(content, Figure):
        return {"type": "raw_number", "value": content.value, "text": content.text}
    if not _TOKEN.search(content):
        return _raw(content)
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(_inline(content))}]}


def _raw(text: str) -> Block:
    return {"type": "raw_text", "text": cut(html.unescape(text).strip(), CELL_TEXT) or NOTHING}


def _inline(mrkdwn: str) -> Iterator[Block]:
    """The parts of a cell: what Slack's markup says by marks, rich text says by elements."""
    last = 0
    for token in _TOKEN.finditer(mrkdwn):
        if token.start() > last:
            yield {"type": "text", "text": html.unescape(mrkdwn[last : token.start()])}
        last = token.end()
        instant, shape, fallback, person, emoji = token.groups()
        if instant:
            yield {"type": "date", "timestamp": int(instant), "format": shape, "fallback": fallback}
        elif person:
            yield {"type": "user", "user_id": person}
        else:
            yield {"type": "emoji", "name": emoji}
    if last < len(mrkdwn):
        yield {"type": "text", "text": html.unescape(mrkdwn[last:])}


def _mrkdwn(cell: Block) -> str:
    """A cell as mrkdwn again."""
    if cell["type"] != "rich_text":
        return as_inert(cell["text"])
    return "".join(_marked(each) for part in cell["elements"] for each in part["elements"])


def _marked(element: Block) -> str:
    match element["type"]:
        case "date":
            return f"<!date^{element['timestamp']}^{element['format']}|{element['fallback']}>"
        case "user":
            return f"<@{element['user_id']}>"
        case "emoji":
            return f":{element['name']}:"
        case _:
            return as_inert(element["text"])
