"""Lines of CSV that are safe to open in a spreadsheet."""

import csv
import io
import re
from collections.abc import Sequence

FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A cell that begins with one of these, full-width ones included, after blanks of any kind, is a formula."""
_NEXT_CELL = re.compile(rf"(?<=[,;|\t\r\n])(?=\s*[{re.escape(''.join(FORMULA))}])")
"""Where a spreadsheet that separates by something else, as half of Europe does by semicolons, sees another cell begin.
Source: OWASP, CSV Injection."""


def csv_line(cells: Sequence[str]) -> str:
    """One line, ended; every cell is quoted, so that none is taken apart."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(cells)
    return text.getvalue()


def safe(text: str) -> str:
    """Names, tags and reasons are other people's words: to a spreadsheet none of them shall be a formula."""
    blanks = len(text) - len(text.lstrip())
    words = _NEXT_CELL.sub("'", text[blanks:])
    return f"'{text[:blanks]}{words}" if words.startswith(FORMULA) else text[:blanks] + words
