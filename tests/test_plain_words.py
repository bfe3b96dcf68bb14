"""What the product no longer says: every text of it is read, in the code and in the docs."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
READ = ("handlers", "bot/services", "bot/domain", "bot/commands", "bot/providers", "bot/doctor", "bot/settings")
FILES = ("bot/errors.py", "bot/cli.py", "bot/demo.py")
OF_CODE = {"architecture.md", "contributing.md"}
"""Pages that speak of the code in its own words."""
DATES = {"at", "near", "when", "ends"}
"""Functions that write a day with its time: "today 11:14"."""

GONE = {
    r"\bat \{date\}": 'day_at(...) after a verb ("asked today at 09:14"), or "until today 11:14"',
    r"\btold of\b": "said, heard, known",
    r"(?<!`)\byeses\b": "approvals",
    r"\blapse": "end",
    r"\bsays? yes\b": "approve",
    r"\bis no more\b": "is gone",
    r"\blikewise\b": "in the same way, too",
    "as worth today": "present value",
    r"\bhas the rest\b": "shows more",
    r"\bno process\b": "no programs",
    r"\bquiet minutes\b": "minutes without work",
    r"in part, wasting": "partly idle, wasting",
    "fallen into abeyance": "ended",
    "hereby": "",
    "in order to": "to",
    "notwithstanding": "although",
    "prior to": "before",
    "thereof": "of it",
    "thereupon": "then",
    "utilize": "use",
}
"""What is said nowhere any more, as a regular expression without regard to case, and what is said instead."""


@pytest.mark.parametrize("phrase", GONE)
def test_what_is_said_no_more_stays_away(phrase):
    assert said(phrase) == [], f"say instead: {GONE[phrase] or 'nothing'}"


def test_texts_are_read_with_their_dates_and_without_docstrings():
    source = 'def f():\n    """Lapses."""\n    return f"asked {who} at {at(x)}: {n:,} yes" "es"\n'

    assert [text for _, text in texts_in(source)] == ["asked {} at {date}: {} yeses"]


def said(phrase: str) -> list[str]:
    """Where a phrase is said: file, line and text."""
    pattern = re.compile(phrase, re.IGNORECASE)
    return [f"{where}: {text.strip()[:160]}" for where, text in everything() if pattern.search(text)]


@cache
def everything() -> list[tuple[str, str]]:
    """Every text of the product with its place."""
    files = [path for part in READ for path in sorted((ROOT / part).rglob("*.py"))] + [ROOT / each for each in FILES]
    code = [
        (f"{path.relative_to(ROOT)}:{line}", text) for path in files for line, text in texts_in(path.read_text("utf-8"))
    ]
    pages = [ROOT / "README.md", *(page for page in sorted((ROOT / "docs").glob("*.md")) if page.name not in OF_CODE)]
    lines = [
        (f"{path.relative_to(ROOT)}:{number}", line)
        for path in pages
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
    ]
    return code + lines


def texts_in(source: str) -> Iterator[tuple[int, str]]:
    """The texts of a module that people may read, each with its line: no docstrings; "{}" stands for what is put in."""
    tree = ast.parse(source)
    unread: set[int] = set()
    for node in ast.walk(tree):
        if id(node) in unread:
            unread |= {id(child) for child in ast.iter_child_nodes(node)}
            continue
        match node:
            case ast.Expr(value=ast.Constant(value=str()) as doc):
                unread.add(id(doc))
            case ast.JoinedStr(values=values):
                unread |= {id(each) for each in values if isinstance(each, ast.Constant)}
                unread |= {id(each.format_spec) for each in values if isinstance(each, ast.FormattedValue)}
                yield node.lineno, "".join(_piece(each) for each in values)
            case ast.Constant(value=str() as text) if " " in text.strip():
                yield node.lineno, text


def _piece(part: ast.expr) -> str:
    match part:
        case ast.Constant(value=str() as text):
            return text
        case ast.FormattedValue(value=ast.Call(func=ast.Name(id=name))) if name in DATES:
            return "{date}"
        case _:
            return "{}"
