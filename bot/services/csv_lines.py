"""Lines of CSV that are safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Sequence

FORMULA = ("=", "+", "-", "@")
"""A cell that begins with one of these, after blanks of any kind, is a formula to a spreadsheet."""


def line(cells: Sequence[str]) -> str:
    """One line, ended."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def safe(text: str) -> str:
    """Names, tags and reasons are other people's words: to a spreadsheet none of them shall be a formula."""
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text
