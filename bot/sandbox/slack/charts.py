"""The rules for blocks that hold figures: tables and charts."""

import math
from collections.abc import Mapping
from typing import Any

from bot.sandbox.slack import limits
from bot.sandbox.slack.elements import RICH_TEXT_PARTS
from bot.sandbox.slack.shapes import (
    ShapeCheck,
    anything,
    complain,
    flag,
    items,
    number_within,
    object_of,
    one_of,
    one_of_types,
    text,
)

_LABEL = text(limits.CHART_LABEL)


def _finite(value: Any, pointer: str, problems: list[str]) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        complain(problems, pointer, "must provide a number")


def _positive(value: Any, pointer: str, problems: list[str]) -> None:
    _finite(value, pointer, problems)
    if isinstance(value, int | float) and value <= 0:
        complain(problems, pointer, "must be greater than 0")


_POINT = object_of({"label": _LABEL, "value": _finite}, ("label", "value"))
_SERIES = object_of({"name": _LABEL, "data": items(_POINT, 1, limits.SLACK_CHART_POINTS)}, ("name", "data"))
_AXES = object_of(
    {
        "categories": items(_LABEL, 1, limits.SLACK_CHART_POINTS),
        "x_label": text(limits.AXIS_LABEL),
        "y_label": text(limits.AXIS_LABEL),
    },
    ("categories",),
)
_PIE = object_of(
    {
        "type": anything,
        "segments": items(object_of({"label": _LABEL, "value": _positive}, ("label", "value")), 1, limits.CHART_SERIES),
    },
    ("segments",),
)


def _axes_chart(value: Any, pointer: str, problems: list[str]) -> None:
    fields: dict[str, ShapeCheck] = {
        "type": anything,
        "axis_config": _AXES,
        "series": items(_SERIES, 1, limits.CHART_SERIES),
    }
    before = len(problems)
    object_of(fields, ("series", "axis_config"))(value, pointer, problems)
    if len(problems) > before:
        return
    categories = value["axis_config"]["categories"]
    names = [series["name"] for series in value["series"]]
    if len(set(categories)) != len(categories):
        complain(problems, f"{pointer}/axis_config/categories", "categories must be unique")
    if len(set(names)) != len(names):
        complain(problems, f"{pointer}/series", "series names must be unique")
    for index, series in enumerate(value["series"]):
        if sorted(point["label"] for point in series["data"]) != sorted(categories):
            complain(problems, f"{pointer}/series/{index}/data", "must have exactly one point for each category")


DATA_VISUALIZATION: dict[str, ShapeCheck] = {
    "title": text(limits.CHART_TITLE),
    "chart": one_of_types({"bar": _axes_chart, "line": _axes_chart, "area": _axes_chart, "pie": _PIE}, "chart type"),
}

_CELL = one_of_types(
    {
        "raw_text": object_of({"type": anything, "text": text(limits.TABLE_CHARACTERS)}, ("text",)),
        "raw_number": object_of({"type": anything, "value": _finite, "text": text(100)}, ("value",)),
        "rich_text": object_of(
            {"type": anything, "block_id": text(limits.ID), "elements": items(RICH_TEXT_PARTS, 1, 100)}, ("elements",)
        ),
    },
    "cell type",
)
_COLUMN = object_of({"align": one_of("left", "center", "right"), "is_wrapped": flag})


def table_shape(block: Mapping[str, ShapeCheck]) -> ShapeCheck:
    """The check of a table block, given the fields all blocks share."""
    fields: dict[str, ShapeCheck] = {
        **block,
        "rows": items(items(_CELL, 1, limits.TABLE_CELLS), 1, limits.TABLE_ROWS),
        "column_settings": items(_nullable_column, 0, limits.TABLE_CELLS),
    }
    check_shape = object_of(fields, ("rows",))

    def check(value: Any, pointer: str, problems: list[str]) -> None:
        check_shape(value, pointer, problems)
        _few_characters(value.get("rows"), pointer, problems)

    return check


def data_table_shape(block: Mapping[str, ShapeCheck]) -> ShapeCheck:
    """The check of a data_table block: a head without rich text, and rows of as many cells."""
    fields: dict[str, ShapeCheck] = {
        **block,
        "caption": text(limits.SECTION_LIMIT),
        "page_size": number_within(1, limits.DATA_TABLE_PAGE),
        "row_header_column_index": number_within(0, limits.TABLE_CELLS - 1),
        "rows": items(items(_CELL, 1, limits.TABLE_CELLS), 2, limits.DATA_TABLE_ROWS),
    }
    check_shape = object_of(fields, ("rows", "caption"))

    def check(value: Any, pointer: str, problems: list[str]) -> None:
        before = len(problems)
        check_shape(value, pointer, problems)
        if len(problems) > before:
            return
        rows = value["rows"]
        for index, row in enumerate(rows):
            if len(row) != len(rows[0]):
                complain(problems, f"{pointer}/rows/{index}", "must have as many cells as the first row")
        for index, cell in enumerate(rows[0]):
            if cell["type"] == "rich_text":
                complain(problems, f"{pointer}/rows/0/{index}/type", "unsupported cell type in a header: rich_text")
        if value.get("row_header_column_index", 0) >= len(rows[0]):
            complain(problems, f"{pointer}/row_header_column_index", "must be the index of a column")
        _few_characters(rows, pointer, problems)

    return check


def _few_characters(rows: object, pointer: str, problems: list[str]) -> None:
    if cell_characters(rows) > limits.TABLE_CHARACTERS:
        most = limits.TABLE_CHARACTERS + 1
        complain(problems, f"{pointer}/rows", f"must be less than {most} characters over all cells")


def _nullable_column(value: Any, pointer: str, problems: list[str]) -> None:
    # null skips a column, as in Slack's own example.
    if value is not None:
        _COLUMN(value, pointer, problems)


def cell_characters(value: object) -> int:
    """The characters over all cells of a table."""
    if isinstance(value, list):
        return sum(map(cell_characters, value))
    if not isinstance(value, dict):
        return 0
    own = value.get("text")
    return (len(own) if isinstance(own, str) else 0) + cell_characters(value.get("elements"))
